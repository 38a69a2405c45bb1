/** Kernel parameters, seen from inside and on the host. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import { command, containerTest, script } from "./container.ts";
import { readIfThere, run } from "./davit.ts";
import { sees } from "./inside.ts";

const sysctl = (values: Record<string, string>): Patch => (config) => {
  config.linux.sysctl = values;
};

const read = (...names: string[]) =>
  `cd /proc/sys && cat ${names.join(" ")} | tr '\\t' ' '`;

sees(
  "parameters of its namespaces",
  read("net/ipv4/ip_forward", "kernel/shm_rmid_forced", "kernel/sem"),
  "1\n1\n10 20 30 40",
  sysctl({
    "net.ipv4.ip_forward": "1",
    "kernel/shm_rmid_forced": "1",
    "kernel.sem": "10 20 30 40",
  }),
);
sees(
  "parameters of mqueue and of an interface",
  read("fs/mqueue/msg_max", "net/ipv4/conf/lo/forwarding"),
  "7\n1",
  sysctl({
    "fs.mqueue.msg_max": "7",
    "net.ipv4.conf.lo.forwarding": "1",
  }),
);

const FORWARD = "/proc/sys/net/ipv4/ip_forward";

containerTest(
  "a parameter stays the container's own",
  command(["true"], sysctl({ "net.ipv4.ip_forward": "1" })),
  async (container) => {
    const before = readIfThere(FORWARD);
    assertEquals((await container.run()).code, 0);
    assertEquals(readIfThere(FORWARD), before);
  },
);

for (
  const [what, values, message] of [
    ["of the host", { "kernel.core_pattern": "|/x" }, /separate kernel names/],
    ["with a way out", { "net/../kernel/core_pattern": "|/x" }, /no name of/],
    [
      "that the kernel does not know",
      { "net.no_such": "1" },
      /set the sysctl net\.no_such to "1" .*: No such file or directory/,
    ],
    [
      "with a value that the kernel refuses",
      { "net.ipv4.ip_forward": "many" },
      /set the sysctl net\.ipv4\.ip_forward to "many" .*: Invalid argument/,
    ],
  ] as const
) {
  containerTest(
    `run refuses a parameter ${what}`,
    command(["true"], sysctl(values)),
    async (container) => {
      const { code, stderr } = await container.run();
      assertEquals(code, 1);
      assertMatch(stderr, message);
    },
  );
}

containerTest(
  "run refuses a parameter of a namespace that is the host's",
  command(["true"], (config) => {
    sysctl({ "net.ipv4.ip_forward": "1" })(config);
    for (const namespace of config.linux.namespaces!) {
      if (namespace.type === "network") {
        namespace.path = `/proc/${Deno.pid}/ns/net`;
      }
    }
  }),
  async (container) => {
    const { code, stderr } = await container.run();
    assertEquals(code, 1);
    assertMatch(stderr, /needs a network namespace of the container's own/);
  },
);

/** The default configuration without one kind of namespace. */
const without = (type: string): Patch => ({ linux }) => {
  linux.namespaces = linux.namespaces.filter((entry) => entry.type !== type);
};

for (
  const [name, value, patch] of [
    ["net/ipv4/ip_forward", "1", undefined],
    ["net.ipv4.ip_forward", "", undefined],
    ["net.ipv4.ip_local_port_range", "1024\t2000\n", undefined],
    ["net.ipv4", "1", undefined],
    ["net.ipv4.tcp_available_congestion_control", "x", undefined],
    ["net.ipv4.ip_forward", "1", without("network")],
    ["fs.mqueue.msg_max", "5", without("ipc")],
    ["kernel.domainname", "x", undefined],
    ["kernel.domainname", "x", without("uts")],
    ["kernel.hostname", "x", undefined],
    ["kernel.msgmax", "9000", undefined],
    ["kernel.msg_next_id", "5", undefined],
    ["kernel.ns_last_pid", "5", undefined],
    ["vm.swappiness", "1", undefined],
  ] as const
) {
  const place = patch ? ", in the host's namespace" : "";
  const read = `cat "/proc/sys/${name.replaceAll(".", "/")}" 2>&1`;
  containerTest(
    `${name} ${JSON.stringify(value)} is taken or refused as by runc${place}`,
    script(read, (config) => {
      sysctl({ [name]: value })(config);
      patch?.(config);
      if (patch && name.startsWith("kernel.")) config.hostname = "";
    }),
    async (c) => {
      const ours = await c.run();
      const root = `${c.folder}/runc`;
      const runc = ["runc", "--root", root];
      const theirs = await run([...runc, "run", "-b", c.bundle, c.id]);
      await run([...runc, "delete", "--force", c.id]);
      assertEquals([ours.code, ours.stdout], [theirs.code, theirs.stdout]);
    },
    { programs: ["runc"] },
  );
}
