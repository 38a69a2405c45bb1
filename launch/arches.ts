import type { Arch } from "../ffi/syscall_numbers.ts";

/** The processors that programs are made for. */
export const ARCHES: readonly Arch[] = ["x86_64", "aarch64"];
