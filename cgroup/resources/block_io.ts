/**
 * A part that is loaded on demand: it imports nothing at run time.
 *
 * @module
 */

import type {
  CgroupVersion,
  Integer,
  LoweringTools,
  ResourceWrite,
} from "./write.ts";

/** A block device. */
interface Device {
  readonly major: number;
  readonly minor: number;
}

/** A weight for one device. */
export interface WeightDevice extends Device {
  readonly weight?: number;
  readonly leafWeight?: number;
}

/** A rate for one device. */
export interface ThrottleDevice extends Device {
  /** Bytes or operations a second; 0: as many as it can. */
  readonly rate?: Integer;
}

/** `linux.resources.blockIO`. */
export interface BlockIOLimits {
  /** 10 to 1000, as `leafWeight`. */
  readonly weight?: number;
  /** Against the cgroup's own children. */
  readonly leafWeight?: number;
  readonly weightDevice?: readonly WeightDevice[];
  readonly throttleReadBpsDevice?: readonly ThrottleDevice[];
  readonly throttleWriteBpsDevice?: readonly ThrottleDevice[];
  readonly throttleReadIOPSDevice?: readonly ThrottleDevice[];
  readonly throttleWriteIOPSDevice?: readonly ThrottleDevice[];
}

const PATH = "/linux/resources/blockIO";

/** The files of v1, and the words of `io.max` on v2. */
const THROTTLES = [
  ["throttleReadBpsDevice", "read_bps_device", "rbps"],
  ["throttleWriteBpsDevice", "write_bps_device", "wbps"],
  ["throttleReadIOPSDevice", "read_iops_device", "riops"],
  ["throttleWriteIOPSDevice", "write_iops_device", "wiops"],
] as const;

/** The writes for `linux.resources.blockIO`. */
export function blockIOWrites(
  tools: LoweringTools,
  version: CgroupVersion,
  io: BlockIOLimits,
): ResourceWrite[] {
  const { leafWeight = 0, weight = 0, weightDevice = [] } = io;
  return [
    ...weightWrites(tools, version, PATH, weight, leafWeight),
    ...weightDevice.flatMap((device, index) =>
      weightWrites(
        tools,
        version,
        `${PATH}/weightDevice/${index}`,
        device.weight ?? 0,
        device.leafWeight ?? 0,
        `${device.major}:${device.minor}`,
      )
    ),
    ...throttleWrites(tools, version, io),
  ];
}

/**
 * Weights of the whole cgroup or, with `key`, of one device. v1 had files of
 * its own for CFQ, which was removed from Linux 5.0, and has BFQ's. v2 has
 * BFQ's, which takes the same numbers, and the kernel's own, which counts from
 * 1 to 10000.
 */
function weightWrites(
  { refusal }: LoweringTools,
  version: CgroupVersion,
  path: string,
  weight: number,
  leafWeight: number,
  key?: string,
): ResourceWrite[] {
  const device = key === undefined ? "" : "_device";
  const value = (number: number) =>
    key === undefined ? `${number}` : `${key} ${number}`;
  const common = {
    version,
    ...key !== undefined && { line: { key, unset: `${key} default` } },
  };
  const writes: ResourceWrite[] = [];
  if (weight !== 0) {
    const pointer = `${path}/weight`;
    const why = "weigh block device time";
    if (version === "v1") {
      writes.push({
        ...common,
        controller: "blkio",
        file: `blkio.weight${device}`,
        value: value(weight),
        instead: [{ file: `blkio.bfq.weight${device}`, value: value(weight) }],
        pointer,
        why,
      });
    } else {
      if (weight < 10 || weight > 1000) {
        throw refusal(pointer, weight, "want 10 to 1000");
      }
      const converted = ioWeight(weight);
      writes.push({
        ...common,
        controller: "io",
        file: "io.bfq.weight",
        value: value(weight),
        instead: [{ file: "io.weight", value: value(converted) }],
        pointer,
        why,
      });
    }
  }
  if (leafWeight === 0) return writes;
  const pointer = `${path}/leafWeight`;
  const file = `blkio.leaf_weight${device}`;
  if (version === "v2") {
    const why = `only cgroup v1 has "${file}", this host has cgroup v2`;
    throw refusal(pointer, leafWeight, why);
  }
  writes.push({
    ...common,
    controller: "blkio",
    file,
    value: value(leafWeight),
    pointer,
    why: "weigh block device time against the cgroup's children",
  });
  return writes;
}

/** `io.weight` (1..10000) for `blkio.weight` (10..1000): linear. */
export function ioWeight(weight: number): number {
  return 1 + Math.floor((weight - 10) * 9999 / 990);
}

function throttleWrites(
  { integer }: LoweringTools,
  version: CgroupVersion,
  io: BlockIOLimits,
): ResourceWrite[] {
  return THROTTLES.flatMap(([name, file, word]) =>
    (io[name] ?? []).map(({ major, minor, rate }, index): ResourceWrite => {
      const pointer = `${PATH}/${name}/${index}/rate`;
      const most = integer(pointer, rate, 0n);
      const key = `${major}:${minor}`;
      const why = `limit ${word} of a block device`;
      const common = { version, pointer, why };
      // A rate of 0 takes a limit back; v2 has a word for that.
      return version === "v1"
        ? {
          ...common,
          controller: "blkio",
          file: `blkio.throttle.${file}`,
          value: `${key} ${most}`,
          line: { key, unset: `${key} 0` },
        }
        : {
          ...common,
          controller: "io",
          file: "io.max",
          value: `${key} ${word}=${most || "max"}`,
          line: { key, unset: `${key} ${word}=max` },
        };
    })
  );
}
