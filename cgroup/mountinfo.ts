/** One line of `/proc/PID/mountinfo`, see proc_pid_mountinfo(5). */
export interface MountInfo {
  /** The mount's own number. */
  readonly id: number;
  /** The number of the mount that it lies on. */
  readonly parentId: number;
  /** Device number as `major:minor`. */
  readonly device: string;
  /** The folder of the file system that is mounted. */
  readonly root: string;
  /** Where, as seen from the process's root. */
  readonly mountPoint: string;
  /** Options of this mount. */
  readonly options: readonly string[];
  /** Optional fields, such as `shared:1`. */
  readonly fields: readonly string[];
  /** File system type, such as `cgroup2`. */
  readonly type: string;
  /** What is mounted, as the file system names it. */
  readonly source: string;
  /** Options of the file system; cgroup v1 lists its controllers here. */
  readonly superOptions: readonly string[];
}

/**
 * Parses the text of `/proc/PID/mountinfo`. Lines that do not have its form
 * are left out.
 */
export function parseMountinfo(text: string): MountInfo[] {
  const mounts: MountInfo[] = [];
  for (const line of text.split("\n")) {
    const mount = parseLine(line);
    if (mount !== undefined) mounts.push(mount);
  }
  return mounts;
}

function parseLine(line: string): MountInfo | undefined {
  // Optional fields come in any number; a lone hyphen ends them.
  const words = line.split(" ");
  const end = words.indexOf("-", 6);
  if (end < 0) return undefined;
  const [id, parentId, device, root, mountPoint, options] = words;
  const [type, source, superOptions] = words.slice(end + 1);
  if (
    device === undefined || root === undefined || mountPoint === undefined ||
    options === undefined || type === undefined || source === undefined
  ) return undefined;
  return {
    id: Number(id),
    parentId: Number(parentId),
    device,
    root: unescape(root),
    mountPoint: unescape(mountPoint),
    options: options.split(","),
    fields: words.slice(6, end),
    type: unescape(type),
    source: unescape(source),
    superOptions: (superOptions ?? "").split(",").filter((o) => o !== ""),
  };
}

/** Blank, tab, newline, backslash and `#` are written as octal numbers. */
function unescape(field: string): string {
  if (!field.includes("\\")) return field;
  return field.replace(
    /\\([0-3][0-7]{2})/g,
    (_, octal: string) => String.fromCharCode(parseInt(octal, 8)),
  );
}
