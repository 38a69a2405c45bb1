/**
 * Runs many short jobs, a few at a time, each in a container with limits, and
 * collects what they print.
 *
 *     deno run -A examples/jobs.ts BUNDLE [JOBS]
 */
import { type ProgramEnd, run, type Spec } from "../mod.ts";

const [bundle, jobs = "100"] = Deno.args;
if (bundle === undefined) throw new Error("name a bundle");
const AT_ONCE = 4;

const base: Spec = JSON.parse(Deno.readTextFileSync(`${bundle}/config.json`));

/** The bundle's configuration for one job. */
function job(number: number): Spec {
  return {
    ...base,
    process: {
      ...base.process!,
      terminal: false,
      args: ["sh", "-c", `echo "job ${number} has pid $$"`],
    },
    linux: {
      ...base.linux,
      resources: {
        ...base.linux?.resources,
        memory: { limit: 32 << 20 },
        pids: { limit: 16 },
      },
    },
  };
}

const ends: ProgramEnd[] = [];
let next = 0;

async function worker(): Promise<void> {
  while (next < Number(jobs)) {
    const number = next++;
    ends[number] = await run(`job-${Deno.pid}-${number}`, {
      bundle: bundle!,
      spec: job(number),
      stdout: "captured",
      stderr: "captured",
    });
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, worker));
for (const { stdout, stderr } of ends) {
  Deno.stdout.writeSync(new TextEncoder().encode(stdout + stderr));
}
const failed = ends.filter(({ status }) => status !== 0).length;
console.log(`${ends.length} jobs, ${failed} failed`);
Deno.exit(failed === 0 ? 0 : 1);
