/**
 * The option strings of `mounts[].options`, as config.md ("Linux mount
 * options") and mount(8) define them.
 *
 * @module
 */
import {
  MOUNT_ATTR_RDONLY,
  MS_PRIVATE,
  MS_SHARED,
  MS_SLAVE,
  MS_UNBINDABLE,
} from "../ffi/mount.ts";

export { MOUNT_ATTR_RDONLY, MS_PRIVATE, MS_SHARED, MS_SLAVE, MS_UNBINDABLE };

/** Ignore set-user-ID bits and file capabilities. */
export const MOUNT_ATTR_NOSUID = 0x2;
/** Device nodes cannot be opened. */
export const MOUNT_ATTR_NODEV = 0x4;
/** Programs cannot be executed. */
export const MOUNT_ATTR_NOEXEC = 0x8;
/** The field of the access time setting: one of the next three values. */
export const MOUNT_ATTR__ATIME = 0x70;
/** Update access times only relative to modification; the default. */
export const MOUNT_ATTR_RELATIME = 0x00;
/** Never update access times. */
export const MOUNT_ATTR_NOATIME = 0x10;
/** Always update access times. */
export const MOUNT_ATTR_STRICTATIME = 0x20;
/** Never update access times of directories. */
export const MOUNT_ATTR_NODIRATIME = 0x80;
/** Do not follow symbolic links; since Linux 5.14. */
export const MOUNT_ATTR_NOSYMFOLLOW = 0x20_0000;

/** What mount(2) sets anew of a bind mount that gets any option. */
export const BIND_ATTRIBUTES = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID |
  MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;

/** A change of the propagation type. */
export interface Propagation {
  /** `MS_SHARED`, `MS_PRIVATE`, `MS_SLAVE` or `MS_UNBINDABLE`. */
  readonly flag: number;
  /** For all mounts below, too. */
  readonly recursive: boolean;
}

/** What the option strings of one mount ask for. */
export interface MountOptions {
  /** Whether it is a bind mount; "rbind" wins where both are given. */
  readonly bind: "" | "bind" | "rbind";
  /** `MOUNT_ATTR_*` to set, the access time setting among them. */
  readonly set: number;
  /**
   * `MOUNT_ATTR_*` to clear, for mount_setattr(2) on a bind mount. Where an
   * access time setting is asked for, these are all cleared, as by mount(2).
   */
  readonly clear: number;
  /** Whether there is an option on attributes, even one that changes none. */
  readonly hasAttributes: boolean;
  /** The same as `set`, for the mount and all mounts below. */
  readonly recursiveSet: number;
  /**
   * The same as `clear`, for the mount and all mounts below; each access time
   * setting has the opposite that its name says.
   */
  readonly recursiveClear: number;
  /** To apply in this order, after everything else. */
  readonly propagation: readonly Propagation[];
  /** Parameter names for fsconfig(2) with `FSCONFIG_SET_FLAG`. */
  readonly superblock: readonly string[];
  /** Whether `ro` is in force; `MOUNT_ATTR_RDONLY` is then in `set`. */
  readonly readonly: boolean;
  /** What is the file system's own, such as `mode=755`, in order. */
  readonly data: readonly string[];
  readonly remount: boolean;
  readonly tmpcopyup: boolean;
  /** "ridmap" wins where both are given. */
  readonly idmap: "" | "idmap" | "ridmap";
}

/** Options that set (true) or clear (false) an attribute; "r" + name too. */
const ATTRIBUTES: Readonly<Record<string, readonly [boolean, number]>> = {
  ro: [true, MOUNT_ATTR_RDONLY],
  rw: [false, MOUNT_ATTR_RDONLY],
  nosuid: [true, MOUNT_ATTR_NOSUID],
  suid: [false, MOUNT_ATTR_NOSUID],
  nodev: [true, MOUNT_ATTR_NODEV],
  dev: [false, MOUNT_ATTR_NODEV],
  noexec: [true, MOUNT_ATTR_NOEXEC],
  exec: [false, MOUNT_ATTR_NOEXEC],
  nodiratime: [true, MOUNT_ATTR_NODIRATIME],
  diratime: [false, MOUNT_ATTR_NODIRATIME],
  nosymfollow: [true, MOUNT_ATTR_NOSYMFOLLOW],
  symfollow: [false, MOUNT_ATTR_NOSYMFOLLOW],
};

/**
 * Options on the access time: choose a value, or leave it; "r" + name too. For
 * the mount alone, mount(2) has no way to leave a value: its own it keeps.
 */
const ACCESS_TIMES: Readonly<Record<string, readonly [boolean, number]>> = {
  relatime: [true, MOUNT_ATTR_RELATIME],
  noatime: [true, MOUNT_ATTR_NOATIME],
  strictatime: [true, MOUNT_ATTR_STRICTATIME],
  atime: [false, MOUNT_ATTR_NOATIME],
  nostrictatime: [false, MOUNT_ATTR_STRICTATIME],
  norelatime: [false, MOUNT_ATTR_RELATIME],
};

/** Settings of access times, which mount(2) takes as one. */
const TIMES = MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;

/**
 * Superblock options, each with its opposite. The kernel's own parser knows
 * all but the last three, which few file systems take as a parameter.
 */
const SUPERBLOCK: Readonly<Record<string, string>> = {
  sync: "async",
  async: "sync",
  dirsync: "",
  lazytime: "nolazytime",
  nolazytime: "lazytime",
  mand: "nomand",
  nomand: "mand",
  iversion: "",
  acl: "noacl",
  noacl: "acl",
};

