/**
 * Time and memory of Davit beside runc, on this machine; needs root, runc,
 * busybox-static and dist/davit (deno task compile).
 *
 *     deno task bench [--runs N]
 *
 * Runs of the two sides alternate, so that whatever else the machine does
 * meets both. Prints medians; asserts nothing.
 */
import { parseArgs } from "@std/cli/parse-args";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { waitChild } from "../ffi/process.ts";
import { create } from "../oci/create.ts";
import { silent } from "../oci/logger.ts";
import { remove } from "../oci/remove.ts";
import { start } from "../oci/start.ts";
import { makeBundle } from "../tests/bundle.ts";

const repo = dirname(dirname(fromFileUrl(import.meta.url)));
const davit = join(repo, "dist/davit");

/** Runs a program to its end, with no output; gives the milliseconds. */
function time(command: readonly string[]): number {
  const [program, ...args] = command;
  const before = performance.now();
  const { success } = new Deno.Command(program!, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).outputSync();
  const spent = performance.now() - before;
  if (!success) throw new Error(`it failed: ${command.join(" ")}`);
  return spent;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Times two commands in turns and prints their medians and ratio. */
function compare(
  runs: number,
  [name, command]: [string, readonly string[]],
  [peerName, peer]: [string, readonly string[]],
  aim: string,
): void {
  const own: number[] = [];
  const other: number[] = [];
  for (let i = -2; i < runs; i++) { // the first two warm the page cache
    const a = time(command);
    const b = time(peer);
    if (i < 0) continue;
    own.push(a);
    other.push(b);
  }
  const [a, b] = [median(own), median(other)];
  console.log(
    `${name}: ${a.toFixed(1)} ms, ${peerName}: ${b.toFixed(1)} ms, ratio ${
      (a / b).toFixed(2)
    } (${aim}; medians of ${runs})`,
  );
}

function resident(pid: string): string {
  const status = Deno.readTextFileSync(`/proc/${pid.trim()}/status`);
  return /^VmRSS:\s*(.*)$/m.exec(status)?.[1] ?? "unknown";
}

/** Prints the memory that a created container's init takes, on both sides. */
function compareMemory(folder: string, bundle: string): void {
  const sides = [davit, "runc"].map((runtime, i) => {
    const global = [runtime, "--root", `${folder}/memory-${i}`];
    const pidFile = `${folder}/pid-${i}`;
    const id = `bench-memory-${i}-${Deno.pid}`;
    time([...global, "create", "-b", bundle, "--pid-file", pidFile, id]);
    const memory = resident(Deno.readTextFileSync(pidFile));
    time([...global, "delete", "--force", id]);
    return memory;
  });
  console.log(
    `a created container's init: davit ${sides[0]}, runc ${
      sides[1]
    } (aim: at most 64 kB)`,
  );
}

/** Containers a second of one process, through the modules. */
function inProcess(root: string, bundle: string, count: number): number {
  const runtime = { root, log: silent };
  const one = (id: string) => {
    const { pid } = create(runtime, { id, bundle });
    start(runtime, id);
    waitChild(pid);
    remove(runtime, id, { force: false });
  };
  for (let i = 0; i < 20; i++) one(`bench-warm-${Deno.pid}-${i}`);
  const before = performance.now();
  for (let i = 0; i < count; i++) one(`bench-${Deno.pid}-${i}`);
  return count / (performance.now() - before) * 1000;
}

function compareThroughput(folder: string, bundle: string, runs: number) {
  const own = inProcess(`${folder}/modules`, bundle, runs * 10);
  const before = performance.now();
  for (let i = 0; i < runs; i++) {
    const id = `bench-runc-${Deno.pid}-${i}`;
    time(["runc", "--root", `${folder}/runc`, "run", "-b", bundle, id]);
  }
  const peer = runs / (performance.now() - before) * 1000;
  console.log(
    `containers a second: davit's modules in one process ${
      own.toFixed(0)
    } (aim: at least 300), a loop of runc run ${peer.toFixed(0)}`,
  );
}

/** A program that only says hello, compiled as Davit is. */
function compileHello(folder: string): string {
  const source = `${folder}/hello.js`;
  Deno.writeTextFileSync(source, `console.log("hello");\n`);
  const flags = ["--no-config", "--no-check", "--no-code-cache", "-A"];
  const output = `${folder}/hello`;
  time([Deno.execPath(), "compile", ...flags, `--output=${output}`, source]);
  return output;
}

function main(): void {
  const { runs } = parseArgs(Deno.args, { default: { runs: 40 } });
  const folder = Deno.makeTempDirSync({ prefix: "davit-bench." });
  try {
    const bundle = `${folder}/bundle`;
    Deno.mkdirSync(bundle);
    makeBundle(
      bundle,
      "BENCH=1",
      (config) => config.process.args = ["/bin/true"],
      davit,
    );
    const id = `bench-${Deno.pid}`;
    const own = [davit, "--root", `${folder}/root`];
    const runc = ["runc", "--root", `${folder}/runc`];
    compare(
      runs,
      ["davit run", [...own, "run", "-b", bundle, `${id}-run`]],
      ["runc run", [...runc, "run", "-b", bundle, `${id}-runc`]],
      "aim: at most 0.9",
    );
    time([...own, "create", "-b", bundle, id]);
    compare(
      runs,
      ["davit state", [...own, "state", id]],
      ["a compiled hello", [compileHello(folder)]],
      "aim: at most 1.2",
    );
    time([...own, "delete", "--force", id]);
    compareMemory(folder, bundle);
    compareThroughput(folder, bundle, runs);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

main();
