/**
 * Keeps a container running: when its program ends, it starts again, until it
 * ends well or too often.
 *
 *     deno run -A examples/supervisor.ts BUNDLE [RESTARTS]
 */
import { create } from "../mod.ts";

const [bundle, restarts = "5"] = Deno.args;
if (bundle === undefined) throw new Error("name a bundle");

/** Runs the container once; the status of its program. */
async function once(bundle: string): Promise<number> {
  // It is killed and deleted at the end, whatever happens until then.
  await using container = await create(`supervised-${Deno.pid}`, { bundle });
  await container.start();
  return (await container.wait()).status;
}

for (let attempt = 0; attempt <= Number(restarts); attempt++) {
  const status = await once(bundle);
  if (status === 0) {
    console.log(`done after ${attempt} restarts`);
    Deno.exit(0);
  }
  console.log(`ended with ${status}`);
}
console.log(`gave up after ${restarts} restarts`);
Deno.exit(1);
