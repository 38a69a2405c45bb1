/**
 * Compiles Davit to one binary.
 *
 *     deno task compile [--target x86_64|aarch64] [--output FILE]
 *
 * Two steps. `deno bundle` minifies the sources and splits them at their
 * dynamic imports, so that a command loads only the code that it runs: V8
 * takes about 30 microseconds for each KB, used or not. Then `deno compile`
 * puts these files behind its base binary, without the V8 code cache: the
 * binary would read and write that at a guessable name in the temporary
 * folder, and root runs it.
 *
 * DENORT_BIN names a base binary that is there already; else Deno fetches it.
 */
import { parseArgs } from "@std/cli/parse-args";
import { dirname, fromFileUrl, join } from "@std/path/posix";

/** What a processor is called by Deno, and by the e_machine field of an ELF. */
const TARGETS: Record<string, { triple: string; machine: number }> = {
  x86_64: { triple: "x86_64-unknown-linux-gnu", machine: 62 },
  aarch64: { triple: "aarch64-unknown-linux-gnu", machine: 183 },
};
/** Exit status when only the base binary is out of reach. */
const NO_BASE = 3;
/**
 * A command runs for milliseconds: collecting its young garbage and optimizing
 * its functions cost more than they bring (a sixth of the time of `run`).
 */
const V8_FLAGS = "--min-semi-space-size=16,--no-sparkplug,--no-maglev,--no-opt";
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

function bundle(folder: string): string {
  const main = join(folder, "main.js");
  const result = command(Deno.execPath(), [
    "bundle",
    "--quiet",
    "--minify",
    "--code-splitting",
    `--outdir=${folder}`,
    "main.ts",
  ]);
  if (!result.success) {
    throw new CompileError(`Cannot bundle main.ts: ${cause(result.stderr)}`);
  }
  const mark = commit();
  for (const { name } of Deno.readDirSync(folder)) {
    const file = join(folder, name);
    const code = Deno.readTextFileSync(file);
    if (code.includes(COMMIT_MARK)) {
      Deno.writeTextFileSync(file, code.replaceAll(COMMIT_MARK, mark));
    }
  }
  return main;
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

function compile(target: string, main: string, output: string): void {
  const base = baseBinary(target);
  Deno.env.delete("DENORT_BIN"); // not inherited where it does not fit
  const partial = `${output}.${Deno.pid}`;
  try {
    const result = command(Deno.execPath(), [
      "compile",
      "--no-config",
      "--no-lock",
      "--no-check",
      "--no-code-cache",
      `--v8-flags=${V8_FLAGS}`,
      "--allow-all",
      `--target=${TARGETS[target]!.triple}`,
      `--output=${partial}`,
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
    Deno.renameSync(partial, output);
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

function main(args: string[]): void {
  const options = parseArgs(args, {
    string: ["target", "output"],
    unknown(argument: string) {
      throw new CompileError(
        `Unknown argument "${argument}": deno task compile [--target x86_64|aarch64] [--output FILE]`,
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
    compile(target, bundle(join(work, "js")), output);
  } finally {
    removeIfThere(work);
  }
  const size = (Deno.statSync(output).size / 1e6).toFixed(0);
  console.log(`${output}: ${size} MB, ${target}`);
}

try {
  main(Deno.args);
} catch (error) {
  if (!(error instanceof CompileError)) throw error;
  console.error(error.message);
  Deno.exit(error.status);
}
