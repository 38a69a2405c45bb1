/**
 * Each system call that Davit itself makes in create, run, start, exec and
 * delete fails in turn, and Davit is killed at each: the command ends with one
 * clear line, and has undone what it did, or is dead; after a forced delete
 * nothing is left.
 *
 * FAULTS=all makes every fault; otherwise a share of them, others at each run.
 */
import { assert, assertEquals } from "@std/assert";
import type { Patch } from "./config.ts";
import { type Container, containerTest } from "./container.ts";
import { assertSuccess, DAVIT, readIfThere, run, until } from "./davit.ts";
import { mappedBundle, richBundle, richShortBundle } from "./faults/bundle.ts";
import { assertClear, clean, type Point, tampered } from "./faults/tamper.ts";
import { leftovers, processesOf } from "./leftovers.ts";
import { randomNumbers } from "./mutate.ts";

/** Calls that Deno makes as well, and cannot do without. */
const DENOS =
  /^(mmap|munmap|mprotect|madvise|brk|futex|clone3?|rseq|exit|exit_group|rt_sig\w+|sigaltstack|sched_\w+|set_\w+|arch_prctl|getrandom|epoll_\w+|eventfd2|gettid|execve|prlimit64|pkey_\w+|vfork|restart_syscall|tgkill|nanosleep|clock_nanosleep)$/;

const ALL = Deno.env.get("FAULTS") === "all";
/** How many faults of a command are made otherwise. */
const SHARE = 24;
const ERRNOS = ALL ? ["EIO", "EPERM", "ENOSPC"] : ["EIO"];

/** The calls of a trace from the first on that is about the container. */
function points(trace: string, marks: readonly string[]): Point[] {
  const counts = new Map<string, number>();
  const found: Point[] = [];
  let begun = false;
  for (const line of trace.split("\n")) {
    const call = /^(\w+)\(/.exec(line)?.[1];
    if (call === undefined) continue;
    const when = (counts.get(call) ?? 0) + 1;
    counts.set(call, when);
    // The command line names it as well, and the prelude looks for shortcuts.
    begun ||= call !== "execve" && !/\/(start|delete|kill[-\w]*)"/.test(line) &&
      marks.some((mark) => line.includes(mark));
    if (begun && !DENOS.test(call)) found.push({ call, when });
  }
  return found;
}

/** A command, and how the container is brought to where it is made. */
interface Command {
  readonly name: string;
  readonly patch?: Patch;
  readonly words: (container: Container) => string[];
  readonly before: (container: Container) => Promise<unknown>;
  /** Fails if it has left something although it failed. */
  readonly left?: (
    container: Container,
    where: string,
  ) => void | Promise<void>;
}

async function created(container: Container): Promise<void> {
  assertSuccess(await container.create());
}

async function running(container: Container): Promise<void> {
  await created(container);
  assertSuccess(await container.start());
}

/** The processes that run a program of the container's. */
function programs(container: Container): number[] {
  return processesOf(container).filter((pid) =>
    /^(\/bin\/)?(sh|sleep)\0/.test(readIfThere(`/proc/${pid}/cmdline`))
  );
}

/** What knows of no Davit ends by itself. */
async function endsByItself(container: Container, where: string) {
  await until(
    `nothing is left: ${where}`,
    () => leftovers(container).length === 0,
  );
}

const COMMANDS: readonly Command[] = [
  {
    name: "create",
    words: ({ bundle, id }) => ["create", "--bundle", bundle, id],
    before: () => Promise.resolve(),
    left: endsByItself,
  },
  {
    name: "create in a user namespace",
    patch: mappedBundle,
    words: ({ bundle, id }) => ["create", "--bundle", bundle, id],
    before: () => Promise.resolve(),
    left: endsByItself,
  },
  {
    name: "run",
    patch: richShortBundle,
    words: ({ bundle, id }) => ["run", "--bundle", bundle, id],
    before: () => Promise.resolve(),
    // What could not be removed when it had ended is there.
    left: (container, where) => assertEquals(programs(container), [], where),
  },
  {
    name: "start",
    words: ({ id }) => ["start", id],
    before: async (container) => {
      await created(container);
      const { id, root } = container;
      Deno.removeSync(`${root}/${id}/start`); // its shortcut
    },
  },
  {
    name: "exec",
    words: ({ id }) => ["exec", id, "sleep", "0.05"],
    before: running,
    left: async (container, where) => {
      const { pid } = await container.state();
      assertEquals(programs(container), [pid], where);
    },
  },
  {
    name: "delete",
    // "--force" takes a shortcut.
    words: ({ id }) => ["delete", "-f", id],
    before: running,
  },
];

for (
  const { name, patch = richBundle, words, before, left } of COMMANDS
) {
  containerTest(
    `Davit's own calls in ${name} fail in turn, and it is killed at each`,
    patch,
    async (container) => {
      const { bundle, folder, id, root } = container;
      await before(container);
      const trace = `${folder}/trace`;
      assertSuccess(
        await run([
          "strace",
          "-qq",
          "-s",
          "400",
          "-o",
          trace,
          ...container.words(...words(container)),
        ]),
      );
      await clean(container, "without a fault");
      const every = points(readIfThere(trace), [`${bundle}/`, `${root}/`, id]);
      assert(every.length > 10, `${every.length} calls`);
      const random = randomNumbers(Date.now() % 2 ** 31);
      const chosen = ALL
        ? every
        : Array.from({ length: SHARE }, () => every[random(every.length)]!);
      let told = 0, killed = 0, count = 0;
      for (const point of chosen) {
        for (
          const what of [...ERRNOS.map((e) => `error=${e}`), "signal=KILL"]
        ) {
          // Linux closes whatever close(2) answers; strace's fault would not.
          if (point.call === "close" && what !== "signal=KILL") continue;
          const where = `${name}, ${point.call} ${point.when}: ${what}`;
          await before(container);
          const result = await tampered(
            container.words(...words(container)),
            point,
            what,
          );
          count++;
          if (what === "signal=KILL") killed += Number(result.code === 137);
          else if (result.code !== 0) {
            told++;
            assertClear(result, where);
            await left?.(container, where);
          }
          await clean(container, where);
        }
      }
      console.log(
        `${name}: ${count} faults at ${chosen.length} of ${every.length} calls, ` +
          `${told} errors, ${killed} kills, survivors: 0`,
      );
    },
    {
      programs: ["strace"],
      missing: DAVIT.endsWith("scripts/davit")
        ? "the compiled binary"
        : undefined,
    },
  );
}
