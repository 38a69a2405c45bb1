import { assert, assertEquals, assertThrows } from "@std/assert";
import { listing, listingTest } from "../tests/disassemble.ts";
import { poll, POLLIN } from "./poll.ts";
import { sleep } from "./process.ts";
import { signalHandler } from "./signal_handler.ts";
import { SignalPipe } from "./signal_pipe.ts";
import { syscall } from "./syscall.ts";

const USR1 = 10, USR2 = 12;

/** The handler of a signal: 0 is the usual effect. */
function handlerOf(signal: number): bigint {
  const old = new BigUint64Array(4);
  assertEquals(syscall("rt_sigaction", signal, null, old, 8), 0);
  return old[0]!;
}

function send(signal: number): void {
  assertEquals(syscall("kill", Deno.pid, signal), 0);
}

/** Whether a signal to this process has not reached a thread yet. */
function isPending(signal: number): boolean {
  const status = Deno.readTextFileSync("/proc/self/status");
  const set = BigInt(`0x${/^ShdPnd:\t(\w+)$/m.exec(status)![1]}`);
  return (set >> BigInt(signal - 1) & 1n) === 1n;
}

/** Whether something comes to be read, in a second at the most. */
function comes(signals: SignalPipe): boolean {
  return poll([{ fd: signals.fd, events: POLLIN }], 1000)[0] !== 0;
}

/** So many signals, taken as they come. */
function takeAll(signals: SignalPipe, count: number): number[] {
  const found: number[] = [];
  while (found.length < count && comes(signals)) found.push(...signals.take());
  return found;
}

Deno.test("SignalPipe gives the signals that came", () => {
  using signals = new SignalPipe();
  assertEquals(signals.take(), []);
  signals.catch(USR1);
  signals.catch(USR2);
  send(USR1);
  assertEquals(takeAll(signals, 1), [USR1]);
  assertEquals(signals.take(), []);
  send(USR2);
  assertEquals(takeAll(signals, 1), [USR2]);
});

Deno.test("SignalPipe never blocks who is interrupted", () => {
  using signals = new SignalPipe();
  signals.catch(USR1);
  // More than a pipe has room for.
  for (let i = 0; i < 70_000; i++) send(USR1);
  assert(takeAll(signals, 1000).every((signal) => signal === USR1));
  // Another thread may be slow to take the last one, which would end it then.
  while (isPending(USR1)) sleep(1);
});

Deno.test("SignalPipe puts the usual effect back", () => {
  assertEquals(handlerOf(USR1), 0n);
  {
    using signals = new SignalPipe();
    signals.catch(USR1);
    assert(handlerOf(USR1) > 0n);
  }
  assertEquals(handlerOf(USR1), 0n);
  using signals = new SignalPipe();
  assertThrows(() => signals.catch(9), Error, "rt_sigaction");
});

for (const arch of ["x86_64", "aarch64"] as const) {
  const source = Deno.readTextFileSync(
    new URL("./signal_handler.ts", import.meta.url),
  );
  const start = source.indexOf(`const ${arch.toUpperCase()} = `);
  const text = source.slice(start, source.indexOf(";", start) + 80);
  const { code } = signalHandler(arch, 0x77777777);
  listingTest("signalHandler()", arch, listing(text), code);
}

Deno.test("signalHandler() returns to rt_sigreturn(2) on x86_64", () => {
  const { code, restorer } = signalHandler("x86_64", 0);
  // mov eax, 15 directly behind the return.
  assertEquals(code[restorer! - 1], 0xc3);
  assertEquals(code[restorer!], 0xb8);
  assertEquals(signalHandler("aarch64", 0).restorer, undefined);
});

Deno.test("signalHandler() writes to any descriptor", () => {
  const fd = 0x00123456;
  const x86 = new DataView(signalHandler("x86_64", fd).code.buffer);
  assertEquals(x86.getUint32(9, true), fd);
  const arm = new DataView(signalHandler("aarch64", fd).code.buffer);
  const half = (at: number) => arm.getUint32(at, true) >>> 5 & 0xffff;
  assertEquals([half(8), half(12)], [0x3456, 0x12]);
});
