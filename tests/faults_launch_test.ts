/**
 * Each system call of the launch programs of create, start and exec fails in
 * turn: the command ends with one clear line, and after a forced delete
 * nothing is left. Every step in every run, with a user namespace a share of
 * them; the share of the errnos grows with FAULT_ERRNOS.
 */
import { assert, assertEquals } from "@std/assert";
import { E } from "../ffi/errno.ts";
import { close } from "../ffi/fd.ts";
import { reapAny } from "../ffi/process.ts";
import { state } from "../oci/container_info.ts";
import { create } from "../oci/create.ts";
import { exec } from "../oci/exec.ts";
import { silent } from "../oci/logger.ts";
import { remove } from "../oci/remove.ts";
import { start } from "../oci/start.ts";
import { describeError } from "../cmd/report.ts";
import { WAIT } from "../launch/await_start.ts";
import { Container, rootTest } from "./container.ts";
import { readIfThere, until } from "./davit.ts";
import { mappedBundle, richBundle } from "./faults/bundle.ts";
import { type Fault, faultySteps, FaultyTrace } from "./faults/steps.ts";
import { leftovers } from "./leftovers.ts";

const ERRNOS = [E.EPERM, E.EINVAL, E.ENOENT, E.EACCES, E.EROFS, E.ENOSPC]
  .slice(0, Number(Deno.env.get("FAULT_ERRNOS") ?? 1));

/** Runs one of the commands with a fault; the error's line, or none. */
type Attempt = (trace: FaultyTrace) => Promise<string | undefined>;

async function lineOf(work: () => Promise<unknown>) {
  try {
    await work();
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

/** What this process has that a command may leave behind. */
function own() {
  while (reapAny() !== undefined);
  return {
    descriptors: [...Deno.readDirSync("/proc/self/fd")].length,
    mounts: Deno.readTextFileSync("/proc/self/mountinfo"),
  };
}

/** Which steps of a plan get faults. */
interface Choice {
  /** Why the first of them is there; absent: all. */
  readonly first?: string;
  /** One of how many, others at each run; all with FAULT_ERRNOS. */
  readonly share?: number;
}

/** Makes every fault in turn; tells how many, and how many were errors. */
async function everyFault(
  container: Container,
  attempt: Attempt,
  { first = "", share = 1 }: Choice = {},
) {
  const { id, root } = container;
  const runtime = { root, log: silent };
  let whole = new FaultyTrace();
  // The first one makes mount points, which later plans find.
  for (let i = 0; i < 2; i++) {
    whole = new FaultyTrace();
    assertEquals(await attempt(whole), undefined, "without a fault it works");
    whole.take().forEach(close);
    await remove(runtime, id, { force: true });
  }
  const from = whole.plan!.steps.findIndex(({ why }) => why === first);
  const every = faultySteps(whole.plan!, Math.max(from, 1));
  const parts = Deno.env.has("FAULT_ERRNOS") ? 1 : share;
  const part = Date.now() % parts;
  const steps = every.filter((_, i) => i % parts === part);
  const before = own();
  let told = 0, points = 0;
  for (const step of steps) {
    for (const errno of ERRNOS) {
      const fault: Fault = { step, errno };
      const trace = new FaultyTrace(fault);
      const { why, action } = whole.plan!.steps[step]!;
      const call = "call" in action ? action.call : "";
      const where = `step ${step}, ${call}: ${why}`;
      const line = await attempt(trace);
      trace.take().forEach(close);
      points++;
      if (line !== undefined) {
        told++;
        assert(!line.includes("\n") && line.length < 500, `${where}: ${line}`);
        assert(!line.startsWith("internal error"), `${where}: ${line}`);
      }
      // Of a process whose pid was not told, this one knows nothing; a command
      // ends then, and what adopts its children reaps them.
      while (reapAny() !== undefined);
      await remove(runtime, id, { force: true });
      const after = own();
      assertEquals(after.descriptors, before.descriptors, where);
      assertEquals(after.mounts, before.mounts, where);
      if (points % 40 === 0 || line === undefined) {
        assertEquals(leftovers(container), [], where);
      }
    }
  }
  assertEquals(leftovers(container), []);
  console.log(`${points} faults, ${told} of them errors, survivors: 0`);
}

for (
  const [where, patch, share] of [
    ["", richBundle, 1],
    // Much is as without one.
    [" in a user namespace", mappedBundle, 3],
  ] as const
) {
  rootTest(
    `each system call of create's launch fails in turn${where}`,
    async () => {
      await using container = new Container(patch);
      const { bundle, id, root } = container;
      await everyFault(
        container,
        (trace) =>
          lineOf(() => create({ root, log: silent, trace }, { id, bundle })),
        { share },
      );
    },
  );
}

rootTest("each system call of start's launch fails in turn", async () => {
  await using container = new Container(richBundle);
  const { bundle, id, root } = container;
  await everyFault(container, async (trace) => {
    const runtime = { root, log: silent, trace };
    return await lineOf(async () => {
      await create(runtime, { id, bundle });
      await start(runtime, id);
    });
  }, { first: WAIT });
});

function isThere(pid: number): boolean {
  return readIfThere(`/proc/${pid}/stat`) !== "";
}

rootTest("each system call of exec's launch fails in turn", async () => {
  await using container = new Container(richBundle);
  const { bundle, id, root } = container;
  const runtime = { root, log: silent };
  await everyFault(container, async (trace) => {
    await create(runtime, { id, bundle });
    await start(runtime, id);
    const line = await lineOf(() =>
      exec({ ...runtime, trace }, {
        id,
        args: ["true"],
        env: [],
        additionalGids: [],
        capabilities: [],
        terminal: false,
        detach: false,
        ignorePaused: false,
        preserveFds: 0,
        cgroups: new Map(),
      })
    );
    // The kernel ends a pid namespace once all of its processes are reaped.
    const { pid } = state(runtime, id);
    if (pid > 0) {
      Deno.kill(pid, "SIGKILL");
      await until("init is reaped", () => {
        while (reapAny() !== undefined);
        return state(runtime, id).status === "stopped" && !isThere(pid);
      });
    }
    return line;
  });
});
