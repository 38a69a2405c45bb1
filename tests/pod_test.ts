/** Containers that share the namespaces of a pod's sandbox. */
import { assertEquals } from "@std/assert";
import type { Config } from "./config.ts";
import { change, Container, rootTest, script } from "./container.ts";
import { assertSuccess } from "./davit.ts";

const FILES: Readonly<Record<string, string>> = {
  network: "net",
  ipc: "ipc",
  uts: "uts",
  pid: "pid",
  user: "user",
};

const MAPPED = [{ containerID: 0, hostID: 100_000, size: 65_536 }];

function annotate(config: Config, type: string, sandbox: string): void {
  config.annotations = {
    "io.kubernetes.cri-o.ContainerType": type,
    "io.kubernetes.cri-o.SandboxID": sandbox,
  };
}

/** Has a container join namespaces of the sandbox's first process. */
function join(config: Config, shared: readonly string[], pid: number): void {
  config.linux.namespaces = config.linux.namespaces.map((namespace) =>
    shared.includes(namespace.type)
      ? { ...namespace, path: `/proc/${pid}/ns/${FILES[namespace.type]}` }
      : namespace
  );
  if (shared.includes("user")) {
    const path = `/proc/${pid}/ns/user`;
    config.linux.namespaces.push({ type: "user", path });
  }
  Reflect.deleteProperty(config, "hostname");
}

const LOOK = "hostname; ls /dev/mqueue; readlink /proc/self/ns/net; " +
  "ifconfig lo | grep -c UP; readlink /proc/self/ns/pid";

for (
  const shared of [
    ["network", "ipc", "uts"],
    ["network", "ipc", "uts", "pid"],
    ["network", "ipc", "uts", "user"],
  ]
) {
  rootTest(`a pod shares ${shared.join(", ")}`, async () => {
    await using sandbox = new Container(
      script("touch /dev/mqueue/of-the-pod; sleep 100", (config) => {
        config.hostname = "the-pod";
        annotate(config, "sandbox", "the-sandbox");
        if (!shared.includes("user")) return;
        config.linux.namespaces.push({ type: "user" });
        config.linux.uidMappings = config.linux.gidMappings = MAPPED;
      }),
    );
    change(sandbox, (config) => annotate(config, "sandbox", sandbox.id));
    assertSuccess(await sandbox.run(["--detach"]));
    const { pid } = await sandbox.state();
    const net = Deno.readLinkSync(`/proc/${pid}/ns/net`);
    await using first = new Container(script(LOOK));
    await using second = new Container(script(LOOK));
    const tree = Deno.readLinkSync(`/proc/${pid}/ns/pid`);
    for (const container of [first, second]) {
      change(container, (config) => {
        annotate(config, "container", sandbox.id);
        join(config, shared, pid);
      });
      const { stdout } = assertSuccess(await container.run());
      const [host, queue, namespace, up, processes] = stdout.trim().split("\n");
      assertEquals([host, queue], ["the-pod", "of-the-pod"]);
      assertEquals([namespace, up], [net, "1"]);
      assertEquals(processes === tree, shared.includes("pid"));
      assertEquals(container.leftovers(), []);
    }
    // Its namespaces outlive a sandbox that is deleted first.
    change(second, (config) => config.process.args = ["sleep", "100"]);
    assertSuccess(await second.run(["--detach"]));
    assertSuccess(await sandbox.davit(["delete", "--force", sandbox.id]));
    const kept = shared.includes("pid") ? "stopped" : "running";
    assertEquals((await second.state()).status, kept);
    assertSuccess(await second.davit(["delete", "--force", second.id]));
    assertEquals(second.leftovers(), []);
    assertEquals(sandbox.leftovers(), []);
  });
}
