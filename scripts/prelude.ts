/**
 * Adds the prelude and V8's code cache to a compiled binary.
 *
 * The prelude is a few instructions of machine code that run before Deno's.
 * First they look for a shortcut: where the command is a plain `start`, `kill`
 * or `delete`, the container's folder may hold a program that does it
 * (oci/shortcuts.ts) in a fraction of the time that Deno takes to begin; where
 * it fails, Deno begins. `delete --force` of what is not there ends at once.
 * Arguments that Deno does not live through are refused: those that are not
 * UTF-8, and a first one that is the binary's own path.
 *
 * A binary made by `deno compile` reads compiled code from
 * `$TMPDIR/deno-compile-NAME.cache` and writes it there when it is missing:
 * half of the time of `davit run` is V8's compiler, but the temporary folder is
 * anybody's. So the prelude lays a code cache, which is made when Davit is
 * compiled and comes inside the binary, below /run, where only root can, and
 * points TMPDIR there; where that is not possible, to a place where no file can
 * be. So the temporary folder is never used, and Deno never writes the cache
 * itself. Deno reads the whole of a cache: there is one for each kind of
 * commands. The binary may have any name of up to 29 letters, digits, dots,
 * hyphens and underscores; with another one it has no cache, and takes longer.
 *
 * Last, the prelude lets the heap begin with what Deno takes of it at its
 * start, and puts the pages of V8's heap, which it gives in place of libc's
 * mmap, into huge pages where the host has some free: page by page the kernel
 * takes a tenth of the time of `davit run` to give that memory.
 *
 * @module
 */

import { ElfFile, type LoadSegment } from "./elf_file.ts";
import { CODE } from "./prelude/x86_64.ts";

/** A code cache for some commands. */
export interface Cache {
  /** Its commands; for all others, the first cache is used. */
  readonly words: readonly string[];
  /**
   * Its content: each URL begins with `file://` and the path of cacheFolder()
   * for some name of the binary, then `/deno-compile-` and that name.
   */
  readonly content: Uint8Array;
  /** Tells it from all others: 64 digits or so. */
  readonly digest: string;
}

/** What the prelude needs to know. */
export interface Prelude {
  /** At least one. */
  readonly caches: readonly Cache[];
  /** How the paths of their folders begin: in a folder of root's. */
  readonly home: string;
}

const PAGE = 4096n;
/** Where in the machine code the functions are that replace libc's. */
const REPLACED = { mmap: 8n, mmap64: 8n, munmap: 16n, madvise: 24n };

/** A signal's names, each with the shortcut of its `kill`. */
function signals(file: string, ...names: string[]): string {
  return names.map((name) => `${name}\0${file}\0`).join("");
}

/** What is looked for in the command line and the environment, or built. */
const WORDS = [
  "NOTIFY_SOCKET=",
  "XDG_RUNTIME_DIR=",
  "--log-format=json",
  "--log",
  "--log-format",
  "--root",
  "start",
  "delete",
  "--force",
  "/run/davit",
  "containers-mapping/",
  "kill",
  "--all",
  signals("kill-9", "9", "KILL", "SIGKILL") +
  signals("kill-15", "15", "TERM", "SIGTERM"),
  signals("kill-all-9", "9", "KILL", "SIGKILL"),
  "An argument is not UTF-8, and Davit takes no other: the program can make " +
  "such bytes inside the container (sh -c 'printf \"\\377\"')\n",
  "Davit's own path is no command; see davit --help\n",
  "USER=root",
  "davit",
  "/proc/self/ns/user",
];
/** What is around the binary's name in the path of its cache. */
const BEFORE_NAME = "/deno-compile-", BEHIND_NAME = ".cache";
/** How long a binary's name and the digits of a folder are together. */
const SPELLED = 45;
/** Nothing can be below it. */
const NOWHERE = "/dev/null";

/**
 * The binary with the prelude as its first code.
 *
 * @throws {Error} it is no ELF file as `deno compile` makes it
 */
