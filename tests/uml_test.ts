/** The main paths under another kernel, with each layout of cgroups. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { command, Container, idOf, rootTest } from "./container.ts";
import { DAVIT, REPO } from "./davit.ts";
import { KINDS, shell } from "./hooks.ts";
import { umlMissing, underUml } from "./uml.ts";

const missing = DAVIT.endsWith("scripts/davit")
  ? "the compiled binary"
  : umlMissing();

for (const layout of ["v1", "hybrid", "v2"] as const) {
  rootTest(`under User-Mode Linux with cgroup ${layout}`, async () => {
    await using one = new Container(
      command(["echo", "hello from inside"], (config) => {
        // Copies of one file system, and what older kernels have of the rest.
        config.linux["maskedPaths"] = ["/home", "/tmp", "/root", "/proc/kcore"];
        config.mounts.push(
          { destination: "/new/t", type: "tmpfs", options: ["tmpcopyup"] },
          {
            destination: "/new/b",
            source: "/proc/sys",
            options: ["rbind", "rro", "rnosymfollow", "rprivate"],
          },
          { destination: "/new/t", options: ["remount", "size=64k", "rro"] },
        );
      }),
    );
    await using two = new Container(command(["sleep", "1000"], (config) => {
      config.linux.cgroupsPath = `/${idOf(config)}`;
      config.linux.namespaces = [
        ...config.linux.namespaces.filter(({ type }) => type !== "cgroup"),
        { type: "cgroup" },
      ];
      config.linux.resources = {
        memory: { limit: 64 << 20 },
        cpu: { shares: 512, quota: 50_000, period: 200_000 },
        pids: { limit: 25 },
      };
      config["hooks"] = Object.fromEntries(KINDS.map((kind) => {
        const note = `grep -q ociVersion && echo ${kind} >>/run/hooks`;
        const look = "grep -q ociVersion && test -c /dev/null";
        return [kind, [shell(kind === "startContainer" ? look : note)]];
      }));
    }));
    await using three = new Container(command(["sleep", "1000"], (config) => {
      config.linux.cgroupsPath = `/${idOf(config)}`;
      config.linux.uidMappings = config.linux.gidMappings = [
        { containerID: 0, hostID: 100_000, size: 65536 },
      ];
      config.linux.namespaces = [
        ...config.linux.namespaces.filter(({ type }) => type !== "cgroup"),
        { type: "user" },
        { type: "cgroup" },
      ];
    }));
    const { code, stdout, stderr } = await underUml(layout, [
      "sh",
      join(REPO, "tests/uml_life_cycle.sh"),
      layout,
      DAVIT,
      one.bundle,
      two.bundle,
      two.id,
      three.bundle,
      three.id,
    ]);
    assertEquals(
      { code, last: stdout.trimEnd().split("\n").at(-1)?.trim() },
      { code: 0, last: "all as expected" },
      `${stdout}\n${stderr}`,
    );
  }, { missing });
}
