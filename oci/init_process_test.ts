import { assert, assertEquals } from "@std/assert";
import { checked, syscall } from "../ffi/syscall.ts";
import { INIT_NAME } from "../launch/init_name.ts";
import { initLives, initWaits, processStat, statusOf } from "./init_process.ts";
import type { ContainerRecord } from "./store.ts";

const ROOT = "/no/such/root";
const PR_SET_NAME = 15, PR_GET_NAME = 16;

function record(
  init?: { pid: number; startTime: string },
  status: "creating" | "created" = "created",
): ContainerRecord {
  return {
    ociVersion: "1.3.0",
    id: "c",
    sandboxId: "c",
    bundle: "/b",
    rootfs: "/b/rootfs",
    created: "",
    owner: 0,
    annotations: {},
    status,
    ...(init !== undefined && { init }),
    cgroups: { kind: "none", directories: [], created: [] },
    cgroupsMade: true,
    resourceCgroups: [],
    reasons: {},
  };
}

const self = () => {
  const { startTime } = processStat(Deno.pid)!;
  return { pid: Deno.pid, startTime };
};

Deno.test("processStat() reads this process", () => {
  const stat = processStat(Deno.pid)!;
  assert(/^\d+$/.test(stat.startTime) && stat.startTime !== "0");
  assert(/^[RSD]$/.test(stat.state), stat.state);
});

Deno.test("processStat() has nothing of a process that is not there", () => {
  assertEquals(processStat(0x7fffffff), undefined);
  assertEquals(processStat(0), undefined);
});

Deno.test("processStat() takes names with parentheses, spaces and lines", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    for (const name of ["a) Z (b", ") Z 1", "((((", "a\nb) X", " x ", "))"]) {
      const program = `${folder}/${name}`;
      Deno.symlinkSync("/bin/sleep", program);
      const child = new Deno.Command(program, { args: ["100"] }).spawn();
      try {
        // Until execve(2), the child still has this process's name.
        const end = Date.now() + 5000;
        while (processStat(child.pid)?.name !== name && Date.now() < end);
        const stat = processStat(child.pid)!;
        assertEquals(stat.name, name);
        assert(/^[RSD]$/.test(stat.state), stat.state);
        assertEquals(
          initLives(record({ pid: child.pid, startTime: stat.startTime })),
          true,
        );
      } finally {
        child.kill("SIGKILL");
        await child.status;
      }
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("initLives() is false for a process that came later", () => {
  const { pid, startTime } = self();
  assertEquals(initLives(record({ pid, startTime })), true);
  const later = String(BigInt(startTime) + 1n);
  assertEquals(initLives(record({ pid, startTime: later })), false);
  assertEquals(initLives(record()), false);
});

Deno.test("statusOf() takes another start time for stopped", () => {
  const { pid } = self();
  assertEquals(statusOf(ROOT, record({ pid, startTime: "1" })), "stopped");
});

Deno.test("statusOf() takes a zombie for stopped", async () => {
  // sh starts a child, tells its pid and becomes a program that never reaps.
  const parent = new Deno.Command("sh", {
    args: ["-c", "sleep 0.05 & echo $!; exec sleep 100"],
    stdout: "piped",
    stdin: "null",
  }).spawn();
  const reader = parent.stdout.getReader();
  try {
    const pid = Number(new TextDecoder().decode((await reader.read()).value));
    const end = Date.now() + 5000;
    while (processStat(pid)?.state !== "Z" && Date.now() < end);
    const stat = processStat(pid)!;
    assertEquals(stat.state, "Z");
    const init = { pid, startTime: stat.startTime };
    assertEquals(initLives(record(init)), false);
    assertEquals(statusOf(ROOT, record(init)), "stopped");
  } finally {
    parent.kill("SIGKILL");
    await reader.cancel();
    await parent.status;
  }
});

Deno.test("statusOf() tells creating, running and stopped", () => {
  assertEquals(statusOf(ROOT, record(undefined, "creating")), "creating");
  assertEquals(statusOf(ROOT, record(self())), "running");
  assertEquals(statusOf(ROOT, record()), "stopped");
});

Deno.test("statusOf() wants init's name and the socket for created", () => {
  const folder = Deno.makeTempDirSync();
  const root = `${folder}/root`;
  Deno.mkdirSync(`${root}/c`, { recursive: true });
  // The name of a process is that of its first thread: this is it, or the
  // test has nothing to say.
  const old = new Uint8Array(16);
  checked("prctl", "", PR_GET_NAME, old);
  checked("prctl", "", PR_SET_NAME, INIT_NAME);
  try {
    if (processStat(Deno.pid)?.name !== INIT_NAME) return;
    assertEquals(initWaits(record(self())), true);
    assertEquals(statusOf(root, record(self())), "running");
    Deno.writeTextFileSync(`${root}/c/start.sock`, "");
    assertEquals(statusOf(root, record(self())), "created");
  } finally {
    syscall("prctl", PR_SET_NAME, old);
    Deno.removeSync(folder, { recursive: true });
  }
});
