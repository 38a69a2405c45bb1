/**
 * Compiles Davit to one binary.
 *
 *     deno task compile [--target x86_64|aarch64] [--output FILE] [--pie]
 *
 * First `deno bundle` minifies the sources and splits them at their dynamic
 * imports, so that a command loads only the code that it runs. What is seldom
 * needed becomes a file of its own with all that it needs: what it shares with
 * the commands that engines call would be cut into more files for them to load.
 * Then `deno compile` puts these files behind its base binary. For x86_64, on
 * x86_64, the result gets a prelude and the compiled code of the modules that
 * start-up is for (prelude.ts); elsewhere it has no code cache at all: by itself
 * Deno would keep it at a guessable name in the temporary folder, and root runs
 * this. For x86_64 the binary also gets a fixed place in memory (prelink.ts),
 * unless "--pie" is given.
 *
 * DENORT_BIN names a base binary that is there already; else Deno fetches it.
 */
import { parseArgs } from "@std/cli/parse-args";
import { basename, dirname, fromFileUrl, join } from "@std/path/posix";
import { codeCacheKey, readCodeCache, writeCodeCache } from "./code_cache.ts";
import { prelink } from "./prelink.ts";
import { addPrelude, cacheFile } from "./prelude.ts";

/** What a processor is called by Deno, and by the e_machine field of an ELF. */
const TARGETS: Record<string, { triple: string; machine: number }> = {
  x86_64: { triple: "x86_64-unknown-linux-gnu", machine: 62 },
  aarch64: { triple: "aarch64-unknown-linux-gnu", machine: 183 },
};
/** Exit status when only the base binary is out of reach. */
const NO_BASE = 3;
/**
 * A command runs for milliseconds: collecting its young garbage and optimizing
 * its functions cost more than they bring (a sixth of the time of `run`), and
 * so does machine code for regular expressions (a thirtieth).
 */
const V8_FLAGS =
  "--min-semi-space-size=4,--no-sparkplug,--no-maglev,--no-opt," +
  "--regexp-interpret-all";
/** With a code cache it pays to compile everything, and that in one go. */
const V8_CACHE_FLAGS = `${V8_FLAGS},--single-threaded,--no-lazy`;
const COMMIT_MARK = "@COMMIT@";

const repo = dirname(dirname(fromFileUrl(import.meta.url)));

/** An error that is told in one line. */
class CompileError extends Error {
  constructor(message: string, readonly status = 1) {
    super(message);
  }
}

interface Finished {
  success: boolean;
  stdout: string;
  stderr: string;
}

