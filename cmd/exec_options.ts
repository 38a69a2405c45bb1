import type { SubCgroups } from "../cgroup/sub_cgroups.ts";
import { usageError } from "./options.ts";

/** The last ID: one more means "no change" to setuid(2). */
const ID_MAX = 0xffff_fffe;

/** Digits alone: anything else must not become 0, which is root. */
function parseId(text: string): number | undefined {
  const id = Number(text);
  return /^[0-9]+$/.test(text) && id <= ID_MAX ? id : undefined;
}

/**
 * The user of `--user uid[:gid]`.
 * @throws RuntimeError (usage)
 */
export function parseUser(
  text: string,
  who: string,
): { uid: number; gid?: number } {
  const [first = "", ...rest] = text.split(":");
  const uid = parseId(first), gid = parseId(rest.join(":"));
  if (uid === undefined || rest.length > 0 && gid === undefined) {
    throw usageError(
      who,
      `invalid --user: ${JSON.stringify(text)}: expected uid or uid:gid, ` +
        `numbers from 0 to ${ID_MAX}`,
    );
  }
  return gid === undefined ? { uid } : { uid, gid };
}

/**
 * The groups of `--additional-gids`.
 * @throws RuntimeError (usage)
 */
export function parseGroups(texts: readonly string[], who: string): number[] {
  return texts.map((text) => {
    const gid = parseId(text);
    if (gid !== undefined) return gid;
    throw usageError(
      who,
      `invalid --additional-gids: ${JSON.stringify(text)}: expected a number ` +
        `from 0 to ${ID_MAX}`,
    );
  });
}

/**
 * The cgroups of `--cgroup`: a path for all, or `controller,...:path`, several
 * times.
 * @throws RuntimeError (usage)
 */
export function parseSubCgroups(
  texts: readonly string[],
  who: string,
): SubCgroups {
  const paths = new Map<string, string>();
  for (const text of texts) {
    const colon = text.indexOf(":");
    const wrong = (why: string) =>
      usageError(who, `invalid --cgroup: ${JSON.stringify(text)}: ${why}`);
    if (colon < 0 && texts.length > 1) {
      throw wrong("of several, each needs a controller: before its path");
    }
    const controllers = colon < 0 ? [""] : text.slice(0, colon).split(",");
    for (const controller of controllers) {
      if (controller === "" && colon >= 0) throw wrong("a controller is empty");
      if (paths.has(controller)) {
        throw wrong(`the controller ${controller} has a path already`);
      }
      paths.set(controller, text.slice(colon + 1));
    }
  }
  return paths;
}
