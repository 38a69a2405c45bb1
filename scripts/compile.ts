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
import { basename, dirname, join } from "@std/path/posix";
import {
  bundle,
  compile,
  CompileError,
  REPO,
  TARGETS,
} from "./deno_compile.ts";
import { addCodeCaches } from "./make_code_caches.ts";
import { prelink } from "./prelink.ts";

/**
 * A command runs for milliseconds: collecting its young garbage and optimizing
 * its functions cost more than they bring (a sixth of the time of `run`), and
 * so do machine code for regular expressions (a thirtieth) and optimizing
 * these. So V8 never makes machine code, and needs no memory for it that can
 * be both written and executed.
 */
const V8_FLAGS = "--min-semi-space-size=4,--jitless,--no-opt,--no-maglev," +
  "--no-sparkplug,--regexp-interpret-all,--no-regexp-peephole-optimization";
/** With a code cache little is left for other threads to do. */
const V8_CACHE_FLAGS = `${V8_FLAGS},--single-threaded`;

/** Whether a binary for `target` can get compiled code from this machine. */
function canCache(target: string): boolean {
  return target === "x86_64" && Deno.build.arch === target;
}

function giveAPlace(binary: string): void {
  const bytes = Deno.readFileSync(binary);
  prelink(bytes);
  Deno.writeFileSync(binary, bytes);
}

/** The file is at `to` whole or not at all; that may be another disk. */
function moveFile(from: string, to: string): void {
  const partial = `${to}.${Deno.pid}`;
  try {
    Deno.copyFileSync(from, partial);
    // Pages that are not on the disk yet are mapped one by one: a process that
    // starts takes a third more faults.
    using file = Deno.openSync(partial, { write: true });
    file.syncSync();
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
    ? join(REPO, "dist", ownName)
    : join(options.output.startsWith("/") ? "/" : Deno.cwd(), options.output);
  Deno.mkdirSync(dirname(output), { recursive: true });
  const scratch = join(REPO, ".cache");
  Deno.mkdirSync(scratch, { recursive: true });
  const work = Deno.makeTempDirSync({ dir: scratch, prefix: "compile." });
  try {
    const folder = join(work, "js");
    const binary = join(work, basename(output));
    const flags = canCache(target) ? V8_CACHE_FLAGS : V8_FLAGS;
    compile(target, bundle(folder), binary, [
      `--v8-flags=${flags}`,
      ...canCache(target) ? [] : ["--no-code-cache"],
    ]);
    if (canCache(target)) {
      await addCodeCaches(binary, { target, folder, flags });
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
