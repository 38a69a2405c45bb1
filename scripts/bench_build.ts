/**
 * Times a standalone launcher of a bundle beside runc and crun: whole runs of
 * /bin/true of a static busybox, in turn.
 *
 *     deno run -A scripts/bench_build.ts [--runs N]
 *
 * Needs root. crun is compared where only cgroup v2 is mounted, in a mount
 * namespace of its own: it gives up on hosts with both.
 */
import { parseArgs } from "@std/cli/parse-args";
import { waitChild } from "../ffi/process.ts";
import { spawn } from "../ffi/spawn.ts";
import { build } from "../oci/build.ts";
import { makeBundle } from "../tests/bundle.ts";

const { runs, inner } = parseArgs(Deno.args, {
  string: ["runs", "inner"],
  default: { runs: "40" },
});
const ENV = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"];

/** Milliseconds of a whole run, from before it is started to its end. */
function timed(path: string, args: string[]): number {
  const began = performance.now();
  const pid = spawn({ path, args: [path, ...args], env: ENV, descriptors: [] });
  const ended = waitChild(pid);
  if (ended?.status !== 0) {
    throw new Error(`${path} ended with ${ended?.status}`);
  }
  return performance.now() - began;
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
}

async function compare(peer: string, cgroups: "host" | "v2"): Promise<void> {
  const folder = Deno.makeTempDirSync({ prefix: "davit-bench." });
  const id = `davit-bench-${Deno.pid}`;
  try {
    makeBundle(folder, "bench=1", (config) => {
      config.ociVersion = "1.0.2";
      config.process.args = ["/bin/true"];
      // crun raises a limit for device rules, which takes CAP_SYS_RESOURCE.
      config.linux.resources = { devices: [{ allow: true, access: "rwm" }] };
    });
    const { program } = await build({ bundle: folder, id, cgroups });
    const launcher = `${folder}/launcher`;
    Deno.writeFileSync(launcher, program, { mode: 0o755 });
    const path = new TextDecoder().decode(
      new Deno.Command("sh", { args: ["-c", `command -v ${peer}`] })
        .outputSync().stdout,
    ).trim();
    const args = ["run", "--bundle", folder, `${id}-peer`];
    const own: number[] = [], others: number[] = [];
    for (let i = -3; i < Number(runs); i++) {
      const pair = [timed(launcher, []), timed(path, args)] as const;
      if (i < 0) continue;
      own.push(pair[0]);
      others.push(pair[1]);
    }
    const ratios = own.map((time, i) => time / others[i]!);
    console.log(
      `launcher of ${(program.length / 1024).toFixed(0)} KB / ${peer} run: ` +
        `${median(ratios).toFixed(3)} (${median(own).toFixed(2)} / ` +
        `${median(others).toFixed(2)} ms), ${runs} runs`,
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

if (inner === "crun") await compare("crun", "v2");
else {
  await compare("runc", "host");
  const script = "mount --make-rprivate / && umount -R /sys/fs/cgroup && " +
    'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"';
  const { code } = new Deno.Command("unshare", {
    args: [
      "--mount",
      "sh",
      "-c",
      script,
      "sh",
      Deno.execPath(),
      "run",
      "-A",
      "--no-check",
      new URL(import.meta.url).pathname,
      "--inner=crun",
      `--runs=${runs}`,
    ],
    stdout: "inherit",
    stderr: "inherit",
  }).outputSync();
  if (code !== 0) console.log("crun cannot be compared here");
}
