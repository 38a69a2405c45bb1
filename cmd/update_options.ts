import type { Resources } from "../oci/spec.ts";
import { type Option, usageError, type Values } from "./options.ts";

/** Options that set one number or text of `linux.resources`. */
const SETTINGS = [
  ["blkio-weight", "weight", "weight of block device time, 10 to 1000"],
  ["cpu-period", "us", "period of the processor time limit, in microseconds"],
  ["cpu-quota", "us", "processor time in a period; -1: no limit"],
  ["cpu-burst", "us", "time that may be saved up beyond the quota"],
  ["cpu-share", "shares", "processor time relative to other containers"],
  ["cpu-rt-period", "us", "period of real-time processor time"],
  ["cpu-rt-runtime", "us", "real-time processor time in a period"],
  ["cpu-idle", "0|1", "1: run only when nobody else does"],
  ["cpuset-cpus", "list", "processors to use, such as 0-3,7"],
  ["cpuset-mems", "list", "memory nodes to use"],
  ["memory", "bytes", "limit of memory, such as 64M; -1: none"],
  ["memory-reservation", "bytes", "memory that is kept when it runs short"],
  ["memory-swap", "bytes", "limit of memory and swap together; -1: none"],
  ["pids-limit", "number", "most processes and threads; -1: no limit"],
  ["kernel-memory", "bytes", "of no effect: kernels no longer have it"],
  ["kernel-memory-tcp", "bytes", "of no effect: kernels no longer have it"],
] as const;

type Setting = typeof SETTINGS[number][0];

/** The options of `davit update`. */
export const OPTIONS = [
  {
    name: "resources",
    short: "r",
    value: "file",
    help: "read the resources as JSON from a file, or - for stdin",
  },
  ...SETTINGS.map(([name, value, help]) => ({ name, value, help })),
  {
    name: "l3-cache-schema",
    value: "schema",
    help: "schema of Intel RDT for the L3 cache",
  },
  {
    name: "mem-bw-schema",
    value: "schema",
    help: "schema of Intel RDT for memory bandwidth",
  },
] as const satisfies readonly Option[];

type Given = Values<typeof OPTIONS>;

/** Those of the options that set resources, as given. */
export function givenSettings(options: Given): string[] {
  const given = options as Readonly<Record<string, unknown>>;
  return SETTINGS.map(([name]) => name)
    .filter((name) => given[name] !== undefined)
    .map((name) => `--${name}`);
}

/**
 * The resources that options ask for.
 * @throws RuntimeError (usage)
 */
export function resourcesOf(options: Given, who: string): Resources {
  const given = options as Readonly<Partial<Record<Setting, string>>>;
  const read = <T>(
    name: Setting,
    parse: (text: string) => T | undefined,
    wanted: string,
  ): T | undefined => {
    const text = given[name];
    // As in runc, where nothing is the same as not given.
    if (text === undefined || text === "") return undefined;
    const value = parse(text);
    if (value !== undefined) return value;
    throw usageError(
      who,
      `invalid value for ${name}: ${JSON.stringify(text)}: expected ${wanted}`,
    );
  };
  const integer = (name: Setting) => read(name, parseInteger, "an integer");
  const natural = (name: Setting) =>
    read(name, parseNatural, "an integer of at least 0");
  const size = (name: Setting) =>
    read(name, parseSize, 'bytes, such as 64M or 1.5GiB, or "-1"');
  return compact({
    blockIO: compact({ weight: natural("blkio-weight") }),
    cpu: compact({
      shares: natural("cpu-share"),
      quota: integer("cpu-quota"),
      burst: natural("cpu-burst"),
      period: natural("cpu-period"),
      realtimeRuntime: integer("cpu-rt-runtime"),
      realtimePeriod: natural("cpu-rt-period"),
      cpus: given["cpuset-cpus"],
      mems: given["cpuset-mems"],
      idle: integer("cpu-idle"),
    }),
    memory: compact({
      limit: size("memory"),
      reservation: size("memory-reservation"),
      swap: size("memory-swap"),
      kernel: size("kernel-memory"),
      kernelTCP: size("kernel-memory-tcp"),
    }),
    pids: compact({ limit: integer("pids-limit") }),
  }) as Resources;
}

/** An object without what is undefined or empty. */
function compact(object: Readonly<Record<string, unknown>>) {
  const entries = Object.entries(object).filter(([, value]) =>
    value !== undefined &&
    (typeof value !== "object" || Object.keys(value as object).length > 0)
  );
  return Object.fromEntries(entries);
}

/** Numbers beyond 2^53 keep all their digits. */
function parseInteger(text: string): number | bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number)
    ? number
    : BigInt(text.replace(/^\+/, ""));
}

function parseNatural(text: string): number | bigint | undefined {
  const number = parseInteger(text);
  return number === undefined || number < 0 ? undefined : number;
}

const UNITS = "kmgtp";

/**
 * A size in bytes as engines' command lines have them: a number, maybe with a
 * fraction, and a unit of 1024, upper or lower case: `k`, `kb`, `KiB`.
 *
 * @returns undefined for anything else
 */
export function parseSize(text: string): number | bigint | undefined {
  if (text === "-1") return -1;
  const match = /^([0-9]+\.?[0-9]*|\.[0-9]+) ?(?:b|([kmgtp])(?:b|ib)?)?$/i
    .exec(text);
  if (match === null) return undefined;
  const [, number = "", unit = ""] = match;
  const factor = 1024n ** BigInt(UNITS.indexOf(unit.toLowerCase() || " ") + 1);
  if (/^[0-9]+$/.test(number)) {
    const bytes = BigInt(number) * factor;
    return bytes <= Number.MAX_SAFE_INTEGER ? Number(bytes) : bytes;
  }
  const bytes = Math.floor(Number(number) * Number(factor));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
