import { assert, assertEquals, assertThrows } from "@std/assert";
import { applyWrites } from "./apply.ts";
import { CgroupError } from "./error.ts";
import { withRoot } from "./fake_cgroups.ts";
import { loadRareLowering, resourceWrites } from "./resources/lower.ts";
import type { ResourceWrite } from "./resources/write.ts";
import { putBack, takeSnapshot, writesBack } from "./snapshot.ts";

const rare = await loadRareLowering();

/** Files in a directory that stands for a cgroup. */
function fill(root: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    Deno.writeTextFileSync(`${root}/${name}`, text);
  }
}

function contents(root: string): Record<string, string> {
  return Object.fromEntries(
    [...Deno.readDirSync(root)].map(({ name }) => [
      name,
      Deno.readTextFileSync(`${root}/${name}`),
    ]),
  );
}

const WEIGHT = { blockIO: { weight: 500 } };

Deno.test(
  "applyWrites() writes the first file that there is",
  withRoot((root) => {
    fill(root, { "io.weight": "default 100\n" });
    const writes = resourceWrites("v2", WEIGHT, rare);
    applyWrites(writes, () => root);
    assertEquals(contents(root), { "io.weight": "4950" });
    fill(root, { "io.bfq.weight": "100\n" });
    applyWrites(writes, () => root);
    assertEquals(contents(root)["io.bfq.weight"], "500");
  }),
);

Deno.test(
  "applyWrites() says what is missing",
  withRoot((root) => {
    const table: [Parameters<typeof resourceWrites>[1], string][] = [
      [WEIGHT, "they take BFQ or iocost"],
      [
        { hugepageLimits: [{ pageSize: "3MB", limit: 1 }] },
        "has this host such pages?",
      ],
      [{ memory: { limit: 1, swap: 2 } }, "this kernel does not account"],
      [{ cpu: { burst: 5 } }, "this kernel has no such limit"],
    ];
    fill(root, { "memory.max": "max\n" });
    for (const [resources, text] of table) {
      const writes = resourceWrites("v2", resources, rare);
      const error = assertThrows(
        () => applyWrites(writes, () => root),
        CgroupError,
        text,
      );
      assert(writes.some(({ pointer }) => pointer === error.pointer), text);
    }
    assertThrows(
      () => applyWrites(resourceWrites("v1", WEIGHT, rare), () => undefined),
      CgroupError,
      'the cgroup controller "blkio" is not mounted, mount it',
    );
  }),
);

Deno.test(
  "applyWrites() leaves out what need not be there",
  withRoot((root) => {
    fill(root, { "memory.max": "5\n", "hugetlb.2MB.max": "max\n" });
    const resources = {
      memory: { limit: -1 },
      cpu: { burst: 0, idle: 0 },
      hugepageLimits: [{ pageSize: "2MB", limit: 0 }],
    };
    applyWrites(resourceWrites("v2", resources, rare), () => root);
    assertEquals(contents(root), {
      "memory.max": "max",
      "hugetlb.2MB.max": "0",
    });
  }),
);

Deno.test(
  "writesBack() puts back what has changed",
  withRoot((root) => {
    const before = {
      "cpu.max": "max 100000\n",
      "cpu.weight": "100\n",
      "cpuset.cpus": "\n",
      "io.bfq.weight": "default 100\n8:0 20\n",
      "io.max": "8:0 rbps=5 wbps=max riops=max wiops=max\n",
      "memory.max": "max\n",
      "pids.max": "max\n",
      "memory.high": "max\n",
      "io.weight": "default 100\n",
    };
    fill(root, before);
    const at = (minor: number) => ({ major: 8, minor, rate: 7 });
    const resources = {
      memory: { limit: 7 },
      cpu: { quota: 5, shares: 512, cpus: "0" },
      pids: { limit: 3 },
      blockIO: {
        weight: 30,
        weightDevice: [{ major: 8, minor: 16, weight: 40 }],
        throttleReadBpsDevice: [at(0)],
        throttleWriteBpsDevice: [at(16)],
      },
      unified: { "memory.high": "9", "io.weight": "300" },
    };
    const writes = resourceWrites("v2", resources, rare);
    const snapshot = takeSnapshot(writes, () => root);
    assertEquals(writesBack(snapshot), []);
    applyWrites(writes, () => root);
    fill(root, { "pids.max": before["pids.max"] });
    assertEquals(
      writesBack(snapshot).map(({ file, value }) => `${file}=${value}`),
      [
        "memory.max=max",
        "cpu.weight=100",
        "cpu.max=max 100000",
        "cpuset.cpus=\n",
        "io.bfq.weight=default 100",
        "io.bfq.weight=8:16 default",
        "io.max=8:0 rbps=5 wbps=max riops=max wiops=max",
        "io.max=8:16 wbps=max",
        "memory.high=max",
        "io.weight=default 100",
      ],
    );
  }),
);

Deno.test(
  "writesBack() leaves alone the lines of other devices",
  withRoot((root) => {
    fill(root, { "io.bfq.weight": "default 100\n8:0 20\n" });
    const device = (minor: number) => ({ major: 8, minor, weight: 40 });
    const weightDevice = [device(0), device(16)];
    const resources = { blockIO: { weight: 100, weightDevice } };
    const writes = resourceWrites("v2", resources, rare);
    const snapshot = takeSnapshot(writes, () => root);
    fill(root, { "io.bfq.weight": "default 100\n8:0 40\n" });
    assertEquals(writesBack(snapshot).map(({ value }) => value), ["8:0 20"]);
  }),
);

Deno.test(
  "putBack() does what is left when something fails, and says so",
  withRoot((root) => {
    fill(root, { "pids.max": "max\n", "cpu.weight": "100\n" });
    const resources = { cpu: { shares: 512 }, pids: { limit: 5 } };
    const writes = resourceWrites("v2", resources);
    const snapshot = takeSnapshot(writes, () => root);
    applyWrites(writes, () => root);
    const directoryOf = ({ file }: ResourceWrite) =>
      file === "cpu.weight" ? undefined : root;
    assertThrows(() => putBack(snapshot, directoryOf), CgroupError, "shares");
    assertEquals(contents(root), { "cpu.weight": "59", "pids.max": "max" });
    putBack(snapshot, () => root);
    assertEquals(contents(root), { "cpu.weight": "100", "pids.max": "max" });
  }),
);

Deno.test(
  "writesBack() knows the file of the OOM killer",
  withRoot((root) => {
    fill(root, {
      "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n",
    });
    const writes = resourceWrites("v1", { memory: { disableOOMKiller: true } });
    const snapshot = takeSnapshot(writes, () => root);
    fill(root, { "memory.oom_control": "oom_kill_disable 1\nunder_oom 0\n" });
    const values = (all: ResourceWrite[]) => all.map(({ value }) => value);
    assertEquals(values(writesBack(snapshot)), ["0"]);
  }),
);
