/**
 * What a mount's properties demand of each other, and of the kernel.
 *
 * @module
 */

import { components } from "../launch/root_paths.ts";
import { type MountOptions, parseMountOptions } from "./mount_options.ts";
import { quote } from "./quote.ts";
import { elements, fault, type Findings, property, warn } from "./schema.ts";

/**
 * Files below /proc that a mount may cover: emulated for containers by lxcfs,
 * or asked for by name. Anything else there is not to be taken for procfs's.
 */
const PROC_FILES: readonly string[] = [
  "/proc/cpuinfo",
  "/proc/diskstats",
  "/proc/loadavg",
  "/proc/meminfo",
  "/proc/net/dev",
  "/proc/slabinfo",
  "/proc/stat",
  "/proc/swaps",
  "/proc/sys/crypto/fips_enabled",
  "/proc/sys/kernel/ns_last_pid",
  "/proc/uptime",
];

/** What one mount of the configuration says, as far as it can be read. */
interface MountFacts {
  readonly at: string;
  readonly mount: unknown;
  readonly type: string;
  readonly texts: readonly string[];
  readonly options: MountOptions;
  readonly isBind: boolean;
}

/** Checks `mounts`. */
export function checkMounts(config: unknown, out: Findings): void {
  const mounts = elements(property(config, "mounts"));
  if (mounts.length === 0) return;
  const namespaces = elements(
    property(property(config, "linux"), "namespaces"),
  );
  const hasUsers = namespaces.some((n) => property(n, "type") === "user");
  for (let i = 0; i < mounts.length; i++) {
    const mount = mounts[i];
    const type = property(mount, "type");
    // A copy has no holes, which `every` passes over.
    const texts = [...elements(property(mount, "options"))];
    if (!texts.every((text) => typeof text === "string")) continue;
    const options = parseMountOptions(texts);
    const facts: MountFacts = {
      at: `/mounts/${i}`,
      mount,
      type: typeof type === "string" ? type : "",
      texts,
      options,
      isBind: type === "bind" || options.bind !== "",
    };
    checkPlace(facts, out);
    checkOptions(facts, hasUsers, out);
    checkIdmap(facts, hasUsers, out);
  }
}

/** As the peers do: nothing may pose as the container's procfs. */
function checkPlace(facts: MountFacts, out: Findings): void {
  const { at, mount, type, options, isBind } = facts;
  const destination = property(mount, "destination");
  if (typeof destination !== "string" || options.remount) return;
  const [first, ...rest] = components(destination);
  if (first !== "proc") return;
  const pointer = `${at}/destination`;
  if (rest.length === 0) {
    // Whether a bind mount's source is a procfs shows when it is opened.
    if (isBind || type === "proc" || type === "") return;
    const found = `found a file system of type ${quote(type)}`;
    fault(out, pointer, destination, `must be a procfs on /proc, ${found}`);
  } else if (!PROC_FILES.includes(`/proc/${rest.join("/")}`)) {
    const message = "must not be below /proc, but for files that lxcfs " +
      `emulates such as ${PROC_FILES[0]}, found ${quote(destination)}`;
    fault(out, pointer, destination, message);
  }
}

/**
 * What engines, and OCI's own test suite, write beside "bind" because their
 * default is a tmpfs. runc leaves it out as well.
 */
const TMPFS_OPTION = /^(size|mode|uid|gid|nr_inodes|nr_blocks)=/;

function checkOptions(
  facts: MountFacts,
  hasUsers: boolean,
  out: Findings,
): void {
  const { at, type, texts, options, isBind } = facts;
  const refuse = (option: string, message: string) => {
    const i = texts.indexOf(option);
    fault(out, `${at}/options/${i}`, option, message);
  };
  if (isBind) {
    // The kernel drops them without a word: the file system is mounted already.
    for (const option of options.data) {
      if (TMPFS_OPTION.test(option) && !out.strict) {
        const i = texts.indexOf(option);
        const message = "is for a new file system, a bind mount has none: " +
          "it is left out";
        warn(out, `${at}/options/${i}`, option, message);
        continue;
      }
      refuse(option, `is no option of a bind mount, found ${quote(option)}`);
    }
  }
  if (options.tmpcopyup && (isBind || options.remount || type !== "tmpfs")) {
    refuse("tmpcopyup", "goes with a new mount of type tmpfs only");
  } else if (options.tmpcopyup && hasUsers) {
    // The tmpfs is made outside of it, with the host's IDs.
    const owner = options.data.find((option) => /^[ug]id=/.test(option));
    if (owner !== undefined) {
      refuse(
        owner,
        "goes not with tmpcopyup where the container has a user namespace",
      );
    }
  }
}

function checkIdmap(
  facts: MountFacts,
  hasUsers: boolean,
  out: Findings,
): void {
  const { at, mount, type, texts, options, isBind } = facts;
  const lists = ["uidMappings", "gidMappings"] as const;
  const given = lists.filter((name) =>
    elements(property(mount, name)).length > 0
  );
  const [only] = given;
  if (given.length === 1) {
    const other = lists.find((name) => name !== only)!;
    const value = property(mount, only!);
    fault(out, `${at}/${only}`, value, `must come along with ${other}`);
  }
  if (only === undefined && options.idmap === "") return;
  const i = texts.findIndex((text) => /^r?idmap$/.test(text));
  const [pointer, value] = i < 0
    ? [`${at}/${only}`, property(mount, only!)]
    : [`${at}/options/${i}`, texts[i]];
  if (options.remount) {
    const message = "cannot change with remount: IDs are mapped once, when a " +
      "mount is made";
    fault(out, pointer, value, message);
  } else if (!isBind && /^(cgroup|cgroup2)$/.test(type)) {
    fault(out, pointer, value, "goes not with cgroup file systems");
  } else if (!isBind && hasUsers) {
    const message = "goes with bind mounts only, where the container has a " +
      "user namespace";
    fault(out, pointer, value, message);
  } else if (only === undefined && !hasUsers) {
    const message =
      "needs uidMappings and gidMappings, or a container with a " +
      "user namespace, whose mappings it takes then";
    fault(out, pointer, value, message);
  }
}
