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
import { callNumbers } from "../launch/seccomp/architectures.ts";
import { makeBundle } from "../tests/bundle.ts";
import type { Config } from "../tests/config.ts";
import { engineProfile } from "../tests/seccomp_profiles.ts";
import type { LoopJob } from "./bench_loop.ts";
import { median } from "./bench_sides.ts";
import { compile, CompileError } from "./deno_compile.ts";

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

/** Waits, in milliseconds. */
function sleep(time: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time);
}

/**
 * Times two commands in turns and prints their medians and ratio.
 * @param pause milliseconds before each run
 */
function compare(
  runs: number,
  [name, command]: [string, readonly string[]],
  [peerName, peer]: [string, readonly string[]],
  aim: string,
  pause = 0,
): void {
  const own: number[] = [];
  const other: number[] = [];
  for (let i = -2; i < runs; i++) { // the first two warm the page cache
    sleep(pause);
    const a = time(command);
    sleep(pause);
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
    try {
      return resident(Deno.readTextFileSync(pidFile));
    } finally {
      time([...global, "delete", "--force", id]);
    }
  });
  console.log(
    `a created container's init: davit ${sides[0]}, runc ${
      sides[1]
    } (aim: at most 64 kB)`,
  );
}

/** Times a process more in a container that waits, plain and as podman's. */
function compareExec(
  runs: number,
  folder: string,
  [own, runc]: readonly [readonly string[], readonly string[]],
): void {
  const id = `bench-exec-${Deno.pid}`;
  const waits = (config: Config) => {
    config.process.args = ["sleep", "1000000"];
  };
  const likePodmans = (config: Config) => {
    likeAnEngines(config);
    waits(config);
  };
  for (
    const [what, patch] of [["", waits], [
      " in one as podman's",
      likePodmans,
    ]] as const
  ) {
    const bundle = `${folder}/exec${what === "" ? "" : "-engine"}`;
    Deno.mkdirSync(bundle);
    makeBundle(bundle, "BENCH=1", patch, davit);
    const sides = [own, runc];
    try {
      for (const [i, side] of sides.entries()) {
        time([...side, "run", "--detach", "-b", bundle, `${id}-${i}`]);
      }
      compare(
        runs,
        [`davit exec${what}`, [...own, "exec", `${id}-0`, "/bin/true"]],
        ["runc exec", [...runc, "exec", `${id}-1`, "/bin/true"]],
        "aim: at most 0.9",
      );
    } finally {
      sides.forEach((side, i) =>
        time([...side, "delete", "--force", `${id}-${i}`])
      );
    }
  }
}

/**
 * Containers that each loop makes before any are counted: until then V8
 * optimizes, and a process that makes so many a second has made more.
 */
const WARM = 300;

/** Containers a second of this process, through the modules. */
async function inProcess(job: Omit<LoopJob, "name">, workers: number) {
  const source = new URL("./bench_loop.ts", import.meta.url);
  const loops = Array.from({ length: workers }, (_, i) => {
    const worker = new Worker(source, { type: "module" });
    const name = `bench-${Deno.pid}-${workers}-${i}`;
    const run = (count: number) =>
      new Promise<void>((resolve, reject) => {
        worker.onmessage = () => resolve();
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage({ ...job, name, count });
      });
    return { worker, run };
  });
  await Promise.all(loops.map(({ run }) => run(WARM)));
  const before = performance.now();
  await Promise.all(loops.map(({ run }) => run(job.count)));
  const spent = performance.now() - before;
  for (const { worker } of loops) worker.terminate();
  return workers * job.count / spent * 1000;
}

