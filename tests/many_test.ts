/** Many containers in a row leave the cgroup tree as it was. */
import { assertEquals } from "@std/assert";
import { cgroupManagerFromState } from "../cgroup/existing.ts";
import { waitChild } from "../ffi/process.ts";
import { create } from "../oci/create.ts";
import { kill } from "../oci/kill.ts";
import { silent } from "../oci/logger.ts";
import { pause } from "../oci/pause.ts";
import { remove } from "../oci/remove.ts";
import type { Runtime } from "../oci/runtime.ts";
import { start } from "../oci/start.ts";
import { readRecord } from "../oci/store.ts";
import { command, Container, rootTest } from "./container.ts";
import { cgroupsOf } from "./leftovers.ts";

const COUNT = 500;

/** What is done with one of them between its creation and its end. */
type Fate = (runtime: Runtime, id: string, pid: number) => Promise<void>;

const FATES: readonly Fate[] = [
  async (runtime, id, pid) => {
    await start(runtime, id);
    waitChild(pid);
    await remove(runtime, id, { force: false });
  },
  async (runtime, id, pid) => {
    kill(runtime, id, 9, { all: true });
    waitChild(pid);
    await remove(runtime, id, { force: false });
  },
  (runtime, id) => remove(runtime, id, { force: true }),
  async (runtime, id) => {
    const { cgroups } = readRecord(runtime.root, id)!;
    for (const directory of cgroupManagerFromState(cgroups).directories) {
      Deno.mkdirSync(`${directory}/a/b`, { recursive: true });
      Deno.mkdirSync(`${directory}/c`);
    }
    await remove(runtime, id, { force: true });
  },
  async (runtime, id) => {
    pause(runtime, id);
    await remove(runtime, id, { force: true });
  },
];

rootTest(
  `${COUNT} containers in a row leave the cgroup tree as it was`,
  async () => {
    await using container = new Container(
      command(["true"], (config) => config.linux.cgroupsPath = ""),
    );
    const { bundle, id: name, root } = container;
    const config = JSON.parse(
      Deno.readTextFileSync(`${bundle}/config.json`),
    );
    const runtime = { root, log: silent };
    assertEquals(cgroupsOf(container), []);
    for (let i = 0; i < COUNT; i++) {
      // In turns the default path, one of one's own, and one further down.
      const path = ["", `/${name}-${i}`, `/${name}/pod${i % 7}/${i}`][i % 3];
      config.linux.cgroupsPath = path;
      Deno.writeTextFileSync(`${bundle}/config.json`, JSON.stringify(config));
      const id = `${name}-${i}`;
      const { pid } = await create(runtime, { id, bundle });
      await FATES[i % FATES.length]!(runtime, id, pid);
    }
    assertEquals(cgroupsOf(container), []);
    assertEquals(container.leftovers(), []);
  },
);
