/**
 * Why a file in a root file system cannot be run: execve(2) says ENOENT also
 * when it is the interpreter that is missing, and ENOEXEC of many things.
 *
 * @module
 */

import { E, errnoText } from "../ffi/errno.ts";
import {
  type Fd,
  Handle,
  O,
  open,
  read,
  RESOLVE,
  tryOpenat2,
} from "../ffi/fd.ts";
import { fstat, S } from "../ffi/files.ts";
import type { Arch } from "../ffi/syscall_numbers.ts";
import { quote } from "./quote.ts";
import type { Process } from "./spec_process.ts";

/** What is in a program's way. */
export interface ProgramProblem {
  /** The errno with which the kernel would refuse it. */
  readonly errno: number;
  /** What was found, to follow the program's name. */
  readonly message: string;
  readonly mend: string;
  /** Whether there is no such file at all. */
  readonly absent?: boolean;
}

/** Where programs are looked for without a PATH, as the launch does. */
const DEFAULT_PATH =
  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Where the launch looks for a process's program, as absolute paths. */
export function programPlaces(
  { args = [], cwd, env = [] }: Partial<Process>,
): string[] {
  const [name = ""] = args;
  const below = (path: string) =>
    path.startsWith("/") ? path : `${cwd ?? ""}/${path}`;
  if (name.includes("/")) return [below(name)];
  const path = env.findLast((entry) => entry.startsWith("PATH="))
    ?.slice("PATH=".length) ?? DEFAULT_PATH;
  return path.split(":").map((folder) => below(`${folder}/${name}`));
}

/** The kernel reads so much of a file to see what it is, execve(2). */
const HEAD = 256;
/** How often one script may be run by another, execve(2). */
const DEPTH = 5;
const ANY_EXECUTE = 0o111;
const PT_INTERP = 3, PROGRAM_HEADER = 56;
/** The processors that an ELF file's e_machine may name, elf(5). */
const MACHINES: Readonly<Record<number, string>> = {
  3: "x86",
  8: "mips",
  20: "powerpc",
  21: "ppc64",
  22: "s390",
  40: "arm",
  62: "x86_64",
  183: "aarch64",
  243: "riscv",
  258: "loongarch",
};
/** What else than its own a processor runs. */
const RUNS: Readonly<Record<Arch, readonly number[]>> = {
  x86_64: [62, 3],
  aarch64: [183, 40],
};

/**
 * What keeps the program `path`, an absolute path, from being run below the
 * root file system `root`; undefined where nothing is found.
 */
export function programProblem(
  root: Fd,
  path: string,
  arch: Arch,
  depth = 0,
): ProgramProblem | undefined {
  const found = tryOpenat2(root, path, {
    flags: O.PATH,
    resolve: RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS,
  });
  if (found < 0) return missing(-found);
  using file = new Handle(found as Fd);
  const { mode } = fstat(file.fd);
  if ((mode & S.IFMT) !== S.IFREG) {
    const what = (mode & S.IFMT) === S.IFDIR ? "a directory" : "no file";
    return {
      errno: E.EACCES,
      message: `is ${what}`,
      mend: "name a program",
    };
  }
  if ((mode & ANY_EXECUTE) === 0) {
    return {
      errno: E.EACCES,
      message: "is not executable",
      mend: `chmod +x ${path}`,
    };
  }
  const head = readHead(file.fd);
  if (head === undefined) return undefined; // may be run, but not read
  if (head[0] === 0x23 && head[1] === 0x21) {
    return scriptProblem(root, head, arch, depth);
  }
  if (String.fromCharCode(...head.subarray(0, 4)) === "\x7fELF") {
    return elfProblem(root, file.fd, head, arch, depth);
  }
  return {
    errno: E.ENOEXEC,
    message: head.length === 0
      ? "is empty"
      : "is no program: it begins neither as ELF does nor with #!",
    mend: "begin a script with #! and its interpreter, such as #!/bin/sh",
  };
}

function missing(errno: number): ProgramProblem {
  return {
    errno,
    absent: errno === E.ENOENT || errno === E.ENOTDIR,
    message: errno === E.ENOENT
      ? "is not in the root file system"
      : `cannot be looked at: ${errnoText(errno)}`,
    mend: "check the path, and that root.path has its files",
  };
}

