import { assertEquals } from "@std/assert";
import { lowerSysctls, sysctlPath, sysctlProblems } from "./sysctl.ts";

Deno.test("sysctlPath() takes names as sysctl(8) does", () => {
  assertEquals(sysctlPath("net.ipv4.ip_forward"), "net/ipv4/ip_forward");
  assertEquals(sysctlPath("net/ipv4/ip_forward"), "net/ipv4/ip_forward");
  assertEquals(
    sysctlPath("net.ipv4.conf.eth0/1.forwarding"),
    "net/ipv4/conf/eth0.1/forwarding",
  );
  assertEquals(sysctlPath("net/ipv4/conf/eth0.1/x"), "net/ipv4/conf/eth0.1/x");
  for (const bad of ["", ".", "net..x", "net/../kernel/x", "/net/x", "net."]) {
    assertEquals(sysctlPath(bad), undefined, bad);
  }
  assertEquals(sysctlPath("net.//.kernel.x"), undefined);
});

/** The words of the problems of one parameter. */
function problems(name: string, ...namespaces: string[]): string[] {
  return sysctlProblems({ [name]: "1" }, new Set(namespaces))
    .map(({ message }) => message.split(":")[0]!);
}

const HOST = "is not in a separate kernel namespace";

Deno.test("sysctlProblems() takes what a namespace of its own has", () => {
  assertEquals(problems("net.core.somaxconn", "network"), []);
  assertEquals(problems("kernel.shm_rmid_forced", "ipc"), []);
  assertEquals(problems("fs.mqueue.msg_max", "ipc"), []);
  assertEquals(problems("kernel.domainname", "uts"), []);
});

Deno.test("sysctlProblems() refuses what is the host's", () => {
  const needs = (kind: string) =>
    `needs ${kind} namespace of the container's own in linux.namespaces`;
  assertEquals(problems("net.core.somaxconn", "ipc"), [needs("a network")]);
  assertEquals(problems("kernel.sem"), [needs("an IPC")]);
  assertEquals(problems("kernel.domainname"), [needs("a UTS")]);
  assertEquals(problems("kernel.hostname", "uts"), [
    "conflicts with hostname",
  ]);
  for (const name of ["vm.swappiness", "kernel.sem.x", "kernel.core_pattern"]) {
    assertEquals(problems(name, "network", "ipc", "uts"), [HOST], name);
  }
  assertEquals(problems("net/../kernel/core_pattern", "network").length, 1);
});

Deno.test("lowerSysctls() gives paths and pointers", () => {
  assertEquals(lowerSysctls({ "net/a.b/c": "1" }), [{
    name: "net/a.b/c",
    path: "net/a.b/c",
    value: "1",
    pointer: "/linux/sysctl/net~1a.b~1c",
  }]);
  assertEquals(lowerSysctls(), []);
});
