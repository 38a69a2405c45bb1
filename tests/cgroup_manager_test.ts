/**
 * Cgroups of this host, for real: needs root and a writable cgroup file
 * system of any layout.
 *
 * @module
 */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { attachDeviceRules } from "../cgroup/device_attach.ts";
import { randomNumbers, randomRule } from "../cgroup/device_reference.ts";
import { type DeviceRule, deviceRules } from "../cgroup/devices.ts";
import { CgroupError } from "../cgroup/error.ts";
import { cgroupManagerFromState } from "../cgroup/existing.ts";
import { hostLayout } from "../cgroup/layout.ts";
import { cgroupManager } from "../cgroup/manager.ts";
import type { CgroupManager, CgroupResources } from "../cgroup/types.ts";

const SIGKILL = 9;
const SIGTERM = 15;

const layout = hostLayout();
const missing = Deno.uid() !== 0
  ? "needs root"
  : layout.kind === "none"
  ? "needs a mounted cgroup file system"
  : undefined;
if (missing !== undefined) console.log(`tests of cgroups left out: ${missing}`);

/** Registers a test for hosts with cgroups. */
function test(name: string, body: () => void | Promise<void>): void {
  Deno.test({ name, ignore: missing !== undefined, fn: body });
}

/** Makes a container's cgroups for a test, and removes them after it. */
async function withCgroups(
  resources: CgroupResources,
  body: (manager: CgroupManager, parent: string) => void | Promise<void>,
): Promise<void> {
  const parent = `/davit-test-${crypto.randomUUID().slice(0, 8)}`;
  const cgroupsPath = `${parent}/c1`;
  const spec = { linux: { cgroupsPath, resources } };
  const manager = cgroupManager(layout, { id: "c1", spec });
  try {
    manager.create();
    manager.release();
    manager.applyResources(resources);
    await body(manager, parent);
  } finally {
    manager.signalAll(SIGKILL);
    manager.destroy();
  }
  for (const path of [...manager.directories, ...manager.created]) {
    assert(!exists(path), `${path} is left`);
  }
}

