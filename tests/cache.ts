/** What is fetched for the tests once and kept in the user's cache. */
import { join } from "@std/path/posix";
import { readIfThere } from "./davit.ts";

/** The folder of something that is kept: it may not be there yet. */
export function cacheFolder(name: string): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") ||
    join(Deno.env.get("HOME") ?? "/root", ".cache");
  return join(cache, "davit-tests", name);
}

/** Whether it is there, whole. */
export function isCached(name: string): boolean {
  return readIfThere(join(cacheFolder(name), "complete")) !== "";
}

/**
 * Answers the folder, which `make` fills unless it is there: it appears whole.
 *
 * @throws what `make` throws; nothing is kept then
 */
export async function cached(
  name: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = cacheFolder(name);
  if (isCached(name)) return folder;
  const half = `${folder}.${Deno.pid}`;
  Deno.mkdirSync(half, { recursive: true });
  try {
    await make(half);
    Deno.writeTextFileSync(join(half, "complete"), "yes\n");
    Deno.renameSync(half, folder);
  } catch (error) {
    Deno.removeSync(half, { recursive: true });
    throw error;
  }
  return folder;
}
