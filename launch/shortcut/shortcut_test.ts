/** The shortcuts as programs: what they do, and when they rather do nothing. */
import { assert, assertEquals } from "@std/assert";
import { close, O } from "../../ffi/fd.ts";
import { inode } from "../../ffi/files.ts";
import { pidfdOpen } from "../../ffi/process.ts";
import { ARCH } from "../../ffi/syscall.ts";
import { compile } from "../compile.ts";
import { INIT_NAME } from "../init_name.ts";
import type { Plan } from "../plan.ts";
import { planDeleteShortcut } from "./delete.ts";
import { planKillAllShortcut, planKillShortcut } from "./kill.ts";
import { planStartShortcut } from "./start.ts";

/** A pid that no process has: the kernel's limit is below. */
const NOBODY = 2 ** 22 + 1;

/** A test with a folder of its own. */
function test(name: string, action: (folder: string) => void | Promise<void>) {
  Deno.test(name, async () => {
    const folder = Deno.makeTempDirSync({ prefix: "davit-shortcut." });
    try {
      await action(folder);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  });
}

/** The exit status of a shortcut, which says nothing else. */
async function status(plan: Plan): Promise<number> {
  const path = Deno.makeTempFileSync({ prefix: "davit-shortcut." });
  try {
    Deno.writeFileSync(path, compile(plan, ARCH));
    Deno.chmodSync(path, 0o700);
    const { code, stdout, stderr } = await new Deno.Command(path).output();
    assertEquals([stdout.length, stderr.length], [0, 0]);
    return code;
  } finally {
    Deno.removeSync(path);
  }
}

/** Names in a folder, sorted. */
function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** A process that sleeps. */
function sleeper(): Deno.ChildProcess & { readonly number: bigint } {
  const child = new Deno.Command("sleep", { args: ["100"] }).spawn();
  const fd = pidfdOpen(child.pid)!;
  try {
    return Object.assign(child, { number: inode(fd) });
  } finally {
    close(fd);
  }
}

/** Folders for cgroups, the last one with the lock. */
function locked(directories: string[]) {
  const flags = O.RDONLY | O.DIRECTORY;
  return { lock: { path: directories.at(-1)!, flags }, directories };
}

/** What a container leaves, in folders that are none of cgroups. */
function leavings(folder: string) {
  for (const path of ["root/a", "root/map/a/s", "group/own/x", "group/own/y"]) {
    Deno.mkdirSync(`${folder}/${path}`, { recursive: true });
  }
  for (const name of ["state.json", "config.json"]) {
    Deno.writeTextFileSync(`${folder}/root/a/${name}`, name);
  }
  return {
    pid: NOBODY,
    guests: `${folder}/root/a/guests`,
    cgroups: locked([`${folder}/group/own/x`, `${folder}/group/own/y`]),
    parents: ["group/own", "group"].map((name) =>
      locked([`${folder}/${name}`])
    ),
    mapping: [`${folder}/root/map/a/s`, `${folder}/root/map/a`],
    files: ["config.json", "absent"].map((name) => `${folder}/root/a/${name}`),
    record: `${folder}/root/a/state.json`,
    aside: `${folder}/root/~a.json`,
    folder: `${folder}/root/a`,
  };
}

test("delete removes what is left, parents that nobody uses too", async (folder) => {
  const container = leavings(folder);
  Deno.mkdirSync(`${folder}/group/other`);
  assertEquals(await status(planDeleteShortcut(container)), 0);
  assertEquals(names(`${folder}/root`), ["map"]);
  assertEquals(names(`${folder}/root/map`), []);
  assertEquals(names(`${folder}/group`), ["other"]);
});

test("delete touches nothing of a container with an init", async (folder) => {
  const container = { ...leavings(folder), pid: Deno.pid };
  assertEquals(await status(planDeleteShortcut(container)), 1);
  assertEquals(names(`${folder}/group/own`), ["x", "y"]);
  assertEquals(names(container.folder), ["config.json", "state.json"]);
});

test("delete touches nothing of a sandbox with containers", async (folder) => {
  const container = leavings(folder);
  Deno.mkdirSync(`${container.guests}/b`, { recursive: true });
  assertEquals(await status(planDeleteShortcut(container)), 1);
  assertEquals(names(`${folder}/group/own`), ["x", "y"]);
  Deno.removeSync(`${container.guests}/b`);
  assertEquals(await status(planDeleteShortcut(container)), 0);
});

test("delete leaves the record where a cgroup is in use", async (folder) => {
  const container = leavings(folder);
  Deno.mkdirSync(`${folder}/group/own/y/z`);
  assertEquals(await status(planDeleteShortcut(container)), 1);
  assertEquals(names(container.folder), ["config.json", "state.json"]);
});

test("delete leaves the record where a folder holds more", async (folder) => {
  const container = leavings(folder);
  Deno.writeTextFileSync(`${container.folder}/more`, "");
  assertEquals(await status(planDeleteShortcut(container)), 1);
  assertEquals(names(container.folder), ["more", "state.json"]);
  assertEquals(names(`${folder}/root`), ["a", "map"]);
});

test("kill sends its signal to that process alone", async (folder) => {
  const child = sleeper();
  try {
    const { pid, number } = child;
    const socket = `${folder}/start.sock`;
    const plan = (more: object = {}) =>
      planKillShortcut({ signal: 15, pid, inode: number, socket, ...more });
    // Of another process's number; before its start; frozen.
    assertEquals(await status(plan({ inode: number + 1n })), 1);
    Deno.writeTextFileSync(socket, "");
    assertEquals(await status(plan()), 1);
    Deno.removeSync(socket);
    const file = `${folder}/frozen`;
    Deno.writeTextFileSync(file, "1\n");
    assertEquals(await status(plan({ frozen: { file } })), 1);
    Deno.writeTextFileSync(file, "0\n");
    const guests = `${folder}/guests`;
    Deno.mkdirSync(`${guests}/b`, { recursive: true });
    assertEquals(await status(plan({ guests })), 1);
    Deno.removeSync(`${guests}/b`);
    assertEquals(await status(plan({ guests, frozen: { file } })), 0);
  } finally {
    assertEquals((await child.status).signal, "SIGTERM");
  }
});

test("kill fails for a process that has ended", async (folder) => {
  const child = sleeper();
  const { pid, number } = child;
  child.kill("SIGKILL");
  await child.status;
  const socket = `${folder}/start.sock`;
  const plan = planKillShortcut({ signal: 9, pid, inode: number, socket });
  assertEquals(await status(plan), 1);
});

test("kill --all is done where nobody is left", async (folder) => {
  const cgroups = ["x", "y"].map((name) => `${folder}/${name}`);
  for (const path of cgroups) {
    Deno.mkdirSync(path);
    Deno.writeTextFileSync(`${path}/cgroup.procs`, "");
  }
  assertEquals(await status(planKillAllShortcut(cgroups)), 0);
  Deno.writeTextFileSync(`${folder}/y/cgroup.procs`, "7\n");
  assertEquals(await status(planKillAllShortcut(cgroups)), 1);
  Deno.writeTextFileSync(`${folder}/y/cgroup.procs`, "");
  Deno.mkdirSync(`${folder}/y/below`);
  assertEquals(await status(planKillAllShortcut(cgroups)), 1);
});

/** Listens as init does, and answers a connection with some bytes. */
async function listening(path: string, answer: Uint8Array): Promise<void> {
  const listener = Deno.listen({ transport: "unix", path });
  const connection = await listener.accept();
  if (answer.length > 0) await connection.write(answer);
  connection.close();
  listener.close();
}

for (
  const [what, answer, wanted] of [
    ["start succeeds when init becomes the program", [], 0],
    ["start keeps what init tells", [9, 0, 0, 0, 8, 0, 0, 0], 1],
  ] as const
) {
  test(what, async (folder) => {
    const self = `${folder}/start`, socket = `${folder}/start.sock`;
    const report = `${folder}/report`;
    Deno.writeTextFileSync(self, "");
    const bytes = Uint8Array.from(answer);
    const plan = planStartShortcut({ self, socket, report, pid: Deno.pid });
    const [, code] = await Promise.all([
      listening(socket, bytes),
      status(plan),
    ]);
    assertEquals(code, wanted);
    assert(!names(folder).includes("start"), "it is taken once");
    if (wanted === 0) return assertEquals(names(folder), []);
    assertEquals(Deno.readFileSync(report).subarray(0, 8), bytes);
  });
}

test("start fails where another was first, or nobody listens", async (folder) => {
  const self = `${folder}/start`, socket = `${folder}/start.sock`;
  const report = `${folder}/report`;
  const plan = planStartShortcut({ self, socket, report, pid: NOBODY });
  assertEquals(await status(plan), 1);
  Deno.writeTextFileSync(self, "");
  assertEquals(await status(plan), 1);
  assertEquals(names(folder), []);
});

Deno.test("init's name is compared by eight bytes", () => {
  assert(INIT_NAME.length >= 8);
});
