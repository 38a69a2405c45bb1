import { CGROUP_MODES, NETWORK_LOCKS } from "../oci/criu/rpc.ts";
import type { CriuFlags } from "../oci/criu/options.ts";
import { currentDirectory } from "./current_directory.ts";
import { type Option, usageError, type Values } from "./options.ts";

/** The options that `checkpoint` and `restore` share. */
export const CRIU_OPTIONS = [
  {
    name: "image-path",
    value: "dir",
    help: 'the folder with the images (default: "checkpoint")',
  },
  {
    name: "work-path",
    value: "dir",
    help: "the folder for criu's log (default: that of the images)",
  },
  { name: "tcp-established", help: "open TCP connections go along" },
  { name: "ext-unix-sk", help: "Unix sockets to the outside go along" },
  { name: "shell-job", help: "allow a terminal of the caller's" },
  { name: "file-locks", help: "file locks go along" },
  {
    name: "manage-cgroups-mode",
    value: "mode",
    help: "how criu restores cgroups: soft, full, strict or ignore",
  },
  {
    name: "empty-ns",
    value: "kind",
    help: "make a namespace anew and empty: network, which always is",
  },
  {
    name: "network-lock",
    value: "method",
    help: "what stops packets meanwhile: iptables, nftables or skip",
  },
  { name: "auto-dedup", help: "pages of images before take no room twice" },
  { name: "lazy-pages", help: "memory comes when it is used, userfaultfd(2)" },
] as const satisfies readonly Option[];

/**
 * What `checkpoint` and `restore` are called with.
 *
 * @param who who complains, such as `davit restore`
 * @throws RuntimeError (usage)
 */
export function criuFlags(
  options: Values<typeof CRIU_OPTIONS>,
  who: string,
): CriuFlags {
  const mode = options["manage-cgroups-mode"] || undefined;
  if (mode !== undefined && !Object.hasOwn(CGROUP_MODES, mode)) {
    throw usageError(
      who,
      `invalid manage-cgroups-mode value: "${mode}": expected soft, full, strict or ignore`,
    );
  }
  const lock = options["network-lock"] || undefined;
  if (lock !== undefined && !Object.hasOwn(NETWORK_LOCKS, lock)) {
    throw usageError(
      who,
      `invalid --network-lock: "${lock}": expected iptables, nftables or skip`,
    );
  }
  const empty = options["empty-ns"];
  if (empty !== undefined && empty !== "network") {
    throw usageError(
      who,
      `namespace "${empty}" is not supported: only network`,
    );
  }
  return {
    imagePath: absolute(options["image-path"] || "checkpoint"),
    ...options["work-path"] && { workPath: absolute(options["work-path"]) },
    tcpEstablished: options["tcp-established"] === true,
    extUnixSk: options["ext-unix-sk"] === true,
    shellJob: options["shell-job"] === true,
    fileLocks: options["file-locks"] === true,
    autoDedup: options["auto-dedup"] === true,
    lazyPages: options["lazy-pages"] === true,
    ...mode !== undefined && { cgroupsMode: mode },
    ...lock !== undefined && { networkLock: lock },
  };
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${currentDirectory()}/${path}`;
}
