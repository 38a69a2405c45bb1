/**
 * Makes containers for a long time in one process, through the API, and tells
 * what that process holds.
 *
 *     deno task soak [--seconds N] [--count N]
 *
 * Needs root. It ends after so many seconds, or containers, whichever is
 * first. The exit status is 1 when memory or descriptors grow.
 */
import { parseArgs } from "@std/cli/parse-args";
import { create } from "../mod.ts";
import { makeBundle } from "../tests/bundle.ts";

const options = parseArgs(Deno.args, {
  string: ["seconds", "count"],
  default: { seconds: "600", count: "10000" },
});
const seconds = Number(options.seconds), count = Number(options.count);
/** Memory may differ by so much between two looks, in bytes. */
const TOLERANCE = 24e6;

interface Look {
  readonly containers: number;
  readonly memory: number;
  readonly descriptors: number;
}

/** What this process holds, after its garbage is collected. */
function look(containers: number): Look {
  (globalThis as { gc?: () => void }).gc?.();
  const descriptors = [...Deno.readDirSync("/proc/self/fd")].length;
  const { rss } = Deno.memoryUsage();
  const found = { containers, memory: rss, descriptors };
  console.log(
    `${containers} containers: ${(rss / 1e6).toFixed(1)} MB, ${descriptors} ` +
      "descriptors",
  );
  return found;
}

const folder = Deno.makeTempDirSync({ prefix: "davit-soak." });
const bundle = `${folder}/bundle`, root = `${folder}/root`;
Deno.mkdirSync(bundle);
makeBundle(bundle, "soak=1", (config) => {
  config.process.args = ["sh", "-c", "echo $$; exec sleep 1000"];
});
const end = performance.now() + seconds * 1000;
let made = 0, first: Look | undefined;
try {
  while (made < count && performance.now() < end) {
    await using container = await create(`soak-${Deno.pid}-${made}`, {
      bundle,
      root,
      stdout: "captured",
    });
    await container.start();
    const { status, stdout } = await container.exec(["echo", "hello"], {
      stdout: "captured",
    });
    if (status !== 0 || stdout !== "hello\n") {
      throw new Error(`exec answered ${status}: ${stdout}`);
    }
    container.stats();
    await container.remove({ force: true });
    made++;
    // The first ones fill caches.
    if (made === 1000 || first === undefined && made === Math.min(count, 500)) {
      first = look(made);
    } else if (made % 1000 === 0) look(made);
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
const last = look(made);
const grown = first === undefined ? 0 : last.memory - first.memory;
const more = first === undefined ? 0 : last.descriptors - first.descriptors;
console.log(
  `from ${first?.containers ?? 0} to ${made} containers: ` +
    `${(grown / 1e6).toFixed(1)} MB and ${more} descriptors more`,
);
Deno.exit(grown > TOLERANCE || more > 0 ? 1 : 0);
