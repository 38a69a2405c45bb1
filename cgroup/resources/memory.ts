import {
  type CgroupVersion,
  type Integer,
  integer,
  onlyV1,
  refusal,
  type ResourceWrite,
} from "./write.ts";

/** `linux.resources.memory`, in bytes; -1 for no limit. */
export interface MemoryLimits {
  readonly limit?: Integer;
  readonly reservation?: Integer;
  /** Memory and swap together. */
  readonly swap?: Integer;
  /** 0 to 100. */
  readonly swappiness?: Integer;
  readonly disableOOMKiller?: boolean;
  /** For updates: refuse a limit that is below what is used. */
  readonly checkBeforeUpdate?: boolean;
}

const PATH = "/linux/resources/memory";
const LIMIT = `${PATH}/limit`;
const SWAP = `${PATH}/swap`;

/** How engines say that they do not set `swappiness`: -1, unsigned. */
const NO_SWAPPINESS = 2n ** 64n - 1n;

/** The writes for `linux.resources.memory`. */
export function memoryWrites(
  version: CgroupVersion,
  memory: MemoryLimits,
): ResourceWrite[] {
  const limit = integer(LIMIT, memory.limit, -1n);
  const swap = integer(SWAP, memory.swap, -1n);
  const at = `${PATH}/reservation`;
  const reservation = integer(at, memory.reservation, -1n);
  const v2 = version === "v2";
  const value = (bytes: bigint) => v2 && bytes < 0n ? "max" : `${bytes}`;
  const write = (pointer: string, file: string, bytes: bigint, why: string) =>
    limitWrite(version, pointer, file, value(bytes), why);
  const writes: ResourceWrite[] = [];
  if (limit !== 0n) {
    const file = v2 ? "memory.max" : "memory.limit_in_bytes";
    const why = limit < 0n ? "no memory limit" : "limit memory";
    writes.push(write(LIMIT, file, limit, why));
  }
  writes.push(...swapWrites(version, limit, swap));
  if (reservation !== 0n) {
    const file = v2 ? "memory.low" : "memory.soft_limit_in_bytes";
    writes.push(write(at, file, reservation, "reserve memory"));
  }
  return [...writes, ...otherWrites(version, memory)];
}

/** On v1 the limit is of memory and swap together, on v2 of swap alone. */
function swapWrites(
  version: CgroupVersion,
  limit: bigint,
  swap: bigint,
): ResourceWrite[] {
  // Without a limit of memory nobody wants the old one of swap to stay.
  const lifted = swap === 0n && limit < 0n;
  if (swap === 0n && !lifted) return [];
  const why = swap <= 0n ? "no limit of swap" : "limit memory and swap";
  const pointer = lifted ? LIMIT : SWAP;
  if (version === "v1") {
    const file = "memory.memsw.limit_in_bytes";
    const value = lifted ? "-1" : `${swap}`;
    const write = limitWrite(version, pointer, file, value, why);
    return [lifted ? { ...write, optional: true } : write];
  }
  const value = lifted ? "max" : unifiedSwap(limit, swap);
  const write = limitWrite(version, pointer, "memory.swap.max", value, why);
  // A kernel without swap has neither the file nor what it would limit.
  const nothing = value === "max" || value === "0";
  return [nothing ? { ...write, optional: true } : write];
}

/** What is left to swap of a limit of memory and swap together. */
function unifiedSwap(limit: bigint, swap: bigint): string {
  if (swap < 0n) return "max";
  if (limit < 0n) return `${swap}`;
  if (limit === 0n) {
    throw refusal(
      SWAP,
      swap,
      "it is memory and swap together, and there is no memory limit: unable " +
        "to set swap limit without memory limit",
    );
  }
  if (swap >= limit) return `${swap - limit}`;
  throw refusal(
    SWAP,
    swap,
    `it is less than the memory limit, ${limit}: memory+swap limit should be ` +
      ">= memory limit",
  );
}

function otherWrites(
  version: CgroupVersion,
  { disableOOMKiller = false, swappiness }: MemoryLimits,
): ResourceWrite[] {
  const writes: ResourceWrite[] = [];
  const pointer = `${PATH}/swappiness`;
  if (swappiness !== undefined && swappiness !== NO_SWAPPINESS) {
    const value = integer(pointer, swappiness, 0n);
    if (value > 100n) throw refusal(pointer, value, "want 0 to 100");
    const file = "memory.swappiness";
    if (version === "v2") throw onlyV1(pointer, value, file);
    const why = "say how readily to swap";
    writes.push(limitWrite(version, pointer, file, `${value}`, why));
  }
  if (disableOOMKiller) writes.push(oomKillerWrite(version, true));
  return writes;
}

/**
 * The write that turns the OOM killer off, or on again.
 * @throws {CgroupError} config: only cgroup v1 has it
 */
export function oomKillerWrite(
  version: CgroupVersion,
  disable: boolean,
): ResourceWrite {
  const pointer = `${PATH}/disableOOMKiller`;
  const file = "memory.oom_control";
  if (version === "v2") throw onlyV1(pointer, disable, file);
  const why = disable ? "let processes wait for memory" : "kill for memory";
  return limitWrite(version, pointer, file, disable ? "1" : "0", why);
}

function limitWrite(
  version: CgroupVersion,
  pointer: string,
  file: string,
  value: string,
  why: string,
): ResourceWrite {
  return { controller: "memory", version, file, value, pointer, why };
}
