import { CgroupError } from "./error.ts";

/** Longest file name, in bytes. */
const NAME_MAX = 255;

/**
 * Joins paths below `root`, each cleaned as an absolute one: neither `.` nor
 * empty parts stay, and `..` never leaves what stands before it.
 */
export function below(root: string, ...paths: readonly string[]): string {
  const parts = [root, ...paths].map((path) => clean(path).parts.join("/"));
  return "/" + parts.filter((part) => part !== "").join("/");
}

/** Whether a path below a directory would lead out of it. */
export function leaves(path: string): boolean {
  return clean(path).escapes;
}

/** The directory that a cleaned absolute path lies in. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 1));
}

/**
 * The place of a container's cgroup below the root of every hierarchy, as an
 * absolute path: the config's `cgroupsPath`, or one made of the ID.
 *
 * @throws {CgroupError} for a path that is the root, or leaves it
 */
export function cgroupPlace(id: string, cgroupsPath = ""): string {
  if (cgroupsPath === "") return defaultPlace(id);
  const { parts, escapes } = clean(cgroupsPath);
  const wrong = escapes
    ? "it leads out of the cgroup root"
    : parts.length === 0
    ? "it is the cgroup root itself"
    : /[\0\n]/.test(cgroupsPath)
    ? "it holds NUL or a line break"
    : undefined;
  if (wrong !== undefined) {
    throw new CgroupError(
      "config",
      `Cannot use linux.cgroupsPath ${
        JSON.stringify(cgroupsPath)
      }: ${wrong}, ` +
        "give a path below it",
      undefined,
      "/linux/cgroupsPath",
    );
  }
  return "/" + parts.join("/");
}

/**
 * The ID itself, as with runc: scripts look for it there. `~` is not allowed in
 * an ID: a long one's cgroup never holds another's.
 */
function defaultPlace(id: string): string {
  if (id.length <= NAME_MAX) return `/${id}`;
  return `/${id.slice(0, NAME_MAX - 1)}~/${id.slice(NAME_MAX - 1)}`;
}

function clean(path: string): { parts: string[]; escapes: boolean } {
  const parts: string[] = [];
  let escapes = false;
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) escapes = true;
  }
  return { parts, escapes };
}
