import { type CgroupFiles, filled, parseNumber } from "./files.ts";
import { pressure } from "./pressure.ts";
import type { BlkioEntry, BlkioStatistics } from "./types.ts";

type Lists = Omit<BlkioStatistics, "psi">;
type Files = readonly (readonly [file: string, key: keyof Lists])[];

/** Bytes and requests. */
function basic(prefix: string, suffix: string): Files {
  return [
    [`${prefix}io_serviced${suffix}`, "ioServicedRecursive"],
    [`${prefix}io_service_bytes${suffix}`, "ioServiceBytesRecursive"],
  ];
}

/** All that a scheduler of block devices may count. */
function detailed(prefix: string): Files {
  return [
    [`${prefix}sectors_recursive`, "sectorsRecursive"],
    [`${prefix}io_service_time_recursive`, "ioServiceTimeRecursive"],
    [`${prefix}io_wait_time_recursive`, "ioWaitTimeRecursive"],
    [`${prefix}io_merged_recursive`, "ioMergedRecursive"],
    [`${prefix}io_queued_recursive`, "ioQueueRecursive"],
    [`${prefix}time_recursive`, "ioTimeRecursive"],
    ...basic(prefix, "_recursive"),
  ];
}

/** Who counts on v1, the most detailed first: one of them is asked. */
const LEGACY: readonly Files[] = [
  detailed("blkio.bfq."),
  basic("blkio.bfq.", "_recursive"),
  detailed("blkio."),
  basic("blkio.throttle.", "_recursive"),
  basic("blkio.throttle.", ""),
];

/** The order of runc's keys. */
const ORDER = [
  "ioServiceBytesRecursive",
  "ioServicedRecursive",
  "ioQueueRecursive",
  "ioServiceTimeRecursive",
  "ioWaitTimeRecursive",
  "ioMergedRecursive",
  "ioTimeRecursive",
  "sectorsRecursive",
] as const;

/** What was read and written: blkio of v1, io of v2. */
export function blkioStatistics(files: CgroupFiles): BlkioStatistics {
  const psi = pressure(files, "io");
  const io = files.text("io.stat");
  const lists = io === undefined ? legacyLists(files) : unifiedLists(io);
  return {
    ...filled<Lists>(
      Object.fromEntries(ORDER.map((key) => [key, lists[key]])),
    ),
    ...(psi && { psi }),
  };
}

function legacyLists(files: CgroupFiles): Lists {
  for (const group of LEGACY) {
    const [first] = group;
    // One that counts nothing is not in use.
    if (legacyEntries(files.text(first![0])).length === 0) continue;
    return Object.fromEntries(
      group.map(([file, key]) => [key, legacyEntries(files.text(file))]),
    );
  }
  return {};
}

/** Lines such as `8:0 Read 4096` or `8:0 128`; a `Total` of all is left out. */
function legacyEntries(text = ""): BlkioEntry[] {
  return text.split("\n").flatMap((line) => {
    const words = line.trim().split(/[ :]/);
    if (words.length < 3) return [];
    const [major = "", minor = ""] = words;
    return entry(
      major,
      minor,
      words.length > 3 ? words[2]! : "",
      words.at(-1)!,
    );
  });
}

/** v2's names, and v1's for them. */
const UNIFIED: Readonly<Record<string, readonly [keyof Lists, string]>> = {
  rbytes: ["ioServiceBytesRecursive", "Read"],
  wbytes: ["ioServiceBytesRecursive", "Write"],
  rios: ["ioServicedRecursive", "Read"],
  wios: ["ioServicedRecursive", "Write"],
};

/** Lines such as `8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0`. */
function unifiedLists(text: string): Lists {
  const lists = new Map<string, BlkioEntry[]>();
  for (const line of text.split("\n")) {
    const [device = "", ...counters] = line.trim().split(" ");
    const [major = "", minor = ""] = device.split(":");
    for (const counter of counters) {
      const [name = "", value = ""] = counter.split("=");
      if (!Object.hasOwn(UNIFIED, name)) continue;
      const [key, op] = UNIFIED[name]!;
      const found = entry(major, minor, op, value);
      lists.set(key, [...lists.get(key) ?? [], ...found]);
    }
  }
  return Object.fromEntries(lists);
}

function entry(
  major: string,
  minor: string,
  op: string,
  value: string,
): BlkioEntry[] {
  const number = parseNumber(value);
  if (!/^\d+$/.test(major) || number === undefined) return [];
  return [filled<BlkioEntry>({
    major: parseNumber(major),
    minor: parseNumber(minor),
    op: op === "" ? undefined : op,
    value: number,
  })];
}
