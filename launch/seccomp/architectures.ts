/**
 * The architectures whose system calls a filter can tell apart.
 *
 * @module
 */

import type { Arch } from "../../ffi/syscall_numbers.ts";
import { CALLS } from "./tables.ts";

/** An architecture with a table of calls. */
export type CallArch = keyof typeof CALLS;

/** What a filter sees of an architecture. */
export interface ArchTraits {
  /** `AUDIT_ARCH_...`, which comes with each call. */
  readonly audit: number;
  /** Whether only the low 32 bits of arguments count. */
  readonly narrow: boolean;
}

/** Added to the number of each call of x32. */
export const X32_BIT = 0x40000000;

/** The traits of each architecture: linux/audit.h. */
export const ARCHES: Readonly<Record<CallArch, ArchTraits>> = {
  X86_64: { audit: 0xc000003e, narrow: false },
  X32: { audit: 0xc000003e, narrow: true },
  X86: { audit: 0x40000003, narrow: true },
  AARCH64: { audit: 0xc00000b7, narrow: false },
  ARM: { audit: 0x40000028, narrow: true },
};

/** The architecture of programs that are built for the processor. */
export const NATIVE: Readonly<Record<Arch, CallArch>> = {
  x86_64: "X86_64",
  aarch64: "AARCH64",
};

const tables = new Map<CallArch, ReadonlyMap<string, number>>();

/** The number of each call; those of x32 with their bit. */
export function callNumbers(arch: CallArch): ReadonlyMap<string, number> {
  let table = tables.get(arch);
  if (table === undefined) {
    table = parse(CALLS[arch], arch === "X32" ? X32_BIT : 0);
    tables.set(arch, table);
  }
  return table;
}

function parse(text: string, first: number): Map<string, number> {
  const table = new Map<string, number>();
  let next = first;
  for (const word of text.split(" ")) {
    const number = Number(word);
    if (Number.isInteger(number)) next = first + number;
    else table.set(word, next++);
  }
  return table;
}

/** Whether any of the architectures has a call of this name. */
export function isKnownCall(name: string): boolean {
  return Object.keys(CALLS).some((arch) =>
    callNumbers(arch as CallArch).has(name)
  );
}
