import { integer, type Rule } from "./schema.ts";

/** Unsigned integer of 16 bits. */
export const u16: Rule = integer(0, 0xffff);
/** Signed integer of 32 bits. */
export const i32: Rule = integer(-0x8000_0000, 0x7fff_ffff);
/** Unsigned integer of 32 bits. */
export const u32: Rule = integer(0, 0xffff_ffff);
/** Signed integer of 64 bits. */
export const i64: Rule = integer(-(2n ** 63n), 2n ** 63n - 1n);
/** Unsigned integer of 64 bits. */
export const u64: Rule = integer(0, 2n ** 64n - 1n);
