/**
 * Feeds everything that comes from others with changed inputs.
 *
 *     deno task fuzz [--seconds N] [--seed N]
 *
 * A finding is printed with its input, and the exit status is 1.
 */
import { parseArgs } from "@std/cli/parse-args";
import { fuzz } from "./fuzz/run.ts";
import { targets } from "./fuzz/targets.ts";

/** More memory than this is a finding, in bytes. */
const MEMORY_MAX = 200e6;

/** The most memory that this process has had, in bytes. */
function peakMemory(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}

const options = parseArgs(Deno.args, {
  string: ["seconds", "seed"],
  default: { seconds: "60", seed: "20261125" },
});
const seconds = Number(options.seconds), seed = Number(options.seed);
const folder = Deno.makeTempDirSync({ prefix: "davit-fuzz." });
let outcomes;
try {
  outcomes = fuzz(targets(folder), seed, seconds * 1000);
} finally {
  Deno.removeSync(folder, { recursive: true });
}
let findings = 0, inputs = 0;
for (const outcome of outcomes) {
  inputs += outcome.inputs;
  findings += outcome.findings.length;
  console.log(
    `${outcome.name.padEnd(24)} ${
      String(outcome.inputs).padStart(9)
    } inputs, ` +
      `${String(outcome.refused).padStart(9)} refused, longest ` +
      `${outcome.longest.toFixed(1)} ms`,
  );
  for (const { input, why } of outcome.findings) {
    console.log(`  ${why}\n  input: ${input.slice(0, 2000)}`);
  }
}
const peak = peakMemory();
console.log(
  `${inputs} inputs, ${Math.round(inputs / seconds * 60)} a minute, seed ` +
    `${seed}, at most ${(peak / 1e6).toFixed()} MB, ${findings} findings`,
);
if (peak > MEMORY_MAX) console.log(`more memory than ${MEMORY_MAX / 1e6} MB`);
Deno.exit(findings > 0 || peak > MEMORY_MAX ? 1 : 0);