export function addPrelude(
  binary: Uint8Array,
  prelude: Prelude,
): Uint8Array<ArrayBuffer> {
  const elf = new ElfFile(binary.slice());
  const state = elf.reserveZeroed(32);
  const address = alignUp(elf.end, PAGE);
  const content = machineCode(prelude, {
    entry: elf.entry - address,
    setenv: elf.importSlot("setenv") - address,
    dlsym: elf.importSlot("dlsym") - address,
    syscall: elf.importSlot("syscall") - address,
    malloc: elf.importSlot("malloc") - address,
    state: state - address,
  });
  const offset = alignUp(BigInt(binary.length), PAGE);
  const segment: LoadSegment = { offset, address, size: content.length };
  const whole = new Uint8Array(Number(offset) + content.length);
  whole.set(elf.bytes);
  whole.set(content, Number(offset));
  const changed = new ElfFile(whole);
  changed.replaceNote(segment);
  changed.entry = address;
  for (const [name, at] of Object.entries(REPLACED)) {
    changed.replaceImport(name, address + at);
  }
  return whole;
}

/** What the machine code reaches outside of itself. */
type Outside = "entry" | "setenv" | "dlsym" | "syscall" | "malloc" | "state";

/** The code, its table and what the table points to. */
function machineCode(
  { caches, home }: Prelude,
  outside: Readonly<Record<Outside, bigint>>,
): Uint8Array {
  const code = Uint8Array.fromHex(CODE.replaceAll(" ", ""));
  const rest = new Pool(8 * (FIELDS + caches.length * ROW + 1));
  // As the names at the top of prelude/x86_64.s; from the table's address.
  const table = BigInt64Array.from([
    outside.entry - BigInt(code.length),
    outside.setenv - BigInt(code.length),
    outside.dlsym - BigInt(code.length),
    rest.string(home),
    BigInt(new TextEncoder().encode(home).length),
    rest.string(NOWHERE),
    rest.string("TMPDIR"),
    rest.string("/proc/self/exe"),
    rest.string("mallopt"),
    ...WORDS.map((word) => rest.string(word)),
    outside.syscall - BigInt(code.length),
    outside.state - BigInt(code.length),
    outside.malloc - BigInt(code.length),
    rest.string(BEFORE_NAME),
    rest.string(BEHIND_NAME),
    rest.string("/proc/buddyinfo"),
    ...caches.flatMap(({ words, content, digest }) => [
      rest.string(words.map((word) => `${word}\0`).join("")),
      rest.bytes(content),
      BigInt(content.length),
      rest.string(digest),
    ]),
    0n,
  ]);
  return concatenate([code, new Uint8Array(table.buffer), ...rest.parts]);
}

/** Words of the table before the rows of the caches, and of each row. */
const FIELDS = 15 + WORDS.length, ROW = 4;

/** What stands behind a table: where it is, from the table's address. */
class Pool {
  readonly parts: Uint8Array[] = [];
  #end: number;

  /** @param start where the first part is */
  constructor(start: number) {
    this.#end = start;
  }

  bytes(part: Uint8Array): bigint {
    const start = this.#end;
    this.parts.push(part);
    this.#end += part.length;
    return BigInt(start);
  }

  string(text: string): bigint {
    return this.bytes(new TextEncoder().encode(`${text}\0`));
  }
}

/** Where a compiled Deno looks for the code cache of a binary. */
export function cacheFile(folder: string, name: string): string {
  return folder + BEFORE_NAME + name + BEHIND_NAME;
}

/** The folder where the prelude lays a cache for a binary of this name. */
export function cacheFolder(
  home: string,
  digest: string,
  name: string,
): string {
  return home + digest.slice(0, SPELLED - name.length);
}

/** The bytes of `parts`, one after the other. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function alignUp(value: bigint, size: bigint): bigint {
  return (value + size - 1n) / size * size;
}