/** Propagation types; "r" + name too. */
const PROPAGATION: Readonly<Record<string, number>> = {
  private: MS_PRIVATE,
  shared: MS_SHARED,
  slave: MS_SLAVE,
  unbindable: MS_UNBINDABLE,
};

/**
 * Options that change nothing: "silent" and "loud" are about the kernel log,
 * to which the calls used here do not write; relative access times are the
 * kernel's default, so that "rnorelatime" leaves it to the other settings.
 * "noiversion" (a new file system's default) undoes an earlier "iversion".
 */
const NO_EFFECT: readonly string[] = [
  "",
  "defaults",
  "silent",
  "loud",
  "noiversion",
  "rnorelatime",
];

/** Attributes being collected. */
interface Attributes {
  set: number;
  clear: number;
  /** Whether the value of the access time that is 0 is chosen. */
  relatime?: boolean;
}

/** The result being collected. */
type Draft = { -readonly [K in keyof MountOptions]: MountOptions[K] };

/**
 * Reads the option strings of a mount. Where two contradict each other, the
 * later one wins. What is not known is the file system's and passed on as it
 * is, commas included.
 */
export function parseMountOptions(options: readonly string[]): MountOptions {
  const plain: Attributes = { set: 0, clear: 0 };
  const recursive: Attributes = { set: 0, clear: 0 };
  const propagation: Propagation[] = [];
  const superblock = new Set<string>();
  const data: string[] = [];
  const draft: Partial<Draft> = {};
  let hasAttributes = false;
  for (const option of options) {
    if (option === "noiversion") superblock.delete("iversion");
    if (NO_EFFECT.includes(option)) continue;
    if (applyAttribute(plain, option)) {
      hasAttributes = true;
      continue;
    }
    if (applyWord(draft, option)) continue;
    const inner = option.startsWith("r") ? option.slice(1) : "";
    if (applyAttribute(recursive, inner)) continue;
    const flag = own(PROPAGATION, option) ?? own(PROPAGATION, inner);
    const opposite = own(SUPERBLOCK, option);
    if (flag !== undefined) {
      const deep = own(PROPAGATION, option) === undefined;
      propagation.push({ flag, recursive: deep });
    } else if (opposite !== undefined) {
      superblock.delete(opposite);
      superblock.add(option);
    } else data.push(option);
  }
  return {
    bind: draft.bind ?? "",
    set: plain.set,
    clear: asMountClears(plain),
    hasAttributes,
    recursiveSet: recursive.set,
    recursiveClear: recursive.clear,
    propagation,
    superblock: [...superblock],
    readonly: (plain.set & MOUNT_ATTR_RDONLY) !== 0,
    data,
    remount: draft.remount ?? false,
    tmpcopyup: draft.tmpcopyup ?? false,
    idmap: draft.idmap ?? "",
  };
}

function applyWord(draft: Partial<Draft>, option: string): boolean {
  switch (option) {
    case "bind":
      draft.bind ??= "bind";
      return true;
    case "rbind":
      draft.bind = "rbind";
      return true;
    case "idmap":
      draft.idmap ??= "idmap";
      return true;
    case "ridmap":
      draft.idmap = "ridmap";
      return true;
    case "remount":
      draft.remount = true;
      return true;
    case "tmpcopyup":
      draft.tmpcopyup = true;
      return true;
  }
  return false;
}

function applyAttribute(attributes: Attributes, option: string): boolean {
  const attribute = own(ATTRIBUTES, option);
  if (attribute !== undefined) {
    const [on, flag] = attribute;
    attributes.set = on ? attributes.set | flag : attributes.set & ~flag;
    attributes.clear = on ? attributes.clear & ~flag : attributes.clear | flag;
    return true;
  }
  const accessTime = own(ACCESS_TIMES, option);
  if (accessTime === undefined) return false;
  const [chosen, value] = accessTime;
  // mount_setattr(2) wants the whole field cleared for any change of it.
  attributes.clear |= MOUNT_ATTR__ATIME;
  if (chosen) {
    attributes.set = attributes.set & ~MOUNT_ATTR__ATIME | value;
    attributes.relatime = value === MOUNT_ATTR_RELATIME;
  } else if ((attributes.set & MOUNT_ATTR__ATIME) === value) {
    attributes.set &= ~MOUNT_ATTR__ATIME;
    attributes.relatime = false;
  }
  return true;
}

/**
 * What mount(2) clears: with a setting of access times that is chosen all the
 * others, and without one none.
 */
function asMountClears({ set, clear, relatime = false }: Attributes): number {
  const chosen = relatime || (set & TIMES) !== 0;
  if (!chosen) return clear & ~TIMES;
  return clear & ~TIMES | MOUNT_ATTR__ATIME |
    MOUNT_ATTR_NODIRATIME & ~set;
}

function own<T>(table: Readonly<Record<string, T>>, name: string) {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Every option that the runtime knows itself, sorted, for `features`. */
export function knownMountOptions(): string[] {
  const paired = [ATTRIBUTES, ACCESS_TIMES, PROPAGATION].flatMap(Object.keys);
  const all = new Set([
    ...paired,
    ...paired.map((name) => `r${name}`),
    ...Object.keys(SUPERBLOCK),
    ...NO_EFFECT.filter((name) => name !== ""),
    "bind",
    "idmap",
    "rbind",
    "remount",
    "ridmap",
    "tmpcopyup",
  ]);
  return [...all].sort();
}