/** Containers a second of loops of `runc run`. */
async function runcLoops(job: Omit<LoopJob, "name">, loops: number) {
  const before = performance.now();
  const loop = async (name: number) => {
    for (let i = 0; i < job.count; i++) {
      const id = `bench-runc-${Deno.pid}-${name}-${i}`;
      const { success } = await new Deno.Command("runc", {
        args: ["--root", job.root, "run", "-b", job.bundle, id],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).output();
      if (!success) throw new Error("runc run failed");
    }
  };
  await Promise.all(Array.from({ length: loops }, (_, i) => loop(i)));
  return loops * job.count / (performance.now() - before) * 1000;
}

async function compareThroughput(
  folder: string,
  bundle: string,
  runs: number,
): Promise<void> {
  // More loops than processors: a container waits for the kernel's own threads.
  const processors = navigator.hardwareConcurrency;
  for (const loops of [1, processors, 2 * processors]) {
    const root = `${folder}/modules`;
    const own = await inProcess({ root, bundle, count: runs * 10 }, loops);
    const peerRoot = `${folder}/runc`;
    const peer = await runcLoops(
      { root: peerRoot, bundle, count: runs },
      loops,
    );
    console.log(
      `containers a second, ${loops} loop(s): davit's modules in one process ${
        own.toFixed(0)
      } (aim: at least 300), runc run ${peer.toFixed(0)}`,
    );
  }
}

/** What podman asks for by default: seccomp, masked paths, twenty mounts. */
function likeAnEngines(config: Config): void {
  const known = [...callNumbers("X86_64").keys()];
  config.process.args = ["/bin/true"];
  config.linux.seccomp = { ...engineProfile(known) };
  const bound = "hosts hostname resolv.conf passwd group shells issue motd " +
    "networks protocols services profile timezone";
  for (const name of bound.split(" ")) {
    config.mounts.push({
      destination: `/etc/${name}`,
      type: "bind",
      source: "/etc/hostname",
      options: ["bind", "rprivate", "nosuid", "nodev", "noexec"],
    });
  }
}

/** A program that only says hello, as `deno compile` makes it. */
function compileHello(folder: string): string {
  const source = `${folder}/hello.js`;
  Deno.writeTextFileSync(source, `console.log("hello");\n`);
  const output = `${folder}/hello`;
  compile(Deno.build.arch, source, output, ["--no-code-cache"]);
  return output;
}

/** Times `state`; says so where there is nothing to compare it with. */
function compareState(
  runs: number,
  folder: string,
  bundle: string,
  own: readonly string[],
): void {
  let hello: string;
  try {
    hello = compileHello(folder);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    console.log(`davit state: not compared. ${error.message}`);
    return;
  }
  const id = `bench-state-${Deno.pid}`;
  time([...own, "create", "-b", bundle, id]);
  try {
    compare(
      runs,
      ["davit state", [...own, "state", id]],
      ["a compiled hello", [hello]],
      "aim: at most 1.2",
    );
  } finally {
    time([...own, "delete", "--force", id]);
  }
}

async function main(): Promise<void> {
  const { runs } = parseArgs(Deno.args, { default: { runs: 100 } });
  // State is kept on a tmpfs, as below /run on most hosts.
  const folder = Deno.makeTempDirSync({
    dir: "/dev/shm",
    prefix: "davit-bench.",
  });
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
    // Back to back, runc is spared most waits for the kernel's cgroup lock,
    // for which a host that starts a container now and then waits.
    for (const pause of [0, 200]) {
      compare(
        runs,
        [`davit run, every ${pause} ms`, [
          ...own,
          "run",
          "-b",
          bundle,
          `${id}-run`,
        ]],
        ["runc run", [...runc, "run", "-b", bundle, `${id}-runc`]],
        "aim: at most 0.9",
        pause,
      );
    }
    const engine = `${folder}/engine`;
    Deno.mkdirSync(engine);
    makeBundle(engine, "BENCH=1", likeAnEngines, davit);
    compare(
      runs,
      ["davit run of a config as podman's", [
        ...own,
        "run",
        "-b",
        engine,
        `${id}-engine`,
      ]],
      ["runc run", [...runc, "run", "-b", engine, `${id}-peer`]],
      "aim: at most 0.9",
    );
    compareExec(runs, folder, [own, runc]);
    compareState(runs, folder, bundle, own);
    compareMemory(folder, bundle);
    await compareThroughput(folder, bundle, runs);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

await main();
