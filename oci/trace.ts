/**
 * Where the time of a command goes: Davit's own phases, and the steps of the
 * launch program.
 *
 * This module imports nothing of what commands share, so that it is a file of
 * its own, which is loaded only when it is asked for.
 *
 * @module
 */

import type { Fd } from "../ffi/fd.ts";
import type { Plan } from "../launch/plan.ts";
import {
  type PlanNames,
  type Stamp,
  STAMP_SIZE,
  traced,
} from "../launch/trace.ts";
import type { Trace, TracedLaunch } from "./runtime.ts";

/** Something that took time. */
export interface TraceEvent {
  /** What it was for. */
  readonly name: string;
  /** The JSON pointer that asked for it; empty for none. */
  readonly pointer: string;
  /** Who did it. */
  readonly who: "davit" | "first process" | "init";
  /** When it began, microseconds since 1970. */
  readonly start: number;
  /** How long it took, in microseconds. */
  readonly duration: number;
}

/** What a trace needs of the kernel. */
export interface TraceTools {
  /** Memory that a process made by this one can share, of so many bytes. */
  openMemory(size: number): Fd;
  /** A file of so many bytes in the container's folder. */
  openFile(path: string, size: number): Fd;
  readAll(fd: Fd): Uint8Array;
  readFile(path: string): Uint8Array | undefined;
  writeFile(path: string, text: string): void;
  close(fd: Fd): void;
}

/** The names, in a container's folder, of a trace that `start` goes on with. */
const STAMPS = "trace.json", TIMES = "trace.times";

/** Now, in microseconds since 1970. */
function now(): number {
  return (performance.timeOrigin + performance.now()) * 1000;
}

/** A command's trace. */
export class CommandTrace implements Trace {
  readonly #tools: TraceTools;
  readonly #events: TraceEvent[] = [];
  readonly #began = now();
  #phase = "start Deno and load Davit";
  #since = performance.timeOrigin * 1000;
  #launch: { readonly stamps: readonly Stamp[]; readonly fd: Fd } | undefined;

  /** Begins with the process that it is in. */
  constructor(tools: TraceTools) {
    this.#tools = tools;
  }

  /** Ends the phase before and begins the next. */
  phase(name: string): void {
    const at = now();
    this.#events.push({
      name: this.#phase,
      pointer: "",
      who: "davit",
      start: this.#since,
      duration: at - this.#since,
    });
    this.#phase = name;
    this.#since = at;
  }

  /** A plan with time stamps, and the descriptor that it wants as `fd`. */
  launch(
    plan: Plan,
    fd: number,
    names: PlanNames,
    folder?: string,
  ): TracedLaunch {
    const { plan: whole, stamps, size } = traced(plan, fd, names);
    if (folder !== undefined) {
      this.#tools.writeFile(`${folder}/${STAMPS}`, JSON.stringify(stamps));
    }
    const memory = folder === undefined
      ? this.#tools.openMemory(size)
      : this.#tools.openFile(`${folder}/${TIMES}`, size);
    this.#launch = { stamps, fd: memory };
    return { plan: whole, fd: memory };
  }

  /** Takes what the launch program has written by now. */
  launched(): void {
    if (this.#launch === undefined) return;
    const { stamps, fd } = this.#launch;
    this.#launch = undefined;
    const times = this.#tools.readAll(fd);
    this.#tools.close(fd);
    this.#events.push(...programEvents(stamps, times, now()));
  }

  /** Takes what init, created by another command with a trace, did since. */
  started(folder: string): void {
    const text = this.#tools.readFile(`${folder}/${STAMPS}`);
    const times = this.#tools.readFile(`${folder}/${TIMES}`);
    if (text === undefined || times === undefined) return;
    const stamps: Stamp[] = JSON.parse(new TextDecoder().decode(text));
    const events = programEvents(stamps, times, now());
    this.#events.push(...events.filter(({ start }) => start >= this.#began));
  }

  /** All events, in the order in which they began. */
  finish(): TraceEvent[] {
    this.launched();
    this.phase("");
    return this.#events.toSorted((a, b) => a.start - b.start);
  }
}

/** The steps that were reached, each until the next one of its process. */
function programEvents(
  stamps: readonly Stamp[],
  times: Uint8Array,
  end: number,
): TraceEvent[] {
  const view = new DataView(times.buffer, times.byteOffset, times.byteLength);
  const reached = stamps.flatMap((stamp, i) => {
    const at = i * STAMP_SIZE;
    const seconds = Number(view.getBigInt64(at, true));
    const nanoseconds = Number(view.getBigInt64(at + 8, true));
    return seconds === 0
      ? []
      : [{ stamp, start: seconds * 1e6 + nanoseconds / 1000 }];
  }).sort((a, b) => a.start - b.start);
  return reached.map(({ stamp, start }, i) => {
    const next = reached.slice(i + 1).find((other) =>
      other.stamp.init === stamp.init
    );
    return {
      name: stamp.why,
      pointer: stamp.pointer,
      who: stamp.init ? "init" : "first process",
      start,
      duration: (next?.start ?? (stamp.init ? end : start)) - start,
    };
  });
}

const THREADS = { davit: 1, "first process": 2, init: 3 };

/**
 * The events as Perfetto and Chrome open them: the Trace Event Format, JSON.
 *
 * @param pid the traced command's
 */
export function traceJson(events: readonly TraceEvent[], pid: number): string {
  const names = Object.entries(THREADS).map(([name, tid]) => ({
    name: "thread_name",
    ph: "M",
    pid,
    tid,
    args: { name },
  }));
  const traceEvents = events.map(({ name, pointer, who, start, duration }) => ({
    name,
    cat: who,
    ph: "X",
    ts: start,
    dur: duration,
    pid,
    tid: THREADS[who],
    args: { pointer },
  }));
  const whole = {
    displayTimeUnit: "ms",
    traceEvents: [...names, ...traceEvents],
  };
  return `${JSON.stringify(whole)}\n`;
}

/** How many of the slowest steps a summary has. */
const SLOWEST = 10;

/** The slowest steps, and the whole, as text. */
export function traceSummary(events: readonly TraceEvent[]): string {
  const ms = (us: number) => (us / 1000).toFixed(2).padStart(8);
  const begin = Math.min(...events.map(({ start }) => start));
  const end = Math.max(...events.map((e) => e.start + e.duration));
  const slowest = events.toSorted((a, b) => b.duration - a.duration)
    .slice(0, SLOWEST);
  const lines = slowest.map(({ name, pointer, who, duration }) =>
    `${ms(duration)} ms  ${who.padEnd(13)}  ${name}` +
    (pointer === "" ? "" : ` (${pointer})`)
  );
  const whole = `${ms(end - begin)} ms  in all, ${events.length} steps`;
  return [...lines, whole].map((line) => `${line}\n`).join("");
}
