/**
 * Running Deno's own tools: the sources become files of JavaScript, those a
 * binary.
 *
 * @module
 */

import { dirname, fromFileUrl, join } from "@std/path/posix";
import { xxhash64 } from "./xxhash64.ts";

/** What a processor is called by Deno, and by the e_machine field of an ELF. */
export const TARGETS: Record<string, { triple: string; machine: number }> = {
  x86_64: { triple: "x86_64-unknown-linux-gnu", machine: 62 },
  aarch64: { triple: "aarch64-unknown-linux-gnu", machine: 183 },
};
/** Exit status when only the base binary is out of reach. */
const NO_BASE = 3;
const COMMIT_MARK = "@COMMIT@";

/** The folder of the sources. */
export const REPO = dirname(dirname(fromFileUrl(import.meta.url)));

/** An error that is told in one line. */
export class CompileError extends Error {
  constructor(message: string, readonly status = 1) {
    super(message);
  }
}

/** What a program that has ended said. */
export interface Finished {
  success: boolean;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, in the folder of the sources or another one. */
export function command(
  program: string,
  args: string[],
  env: Record<string, string> = {},
  cwd: string = REPO,
): Finished {
  const { success, stdout, stderr } = new Deno.Command(program, {
    args,
    cwd,
    env: { NO_COLOR: "1", ...env },
  }).outputSync();
  const text = new TextDecoder();
  return { success, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** The commit of the sources, with "-dirty" where files differ from it. */
function commit(): string {
  try {
    const head = command("git", ["rev-parse", "HEAD"]);
    if (!head.success) return "unknown";
    const status = command("git", ["status", "--porcelain"]);
    return head.stdout.trim() + (status.stdout.trim() === "" ? "" : "-dirty");
  } catch {
    return "unknown"; // no git here
  }
}

/** Which processor an ELF file is for: its e_machine field; 0 for no ELF. */
function elfMachine(path: string): number {
  const header = new Uint8Array(20);
  using file = Deno.openSync(path);
  if (file.readSync(header) !== 20 || header[0] !== 0x7f) return 0;
  return header[18]! | header[19]! << 8;
}

/**
 * Programs of their own, with their own copies of all that they need: what
 * those who import them call them, and the files that they become.
 */
export const ALONE = [
  { entry: "cmd/more.ts", source: "./cmd/more.ts", file: "more.js" },
  { entry: "oci/decisions.ts", source: "./decisions.ts", file: "decisions.js" },
  { entry: "oci/causes.ts", source: "./causes.ts", file: "causes.js" },
  { entry: "oci/orphans.ts", source: "./orphans.ts", file: "orphans.js" },
  {
    entry: "oci/seccomp_part.ts",
    source: "./seccomp_part.ts",
    file: "seccomp_part.js",
  },
  {
    entry: "ffi/own_syscall.ts",
    source: "./own_syscall.ts",
    file: "own_syscall.js",
  },
  {
    entry: "cmd/runc_words.ts",
    source: "./runc_words.ts",
    file: "runc_words.js",
  },
];

/**
 * Writes the files of JavaScript into `folder`.
 *
 * @returns the path of the first one to load
 * @throws {CompileError}
 */
export function bundle(folder: string): string {
  bundleEntry("main.ts", ["--code-splitting", `--outdir=${folder}`]);
  for (const { entry, file } of ALONE) {
    bundleEntry(entry, [`--output=${join(folder, file)}`]);
  }
  const mark = commit();
  for (const { name } of Deno.readDirSync(folder)) {
    const file = join(folder, name);
    const code = Deno.readTextFileSync(file);
    const marked = code.replaceAll(COMMIT_MARK, mark);
    const whole = ALONE.reduce(
      (text, { source, file }) => text.replaceAll(`"${source}"`, `"./${file}"`),
      marked,
    );
    if (whole !== code) Deno.writeTextFileSync(file, whole);
  }
  nameByContent(folder);
  return join(folder, "main.js");
}

/** What Deno makes unique in the name of a file that others share. */
const UNIQUE = /-[A-Z0-9]{8}(?=\.js)/g;

/**
 * Gives the files of `folder` names and times that come of what is in them
 * alone: Deno's come of where sources and packages lie as well, and the binary
 * keeps both.
 *
 * @throws {CompileError} two would have one name
 */
export function nameByContent(folder: string): void {
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name);
  const texts = new Map(
    files.map((name) => [name, Deno.readTextFileSync(join(folder, name))]),
  );
  const names = new Map<string, string>();
  for (const [name, text] of texts) {
    const unique = name.match(UNIQUE)?.[0];
    if (unique === undefined) continue;
    // The names of others in it are not known yet.
    const bytes = new TextEncoder().encode(text.replaceAll(UNIQUE, ""));
    const hash = xxhash64(bytes).toString(36).toUpperCase().padStart(8, "0");
    names.set(unique, `-${hash.slice(-8)}`);
  }
  if (new Set(names.values()).size < names.size) {
    throw new CompileError("Cannot bundle: two files have the same content");
  }
  const renamed = (text: string) =>
    text.replaceAll(UNIQUE, (unique) => names.get(unique) ?? unique);
  for (const [name, text] of texts) {
    const file = join(folder, renamed(name));
    Deno.removeSync(join(folder, name));
    Deno.writeTextFileSync(file, renamed(text));
    Deno.utimeSync(file, 0, 0);
  }
}

function bundleEntry(entry: string, options: string[]): void {
  const apart = ALONE.filter((other) => other.entry !== entry)
    .map(({ source }) => `--external=${source}`);
  const args = ["bundle", "--quiet", "--minify", ...apart, ...options, entry];
  const { success, stderr } = command(Deno.execPath(), args);
  if (success) return;
  throw new CompileError(`Cannot bundle ${entry}: ${cause(stderr)}`);
}

/** The lines of an error of Deno that name its causes, in one. */
function cause(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const end = lines.findIndex((line) => line.startsWith("Stack backtrace"));
  const kept = lines.slice(0, end < 0 ? undefined : end).filter((line) =>
    line !== "" && line !== "Caused by:" && !/^(Compile|Download) /.test(line)
  );
  return kept.map((line) => line.replace(/^(error: |\d+: )/, "")).join(": ");
}

/** The base binary to name in DENORT_BIN; none: Deno fetches it. */
function baseBinary(target: string): string | undefined {
  const base = Deno.env.get("DENORT_BIN");
  if (base === undefined || base === "") return undefined;
  let machine: number;
  try {
    machine = elfMachine(base);
  } catch (error) {
    throw new CompileError(
      `Cannot read the base binary "${base}" (DENORT_BIN): ${
        error instanceof Error ? error.message : error
      }`,
    );
  }
  // deno compile takes any DENORT_BIN for any target.
  return machine === TARGETS[target]!.machine ? base : undefined;
}

/**
 * Makes a binary for `target`, a key of TARGETS, that runs `main`.
 *
 * @param options of `deno compile`
 * @throws {CompileError}
 */
export function compile(
  target: string,
  main: string,
  output: string,
  options: readonly string[],
): void {
  const base = baseBinary(target);
  Deno.env.delete("DENORT_BIN"); // not inherited where it does not fit
  const result = command(Deno.execPath(), [
    "compile",
    "--no-config",
    "--no-lock",
    "--no-check",
    "--allow-all",
    ...options,
    `--target=${TARGETS[target]!.triple}`,
    `--output=${output}`,
    main,
  ], base === undefined ? {} : { DENORT_BIN: base });
  if (!result.success) {
    throw /Setting up base binary/.test(result.stderr)
      ? new CompileError(
        `Cannot compile for ${target}: Deno's base binary for it could not be fetched; on a machine without that download, set DENORT_BIN to a denort ${Deno.version.deno} for ${target}`,
        NO_BASE,
      )
      : new CompileError(
        `Cannot compile for ${target}: ${cause(result.stderr)}`,
      );
  }
  if (base !== undefined) Deno.env.set("DENORT_BIN", base);
}
