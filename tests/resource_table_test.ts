/**
 * The table of resources on this host and under another kernel, with cgroup v1
 * and with v2, beside runc and crun.
 *
 * @module
 */

import { readConfig } from "./bundle.ts";
import { Container, onPath, rootTest } from "./container.ts";
import { assertSuccess, DAVIT, readIfThere, REPO, run } from "./davit.ts";
import { umlMissing, underUml } from "./uml.ts";
import type { Disk, ResourceCase } from "./resource_case.ts";
import { resourceCases } from "./resource_cases.ts";
import { checkTable, type Peer, writeCases } from "./resource_table.ts";

const PEERS = ["runc", "crun"].filter(onPath) as Peer[];

/** Whether something that a path with `*` stands for is there. */
function exists(pattern: string): boolean {
  const parts = pattern.split("/");
  const name = new RegExp(`^${parts.at(-1)!.replaceAll("*", ".*")}$`);
  const folder = parts.slice(0, -1).join("/");
  if (folder.includes("*")) {
    const above = parts.slice(0, -2).join("/");
    const start = parts.at(-2)!.replace("*", "");
    return names(above).some((entry) =>
      entry.startsWith(start) && exists(`${above}/${entry}/${parts.at(-1)}`)
    );
  }
  return names(folder).some((entry) => name.test(entry));
}

function names(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch {
    return [];
  }
}

/** Runs the table's cases and holds them against the table and the peers. */
async function table(
  layout: "v1" | "v2",
  cases: readonly ResourceCase[],
  runScript: (command: readonly string[]) => Promise<string>,
): Promise<void> {
  await using container = new Container();
  const folder = `${container.folder}/table`;
  const config = readConfig(container.bundle);
  // crun knows versions 1.0.x alone.
  config.ociVersion = "1.0.2";
  config.process.args = ["sleep", "1000"];
  config.linux.cgroupsPath = `/${container.id}`;
  config.root.path = container.rootfs;
  writeCases({ calledAs: folder, config, folder }, cases, layout);
  const script = `${REPO}/tests/resource_table.sh`;
  const output = await runScript(
    ["sh", script, folder, container.id, DAVIT, ...PEERS],
  );
  checkTable(output, cases, layout, PEERS);
}

/** Any block device of this host: its limits are those of the test's cgroup. */
function hostDisk(): Disk {
  const name = names("/sys/block")[0] ?? "none";
  const [major, minor] = readIfThere(`/sys/block/${name}/dev`).trim().split(
    ":",
  );
  return { major: Number(major), minor: Number(minor) };
}

const hostLayout = readIfThere("/proc/self/mountinfo").includes(
    " - cgroup cgroup ",
  )
  ? "v1"
  : "v2";

/** The controllers that the host's v2 hierarchy hands down. */
const HANDED_DOWN = "/sys/fs/cgroup/unified/cgroup.subtree_control";

/** Takes back what was handed down since, where nobody uses it. */
function takeBack(before: string): void {
  for (const name of readIfThere(HANDED_DOWN).split(/\s+/)) {
    if (name === "" || before.split(/\s+/).includes(name)) continue;
    try {
      Deno.writeTextFileSync(HANDED_DOWN, `-${name}`, { create: false });
    } catch {
      // Another container has come to use it.
    }
  }
}

rootTest("resources: the table on this host", async () => {
  const cases = resourceCases(hostDisk()).filter((one) =>
    one[hostLayout] !== undefined && (one.needs ?? []).every(exists)
  );
  const before = readIfThere(HANDED_DOWN);
  try {
    await table(
      hostLayout,
      cases,
      async (command) =>
        assertSuccess(await run(command, { timeout: 200 })).stdout,
    );
  } finally {
    takeBack(before);
  }
}, {
  missing: names("/sys/block").length === 0 ? "a block device" : undefined,
});

/** crun wants each controller of v1 where systemd puts a link to it. */
const LINKS =
  "cd /sys/fs/cgroup; [ -d cpu,cpuacct ] && ln -s cpu,cpuacct cpu; " +
  'exec "$@"';

for (const layout of ["v1", "v2"] as const) {
  rootTest(
    `resources: the table under another kernel, cgroup ${layout}`,
    async () => {
      const disk = Deno.makeTempFileSync({ prefix: "davit-disk." });
      Deno.truncateSync(disk, 1 << 20);
      // What UML has as ubda.
      const cases = resourceCases({ major: 98, minor: 0 }).filter((one) =>
        one[layout] !== undefined &&
        (one.needs === undefined || one[layout]?.refused !== undefined)
      );
      try {
        await table(
          layout,
          cases,
          async (command) =>
            assertSuccess(
              await underUml(layout, ["sh", "-c", LINKS, "sh", ...command], {
                disk,
              }),
            ).stdout,
        );
      } finally {
        Deno.removeSync(disk);
      }
    },
    { missing: umlMissing() },
  );
}
