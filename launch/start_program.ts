/**
 * Starting a launch program: the file that holds it, and its descriptors.
 *
 * @module
 */

import { close, type Fd, O, open, write, writeAt } from "../ffi/fd.ts";
import { unlink } from "../ffi/files.ts";
import {
  emptyExecutableMemfd,
  executableMemfd,
  sealRunning,
} from "../ffi/memfd.ts";
import { getLimit } from "../ffi/process.ts";
import { spawn } from "../ffi/spawn.ts";
import { ARCH } from "../ffi/syscall.ts";
import { compile } from "./compile.ts";
import { descriptor, firstFree } from "./descriptors.ts";
import { elfParts } from "./elf.ts";
import type { LaunchOptions } from "./launch.ts";
import { type Plan, STRINGS_ROOM } from "./plan.ts";
import { layOutBeginning } from "./program.ts";

/** What init's executable is called in /proc. */
const EXECUTABLE = "davit-init";

/** What a first process is started with. */
export type Start =
  & Pick<
    LaunchOptions,
    "plan" | "preserveFds" | "console" | "idMaps" | "trace" | "stdio" | "folder"
  >
  & {
    /** What it gets as the descriptor `start`. */
    readonly start?: Fd;
  };

/** Starts the first process and returns its pid. */
export function startWith(options: Start, socket: Fd): number {
  const { pid, finish } = begin(options, socket);
  finish();
  return pid;
}

/** A program that runs, of which the rest may be missing. */
export interface Begun {
  /** The first process. */
  readonly pid: number;
  /**
   * Adds the rest.
   * @throws {RangeError | SyscallError}
   */
  finish(): void;
}

/** Starts the first process, maybe with a beginning of its program. */
export function begin(options: Start, socket: Fd): Begun {
  const { plan, preserveFds, start } = options;
  const descriptors: [number, number][] = [
    [descriptor("davit", preserveFds), socket],
  ];
  options.stdio?.forEach((fd, i) => descriptors.push([i, fd]));
  if (start !== undefined) {
    descriptors.push([descriptor("start", preserveFds), start]);
  }
  for (let fd = 3; fd < 3 + preserveFds; fd++) descriptors.push([fd, fd]);
  if (options.console !== undefined) {
    descriptors.push([descriptor("console", preserveFds), options.console]);
  }
  const first = firstFree(preserveFds, options.console !== undefined);
  const others = [
    ...options.idMaps ?? [],
    ...options.trace ? [options.trace] : [],
  ];
  others.forEach((fd, i) => descriptors.push([first + i, fd]));
  return beginInParts(plan, descriptors) ??
    { pid: startProgram(plan, descriptors, options.folder), finish() {} };
}

/**
 * Starts a plan's program, the rest of which is laid out by finish(), while the
 * program runs. Undefined where that cannot be, and nothing was done.
 */
function beginInParts(
  plan: Plan,
  descriptors: readonly (readonly [number, number])[],
): Begun | undefined {
  if (plan.rest === undefined || mayNotBeLarge()) return undefined;
  const memfd = emptyExecutableMemfd(EXECUTABLE);
  if (memfd === undefined) return undefined;
  try {
    const program = layOutBeginning(plan, ARCH);
    const { head, changing } = elfParts(program.beginning, ARCH);
    write(memfd, head);
    for (const { offset, bytes } of changing) writeAt(memfd, bytes, offset);
    const path = `/proc/self/fd/${memfd}`;
    const pid = spawn({ path, args: [EXECUTABLE], env: [], descriptors });
    const finish = () => {
      try {
        const { changing } = elfParts(program.finish(), ARCH);
        for (const { offset, bytes } of changing) writeAt(memfd, bytes, offset);
        sealRunning(EXECUTABLE, memfd);
      } finally {
        close(memfd);
      }
    };
    return { pid, finish };
  } catch (error) {
    close(memfd);
    throw error;
  }
}

const RLIMIT_FSIZE = 1;

/** Whether this process may not make a file with room for a program's rest. */
function mayNotBeLarge(): boolean {
  return getLimit(0, RLIMIT_FSIZE).soft < BigInt(2 * STRINGS_ROOM);
}

/**
 * Starts a program that carries a plan out, and returns its pid.
 * @param folder a folder of Davit's own, for hosts that forbid executable
 * memfds
 * @throws {SyscallError}
 */
export function startProgram(
  plan: Plan,
  descriptors: readonly (readonly [number, number])[],
  folder: string,
): number {
  const program = compile(plan, ARCH);
  const memfd = executableMemfd(EXECUTABLE, program);
  const start = (path: string) =>
    spawn({ path, args: [EXECUTABLE], env: [], descriptors });
  if (memfd !== undefined) {
    try {
      return start(`/proc/self/fd/${memfd}`);
    } finally {
      close(memfd);
    }
  }
  const path = `${folder}/${EXECUTABLE}.${Deno.pid}`;
  const file = open(path, O.WRONLY | O.CREAT | O.EXCL, 0o700);
  try {
    try {
      write(file, program);
    } finally {
      close(file);
    }
    return start(path);
  } finally {
    unlink(path);
  }
}
