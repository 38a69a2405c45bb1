/**
 * A signal handler in machine code: it writes the signal's number into a pipe,
 * one byte, on whichever thread the signal arrives.
 *
 * The kernel calls it with the number as its first argument, and puts back all
 * registers afterwards.
 *
 * @module
 */

import type { Arch } from "./syscall_numbers.ts";

/** Machine code with what it means; 0x77777777 stands for the descriptor. */
const X86_64 = "" +
  "4883ec08        " + // sub rsp,0x8
  "40883c24        " + // mov BYTE PTR [rsp],dil
  "bf77777777      " + // mov edi,0x77777777
  "4889e6          " + // mov rsi,rsp
  "ba01000000      " + // mov edx,0x1
  "b801000000      " + // mov eax,0x1
  "0f05            " + // syscall
  "4883c408        " + // add rsp,0x8
  "c3              " + // ret
  "b80f000000      " + // mov eax,0xf
  "0f05            "; // syscall

/** Where a handler returns to on x86_64: the last two lines, sigreturn(2). */
const RESTORER = 0x21;

const AARCH64 = "" +
  "ff4300d1        " + // sub sp, sp, #0x10
  "e0030039        " + // strb w0, [sp]
  "e0ee8ed2        " + // mov x0, #0x7777 // #30583
  "e0eeaef2        " + // movk x0, #0x7777, lsl #16
  "e1030091        " + // mov x1, sp
  "220080d2        " + // mov x2, #0x1 // #1
  "080880d2        " + // mov x8, #0x40 // #64
  "010000d4        " + // svc #0x0
  "ff430091        " + // add sp, sp, #0x10
  "c0035fd6        "; // ret

/** A handler, and where in it handlers return to, if not to the kernel's own. */
export interface SignalHandler {
  readonly code: Uint8Array<ArrayBuffer>;
  readonly restorer?: number;
}

/**
 * The handler for the processor `arch`.
 * @param fd the descriptor that it writes to
 */
export function signalHandler(arch: Arch, fd: number): SignalHandler {
  const listing = arch === "x86_64" ? X86_64 : AARCH64;
  const code = Uint8Array.fromHex(listing.replaceAll(" ", ""));
  const view = new DataView(code.buffer);
  if (arch === "x86_64") {
    view.setUint32(9, fd, true);
    return { code, restorer: RESTORER };
  }
  const low = fd & 0xffff, high = fd >>> 16;
  view.setUint32(8, (0xd2800000 | low << 5) >>> 0, true); // movz x0
  view.setUint32(12, (0xf2a00000 | high << 5) >>> 0, true); // movk x0
  return { code };
}
