/**
 * Starting a program, posix_spawn(3): no copy of this process is made, and the
 * child begins with default signals, an empty signal mask and only the
 * descriptors that it is given.
 *
 * @module
 */

import { SyscallError } from "./error.ts";
import { close, duplicate, type Fd } from "./fd.ts";
import { addressOf, cString, launchFunction } from "./libc.ts";
import { heedChildren } from "./process.ts";

/** What to start and what it inherits. */
export interface Spawn {
  /** The executable's path. */
  readonly path: string;
  /** Its argument vector. */
  readonly args: readonly string[];
  /** Its environment, `NAME=value` each. */
  readonly env: readonly string[];
  /**
   * Descriptors beside stdin, stdout and stderr: `[number in the child,
   * descriptor here]`.
   */
  readonly descriptors: readonly (readonly [number, number])[];
  /** Its working directory; absent: this process's. */
  readonly directory?: string;
  /** Whether it leads a process group of its own. */
  readonly leadsGroup?: boolean;
}

const SETPGROUP = 2, SETSIGDEF = 4, SETSIGMASK = 8;

/**
 * The `posix_spawnattr_t` of glibc's public <spawn.h>, which programs allocate
 * themselves: flags (2 bytes), process group, the signals to reset (128 bytes
 * at 8), the mask (128 bytes at 136).
 */
function attributes(leadsGroup: boolean): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(336);
  bytes[0] = SETSIGDEF | SETSIGMASK | (leadsGroup ? SETPGROUP : 0);
  // All 64 signals, less 32 and 33, which glibc keeps for itself.
  bytes.fill(0xff, 8, 16);
  bytes[8 + 3] = 0x7f;
  bytes[8 + 4] = 0xfe;
  return bytes;
}

/** A NULL-terminated vector of strings, and the strings that it points to. */
function vector(strings: readonly string[]) {
  const held = strings.map(cString);
  // Small arrays without a buffer of their own may move.
  const pointers = new BigUint64Array(
    new ArrayBuffer(8 * (strings.length + 1)),
  );
  held.forEach((string, i) => pointers[i] = addressOf(string));
  return { pointers, held };
}

/**
 * Starts a program as a child of this process and returns its pid.
 * @throws {SyscallError} also when the program cannot be executed
 */
export function spawn(what: Spawn): number {
  heedChildren();
  const addDuplicate = launchFunction("posix_spawn_file_actions_adddup2");
  const room = new Uint8Array(128);
  const actions = addressOf(room);
  launchFunction("posix_spawn_file_actions_init")(actions);
  // The sources go out of the way of the targets first.
  const above = 1 + Math.max(2, ...what.descriptors.map(([target]) => target));
  const copies: Fd[] = [];
  try {
    for (const [target, source] of what.descriptors) {
      const copy = duplicate(source, above);
      copies.push(copy);
      addDuplicate(actions, copy, target);
    }
    const { directory, leadsGroup = false } = what;
    if (directory !== undefined) startIn(actions, directory);
    const pid = new Int32Array(new ArrayBuffer(4));
    const path = cString(what.path), attr = attributes(leadsGroup);
    const args = vector(what.args), env = vector(what.env);
    const errno = launchFunction("posix_spawn")(
      addressOf(pid),
      addressOf(path),
      actions,
      addressOf(attr),
      addressOf(args.pointers),
      addressOf(env.pointers),
    );
    hold(path, attr, args, env);
    if (errno !== 0) throw new SyscallError("posix_spawn", errno, what.path);
    return pid[0]!;
  } finally {
    launchFunction("posix_spawn_file_actions_destroy")(actions);
    hold(room);
    for (const copy of copies) close(copy);
  }
}

/** glibc 2.29; it copies the path. */
function startIn(actions: bigint, directory: string): void {
  const library = Deno.dlopen("libc.so.6", {
    posix_spawn_file_actions_addchdir_np: {
      parameters: ["i64", "buffer"],
      result: "i32",
    },
  });
  const add = library.symbols.posix_spawn_file_actions_addchdir_np;
  add(actions, cString(directory));
  library.close();
}

/** Keeps what only an address points to from being collected until here. */
function hold(..._objects: readonly unknown[]): void {}