function readHead(fd: Fd): Uint8Array | undefined {
  try {
    using file = new Handle(open(`/proc/self/fd/${fd}`, O.RDONLY));
    const bytes = new Uint8Array(HEAD);
    return bytes.subarray(0, read(file.fd, bytes));
  } catch {
    return undefined;
  }
}

/** Looks at what the first line of a script names. */
function scriptProblem(
  root: Fd,
  head: Uint8Array,
  arch: Arch,
  depth: number,
): ProgramProblem | undefined {
  const [line = ""] = new TextDecoder().decode(head.subarray(2)).split("\n");
  const [interpreter = ""] = line.trimStart().split(/[ \t]/);
  if (interpreter.endsWith("\r")) {
    return {
      errno: E.ENOENT,
      message: `asks for the interpreter ${quote(interpreter)}: its first ` +
        "line ends with a carriage return (CRLF)",
      mend: "save it with Unix line ends",
    };
  }
  if (interpreter === "") {
    return {
      errno: E.ENOEXEC,
      message: "names no interpreter after #!",
      mend: "begin it with an interpreter, such as #!/bin/sh",
    };
  }
  if (depth >= DEPTH) {
    return {
      errno: E.ELOOP,
      message: "is run by scripts that run each other",
      mend: "name a program after #!",
    };
  }
  // A path that is relative starts from where the program runs.
  if (!interpreter.startsWith("/")) return undefined;
  const problem = programProblem(root, interpreter, arch, depth + 1);
  return problem && {
    errno: problem.errno,
    message: `asks for the interpreter ${quote(interpreter)}, which ` +
      problem.message,
    mend: problem.errno === E.ENOENT
      ? "install it there, or name one that is there"
      : problem.mend,
  };
}

/** Looks at the processor, and at the loader that a dynamic program names. */
function elfProblem(
  root: Fd,
  fd: Fd,
  head: Uint8Array,
  arch: Arch,
  depth: number,
): ProgramProblem | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (head.length < 64) {
    const mend = "copy the program again";
    return { errno: E.ENOEXEC, message: "is a cut-off ELF file", mend };
  }
  const machine = view.getUint16(18, head[5] !== 2);
  if (!RUNS[arch].includes(machine)) {
    return {
      errno: E.ENOEXEC,
      message: `is for the processor ${MACHINES[machine] ?? machine}, this ` +
        `host's is ${arch}`,
      mend: `use a root file system for ${arch}`,
    };
  }
  const loader = head[4] === 2 ? loaderOf(fd, view) : undefined;
  if (loader === undefined || depth >= DEPTH) return undefined;
  const problem = programProblem(root, loader, arch, DEPTH);
  return problem && {
    errno: problem.errno,
    message: `needs the loader ${quote(loader)}, which ${problem.message}`,
    mend: "install the libraries that it was linked with, or link it " +
      "statically",
  };
}

/** What the header PT_INTERP of a 64-bit ELF names. */
function loaderOf(fd: Fd, view: DataView): string | undefined {
  const [at, count] = [
    Number(view.getBigUint64(32, true)),
    view.getUint16(56, true),
  ];
  try {
    using file = Deno.openSync(`/proc/self/fd/${fd}`);
    const part = (offset: number, size: number) => {
      file.seekSync(offset, Deno.SeekMode.Start);
      const bytes = new Uint8Array(size);
      return bytes.subarray(0, file.readSync(bytes) ?? 0);
    };
    const headers = part(at, Math.min(count, 64) * PROGRAM_HEADER);
    const table = new DataView(headers.buffer, 0, headers.length);
    for (let i = 0; i + PROGRAM_HEADER <= headers.length; i += PROGRAM_HEADER) {
      if (table.getUint32(i, true) !== PT_INTERP) continue;
      const offset = Number(table.getBigUint64(i + 8, true));
      const size = Number(table.getBigUint64(i + 32, true));
      const name = new TextDecoder().decode(part(offset, Math.min(size, 4096)));
      return name.split("\0")[0];
    }
  } catch {
    // What cannot be read is not judged.
  }
  return undefined;
}
