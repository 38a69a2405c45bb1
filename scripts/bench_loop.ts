/**
 * A worker of the benchmark: makes containers through the modules.
 */
import { waitChild } from "../ffi/process.ts";
import { create } from "../oci/create.ts";
import { silent } from "../oci/logger.ts";
import { remove } from "../oci/remove.ts";
import { start } from "../oci/start.ts";

/** What a worker is to do. */
export interface LoopJob {
  /** Comes before a number in the containers' IDs. */
  readonly name: string;
  readonly root: string;
  readonly bundle: string;
  /** How many containers to create, start, wait for and delete. */
  readonly count: number;
}

async function loop({ name, root, bundle, count }: LoopJob): Promise<void> {
  const runtime = { root, log: silent };
  for (let i = 0; i < count; i++) {
    const id = `${name}-${i}`;
    const { pid } = await create(runtime, { id, bundle });
    await start(runtime, id);
    waitChild(pid);
    await remove(runtime, id, { force: false });
  }
}

const scope = self as unknown as {
  onmessage: (event: MessageEvent<LoopJob>) => void;
  postMessage(message: string): void;
};
scope.onmessage = async ({ data }) => {
  await loop(data);
  scope.postMessage("done");
};