function command(
  program: string,
  args: string[],
  env: Record<string, string> = {},
): Finished {
  const { success, stdout, stderr } = new Deno.Command(program, {
    args,
    cwd: repo,
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
const ALONE = [
  { entry: "cmd/more.ts", source: "./cmd/more.ts", file: "more.js" },
  { entry: "oci/decisions.ts", source: "./decisions.ts", file: "decisions.js" },
  { entry: "oci/causes.ts", source: "./causes.ts", file: "causes.js" },
  { entry: "oci/orphans.ts", source: "./orphans.ts", file: "orphans.js" },
];

function bundle(folder: string): string {
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
    // The binary keeps the files' times: the same sources give the same bytes.
    Deno.utimeSync(file, 0, 0);
  }
  return join(folder, "main.js");
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

/** Whether a binary for `target` can get compiled code from this machine. */
function canCache(target: string): boolean {
  return target === "x86_64" && Deno.build.arch === target;
}

function compile(target: string, main: string, output: string): void {
  const base = baseBinary(target);
  Deno.env.delete("DENORT_BIN"); // not inherited where it does not fit
  const options = canCache(target)
    ? [`--v8-flags=${V8_CACHE_FLAGS}`]
    : [`--v8-flags=${V8_FLAGS}`, "--no-code-cache"];
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

/**
 * Adds V8's compiled code of the modules to a binary. A second binary makes
 * it: all it does is to load them.
 * @param folder where the modules are
 * @param name what the binary will be called
 */
async function addCodeCache(
  binary: string,
  { target, folder, name }: { target: string; folder: string; name: string },
): Promise<void> {
  // The whole cache is read at each start: it has only what start-up is for.
  const modules = Array.from(Deno.readDirSync(folder), ({ name }) => name)
    .sort()
    .filter((name) => !ALONE.some(({ file }) => file === name));
  const loader = join(folder, "loader.js");
  Deno.writeTextFileSync(
    loader,
    modules.map((module) => `import "./${module}";\n`).join(""),
  );
  const work = join(folder, "cache");
  Deno.mkdirSync(work);
  compile(target, loader, join(work, name));
  const { success, stderr } = command(join(work, name), [], { TMPDIR: work });
  if (!success) throw new CompileError(`Cannot load the modules: ${stderr}`);

  const made = readCodeCache(Deno.readFileSync(cacheFile(work, name)));
  const entries = made.filter(({ url }) => modules.includes(basename(url)))
    .sort((a, b) => a.url < b.url ? -1 : 1);
  if (entries.length !== modules.length) {
    throw new CompileError("Cannot make the code cache: a module is missing");
  }
  const home = `/run/davit-code-${await digest(entries.map((e) => e.head))}`;
  const bytes = Deno.readFileSync(binary);
  const moved = entries.map((entry) => ({
    ...entry,
    url: entry.url.replace(`file://${work}/`, `file://${home}/`),
  }));
  const cache = writeCodeCache(codeCacheKey(bytes), moved);
  Deno.writeFileSync(binary, addPrelude(bytes, { cache, folder: home, name }));
}

function giveAPlace(binary: string): void {
  const bytes = Deno.readFileSync(binary);
  prelink(bytes);
  Deno.writeFileSync(binary, bytes);
}

/** Eight bytes of a hash, in hexadecimal. */
async function digest(parts: Uint8Array[]): Promise<string> {
  const bytes = await new Blob(parts as Uint8Array<ArrayBuffer>[]).bytes();
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(hash, 0, 8).toHex();
}

/** The file is at `to` whole or not at all; that may be another disk. */
function moveFile(from: string, to: string): void {
  const partial = `${to}.${Deno.pid}`;
  try {
    Deno.copyFileSync(from, partial);
    Deno.renameSync(partial, to);
  } finally {
    removeIfThere(partial);
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function main(args: string[]): Promise<void> {
  const options = parseArgs(args, {
    string: ["target", "output"],
    boolean: ["pie"],
    unknown(argument: string) {
      throw new CompileError(
        `Unknown argument "${argument}": deno task compile [--target x86_64|aarch64] [--output FILE] [--pie]`,
      );
    },
  });
  const target = options.target ?? Deno.build.arch;
  if (!Object.hasOwn(TARGETS, target)) {
    throw new CompileError(
      `Unknown target "${target}": there are ${
        Object.keys(TARGETS).join(", ")
      }`,
    );
  }
  const ownName = target === Deno.build.arch ? "davit" : `davit-${target}`;
  const output = options.output === undefined
    ? join(repo, "dist", ownName)
    : join(options.output.startsWith("/") ? "/" : Deno.cwd(), options.output);
  Deno.mkdirSync(dirname(output), { recursive: true });
  const scratch = join(repo, ".cache");
  Deno.mkdirSync(scratch, { recursive: true });
  const work = Deno.makeTempDirSync({ dir: scratch, prefix: "compile." });
  try {
    const folder = join(work, "js");
    const binary = join(work, basename(output));
    compile(target, bundle(folder), binary);
    if (canCache(target)) {
      const name = basename(output);
      await addCodeCache(binary, { target, folder, name });
    }
    if (target === "x86_64" && !options.pie) giveAPlace(binary);
    moveFile(binary, output);
  } finally {
    removeIfThere(work);
  }
  const size = (Deno.statSync(output).size / 1e6).toFixed(0);
  console.log(`${output}: ${size} MB, ${target}`);
}

try {
  await main(Deno.args);
} catch (error) {
  if (!(error instanceof CompileError)) throw error;
  console.error(error.message);
  Deno.exit(error.status);
}