/** Starts a shell that joins the cgroups, then runs a script. */
function join(manager: CgroupManager, script: string): Deno.ChildProcess {
  const joins = manager.processFiles().map((file) => `echo 0 >'${file}'`);
  return new Deno.Command("sh", {
    args: ["-ec", [...joins, script].join("\n")],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Waits for a process to have joined and to have started `count` in all. */
async function waitForPids(manager: CgroupManager, count: number) {
  for (let i = 0; i < 1000; i++) {
    const last = manager.directories.at(-1) ?? "";
    const joined = Deno.readTextFileSync(`${last}/cgroup.procs`) !== "";
    if (joined && manager.pids().length === count) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${manager.pids().length} processes, wanted ${count}`);
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The content of a file of whichever hierarchy has it. */
function read(manager: CgroupManager, ...files: string[]): string | undefined {
  for (const directory of manager.directories) {
    for (const file of files) {
      try {
        return Deno.readTextFileSync(`${directory}/${file}`).trim();
      } catch {
        continue;
      }
    }
  }
  return undefined;
}

async function output(child: Deno.ChildProcess): Promise<string> {
  const { stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return text.decode(stdout) + text.decode(stderr);
}

test("a container's limits are what the kernel shows", async () => {
  const resources = {
    memory: { limit: 64 * 1024 * 1024 },
    cpu: { shares: 512, quota: 20000, period: 50000 },
    pids: { limit: 7 },
  };
  await withCgroups(resources, (manager) => {
    const v2 = manager.kind === "v2";
    const file = (legacy: string, unified: string) =>
      read(manager, v2 ? unified : legacy);
    assertEquals(file("memory.limit_in_bytes", "memory.max"), "67108864");
    assertEquals(file("cpu.shares", "cpu.weight"), v2 ? "59" : "512");
    assertEquals(read(manager, "pids.max"), "7");
    if (v2) assertEquals(read(manager, "cpu.max"), "20000 50000");
    else {
      assertEquals(read(manager, "cpu.cfs_quota_us"), "20000");
      assertEquals(read(manager, "cpu.cfs_period_us"), "50000");
    }
    // Another time, for a quota that is in place already.
    manager.applyResources({ cpu: { quota: 2000, period: 2000 } });
    manager.applyResources({ cpu: { quota: 900000, period: 900000 } });
  });
});

test("a process joins every hierarchy, is found, and is killed", async () => {
  await withCgroups({}, async (manager, parent) => {
    const child = join(manager, "sleep 100 & sleep 100 & wait");
    await waitForPids(manager, 3);
    assert(manager.pids().includes(child.pid));
    const lines = Deno.readTextFileSync(`/proc/${child.pid}/cgroup`)
      .trim().split("\n");
    const inside = lines.filter((line) => line.endsWith(`:${parent}/c1`));
    assertEquals(inside.length, manager.directories.length);

    const again = cgroupManager(layout, {
      id: "c2",
      cgroupsPath: `${parent}/c1`,
    });
    assertThrows(
      () => again.create(),
      CgroupError,
      "container's cgroup is not empty: 3 process(es) found in",
    );

    const known = cgroupManagerFromState(
      JSON.parse(JSON.stringify(manager.record())),
    );
    assertThrows(
      () => known.destroy(20),
      CgroupError,
      "stay in it",
    );
    known.signalAll(SIGKILL);
    assertEquals(known.pids(), []);
    assertEquals((await child.status).signal, "SIGKILL");
    await output(child);
  });
});

test("signalAll() sends other signals once, to sub-cgroups too", async () => {
  await withCgroups({}, async (manager) => {
    const below = manager.directories.map((path) => `${path}/a/b`);
    for (const path of below) Deno.mkdirSync(path, { recursive: true });
    // A v1 cpuset takes no process until it has processors.
    const usable = below.filter((path) => !path.includes("/cpuset/"));
    const moves = usable.map((path) => `echo $$ >'${path}/cgroup.procs'`);
    // In v2 a cgroup that hands controllers down holds no process itself.
    const child = join(
      manager,
      `trap 'echo got it; exit 3' TERM; ${moves.join("; ")}
       while :; do sleep 0.02; done`,
    );
    for (let i = 0; i < 1000; i++) {
      const last = usable.at(-1) ?? "";
      if (Deno.readTextFileSync(`${last}/cgroup.procs`) !== "") break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert(manager.pids().includes(child.pid));
    manager.signalAll(SIGTERM);
    const status = await child.status;
    assertEquals(status.code, 3);
    assert((await output(child)).includes("got it"));
  });
});

test("signalAll() kills what is frozen", async () => {
  await withCgroups({}, async (manager) => {
    const child = join(manager, "exec sleep 100");
    await waitForPids(manager, 1);
    for (const directory of manager.directories) {
      const [file, value] = manager.kind === "v2"
        ? ["cgroup.freeze", "1"]
        : ["freezer.state", "FROZEN"];
      try {
        Deno.writeTextFileSync(`${directory}/${file}`, value, {
          create: false,
        });
      } catch {
        continue;
      }
    }
    manager.signalAll(SIGKILL);
    assertEquals((await child.status).signal, "SIGKILL");
    await output(child);
  });
});

/** Opens device nodes inside the cgroups, one line of output each. */
async function tryDevices(manager: CgroupManager): Promise<string> {
  const directory = Deno.makeTempDirSync();
  try {
    return await output(join(
      manager,
      `set +e
       head -c 1 /dev/zero | wc -c
       echo x >/dev/null && echo null
       cd '${directory}'
       mknod disk b 8 0 && echo made
       head -c 1 disk`,
    ));
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

test("devices are denied by default, GHSA-g54h-m393-cpwq", async () => {
  for (const resources of [{}, { devices: [] }]) {
    await withCgroups(resources, async (manager) => {
      const text = await tryDevices(manager);
      assert(text.startsWith("1\nnull\nmade\n"), text);
      assert(text.includes("Operation not permitted"), text);
    });
  }
});

test("devices are allowed where the config says so", async () => {
  const table = [
    [{ allow: true, access: "rwm" }],
    [
      { allow: false, access: "rwm" },
      { allow: true, type: "b", major: 8, minor: 0, access: "r" },
    ],
  ];
  for (const devices of table) {
    await withCgroups({ devices }, async (manager) => {
      const text = await tryDevices(manager);
      // What is left to the kernel is whether it has such a disk.
      assert(text.startsWith("1\nnull\nmade\n"), text);
      assert(!text.includes("Operation not permitted"), text);
    });
  }
});

test("the kernel's verifier takes device programs of every form", async () => {
  if (layout.unified === undefined) return;
  const random = randomNumbers(1);
  const lists: DeviceRule[][] = [[], deviceRules()];
  for (const length of [1, 2, 5, 20, 60]) {
    lists.push(Array.from({ length }, () => randomRule(random)));
  }
  // Long ones too: no rule about everything that cuts the list short.
  const one = { type: "c", major: 10, access: 2, pointer: "" } as const;
  lists.push(
    Array.from(
      { length: 500 },
      (_, minor) => ({ ...one, minor, allow: minor % 2 === 0 }),
    ),
  );
  await withCgroups({}, (manager) => {
    const directory = manager.directories.at(-1) ?? "";
    for (const rules of lists) attachDeviceRules(directory, rules);
  });
});

test("destroy() waits for processes that are just ending", async () => {
  await withCgroups({}, async (manager) => {
    const child = join(manager, "exec sleep 0.2");
    await waitForPids(manager, 1);
    manager.destroy();
    await output(child);
  });
});
