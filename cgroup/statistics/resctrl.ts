/**
 * What resctrl says of a container's group, as runc tells it in `intel_rdt`.
 * Documentation/filesystems/resctrl.rst has the files.
 *
 * @module
 */

import { readDirectory, readText } from "../../ffi/files.ts";
import { filled, parseNumber } from "./files.ts";

/** A container's group, and what the host can do. */
export interface ResctrlStatistics {
  readonly l3_cache_info?: {
    /** The bits of a whole cache, in hexadecimal. */
    readonly cbm_mask?: string;
    readonly min_cbm_bits?: bigint;
    readonly num_closids?: bigint;
  };
  /** The schema of the host's own group, and of the container's. */
  readonly l3_cache_schema_root?: string;
  readonly l3_cache_schema?: string;
  readonly mem_bw_info?: {
    readonly bandwidth_gran?: bigint;
    readonly delay_linear?: bigint;
    readonly min_bandwidth?: bigint;
    readonly num_closids?: bigint;
  };
  readonly mem_bw_schema_root?: string;
  readonly mem_bw_schema?: string;
  /** All lines of the container's group. */
  readonly schemata?: readonly string[];
  /** Bytes moved, for each L3 cache. */
  readonly mbm_stats?: readonly {
    readonly mbm_total_bytes: bigint;
    readonly mbm_local_bytes: bigint;
  }[];
  /** Bytes held, for each L3 cache. */
  readonly cmt_stats?: readonly { readonly llc_occupancy: bigint }[];
}

/** The folders of a process's groups. */
export interface ResctrlFolders {
  /** The group that limits it. */
  readonly control: string;
  /** The group that counts for it; else that is the other one. */
  readonly monitoring?: string;
}

/**
 * The groups of a process, by its `/proc/PID/cpu_resctrl_groups`: two lines,
 * such as `res:group` and `mon:monitor`, `res:/` being the host's own.
 *
 * @param root where resctrl is mounted
 */
export function resctrlFolders(
  root: string,
  text: string,
): ResctrlFolders | undefined {
  const name = (kind: string) =>
    text.split("\n").find((line) => line.startsWith(`${kind}:`))
      ?.slice(kind.length + 1).replace(/^\/|\/$/g, "");
  const group = name("res"), monitor = name("mon");
  if (group === undefined) return undefined;
  const control = group === "" ? root : `${root}/${group}`;
  return monitor
    ? { control, monitoring: `${control}/mon_groups/${monitor}` }
    : { control };
}

/** Reads a group; what the host cannot do is left out. */
export function resctrlStatistics(
  root: string,
  { control, monitoring = control }: ResctrlFolders,
): ResctrlStatistics {
  const own = lines(`${root}/schemata`);
  const schemata = lines(`${control}/schemata`);
  const cache = ["L3", "L3CODE"].map((name) => `${root}/info/${name}`)
    .find((folder) => text(`${folder}/cbm_mask`) !== undefined);
  const bandwidth = `${root}/info/MB`;
  const features = lines(`${root}/info/L3_MON/mon_features`);
  const hasBandwidth = text(`${bandwidth}/min_bandwidth`) !== undefined;
  return filled<ResctrlStatistics>({
    l3_cache_info: cache === undefined ? undefined : filled({
      cbm_mask: text(`${cache}/cbm_mask`),
      min_cbm_bits: number(`${cache}/min_cbm_bits`),
      num_closids: number(`${cache}/num_closids`),
    }),
    l3_cache_schema_root: cache && own.findLast((line) => line.includes("L3")),
    l3_cache_schema: cache && schemata.findLast((line) => line.includes("L3")),
    ...(hasBandwidth && {
      mem_bw_info: filled({
        bandwidth_gran: number(`${bandwidth}/bandwidth_gran`),
        delay_linear: number(`${bandwidth}/delay_linear`),
        min_bandwidth: number(`${bandwidth}/min_bandwidth`),
        num_closids: number(`${bandwidth}/num_closids`),
      }),
      mem_bw_schema_root: own.findLast((line) => line.includes("MB")),
      mem_bw_schema: schemata.findLast((line) => line.includes("MB")),
    }),
    schemata,
    ...monitored(monitoring, features),
  });
}

function monitored(
  folder: string,
  features: readonly string[],
): Pick<ResctrlStatistics, "mbm_stats" | "cmt_stats"> {
  const counts = features.some((name) => name.startsWith("mbm_"));
  const occupancy = features.includes("llc_occupancy");
  if (!counts && !occupancy) return {};
  const entries = readDirectory(`${folder}/mon_data`);
  const caches = typeof entries === "number"
    ? []
    : entries.filter(({ isDirectory }) => isDirectory)
      .map(({ name }) => `${folder}/mon_data/${name}`).sort();
  return {
    ...(counts && {
      mbm_stats: caches.map((cache) => ({
        mbm_total_bytes: number(`${cache}/mbm_total_bytes`) ?? 0n,
        mbm_local_bytes: number(`${cache}/mbm_local_bytes`) ?? 0n,
      })),
    }),
    ...(occupancy && {
      cmt_stats: caches.map((cache) => ({
        llc_occupancy: number(`${cache}/llc_occupancy`) ?? 0n,
      })),
    }),
  };
}

function text(path: string): string | undefined {
  try {
    return readText(path).trim();
  } catch {
    return undefined; // the host has no such thing
  }
}

function number(path: string): bigint | undefined {
  return parseNumber(text(path) ?? "");
}

function lines(path: string): string[] {
  return (text(path) ?? "").split("\n").map((line) => line.trim())
    .filter((line) => line !== "");
}
