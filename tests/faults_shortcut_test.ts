/**
 * Each system call of a shortcut fails in turn, and the shortcut is killed at
 * each: the command that comes then does the work or says why not, and after a
 * forced delete nothing is left.
 *
 * FAULTS=all makes every fault; otherwise a share of them, others at each run.
 */
import { assert } from "@std/assert";
import { type Container, containerTest } from "./container.ts";
import { assertSuccess, DAVIT, readIfThere, run, until } from "./davit.ts";
import { richBundle } from "./faults/bundle.ts";
import { assertClear, clean, type Point, tampered } from "./faults/tamper.ts";
import { randomNumbers } from "./mutate.ts";

const ALL = Deno.env.get("FAULTS") === "all";
/** How many points of a shortcut are tried otherwise. */
const SHARE = 6;

async function created(container: Container): Promise<void> {
  assertSuccess(await container.create());
}

async function running(container: Container): Promise<void> {
  await created(container);
  assertSuccess(await container.start());
}

async function stopped(container: Container): Promise<void> {
  await running(container);
  const { pid } = await container.state();
  assertSuccess(await container.davit(["kill", container.id, "KILL"]));
  // The shortcut is not taken while whoever adopted init has not reaped it.
  await until("it is reaped", () => readIfThere(`/proc/${pid}/stat`) === "");
}

/** A shortcut, what it is taken for, and what it needs. */
const SHORTCUTS: readonly [
  file: string,
  command: (id: string) => string[],
  before: (container: Container) => Promise<void>,
][] = [
  ["start", (id) => ["start", id], created],
  ["kill-9", (id) => ["kill", id, "KILL"], running],
  ["delete", (id) => ["delete", id], stopped],
];

/** All calls of a trace that can fail. */
function points(trace: string): Point[] {
  const counts = new Map<string, number>();
  return trace.split("\n").flatMap((line) => {
    const call = /^(\w+)\(/.exec(line)?.[1];
    if (call === undefined || /^(execve|exit_group)$/.test(call)) return [];
    const when = (counts.get(call) ?? 0) + 1;
    counts.set(call, when);
    return [{ call, when }];
  });
}

for (const [file, command, before] of SHORTCUTS) {
  containerTest(
    `each call of the shortcut of ${file} fails, and it is killed at each`,
    richBundle,
    async (container) => {
      const { folder, id, root } = container;
      const program = `${root}/${id}/${file}`;
      const trace = `${folder}/trace`;
      await before(container);
      assertSuccess(await run(["strace", "-qq", "-o", trace, program]));
      await clean(container, "without a fault");
      const every = points(readIfThere(trace));
      assert(every.length > 3, `${every.length} calls`);
      const random = randomNumbers(Date.now() % 2 ** 31);
      const chosen = ALL
        ? every
        : Array.from({ length: SHARE }, () => every[random(every.length)]!);
      let faults = 0, done = 0;
      for (const point of chosen) {
        for (const what of ["error=EIO", "signal=KILL"]) {
          // Linux closes whatever close(2) answers; strace's fault would not.
          if (point.call === "close" && what !== "signal=KILL") continue;
          const where = `${file}, ${point.call} ${point.when}: ${what}`;
          await before(container);
          await tampered([program], point, what);
          const result = await container.davit(command(id));
          faults++;
          if (result.code === 0) done++;
          else assertClear(result, where);
          await clean(container, where);
        }
      }
      console.log(
        `shortcut of ${file}: ${faults} faults at ${chosen.length} of ` +
          `${every.length} calls; the command did it ${done} times; ` +
          "survivors: 0",
      );
    },
    {
      programs: ["strace"],
      missing: DAVIT.endsWith("scripts/davit") || Deno.build.arch !== "x86_64"
        ? "a compiled binary for x86_64"
        : undefined,
    },
  );
}
