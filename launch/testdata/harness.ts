/**
 * Runs programs that tests make: as they are on this processor, under
 * qemu-user on the other one.
 *
 * @module
 */

import { type Fd, Handle, O, open, write } from "../../ffi/fd.ts";
import { poll, POLLIN } from "../../ffi/poll.ts";
import { pidfdOpen, pidfdSendSignal, waitChild } from "../../ffi/process.ts";
import { receive, socketPair } from "../../ffi/socket.ts";
import { spawn } from "../../ffi/spawn.ts";
import { ARCH, checked } from "../../ffi/syscall.ts";
import type { Arch } from "../../ffi/syscall_numbers.ts";
import { compile } from "../compile.ts";
import { type Message, MESSAGE_SIZE, parseMessage } from "../messages.ts";
import { type Operand, type Plan, PlanBuilder, REPORT } from "../plan.ts";

/** Both processors. */
export const ARCHES: readonly Arch[] = ["x86_64", "aarch64"];

/** The descriptor of a test program's report socket. */
export const SOCKET = 3;

/** The first of `paths` that is there. */
export function firstFile(...paths: string[]): string | undefined {
  return paths.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** qemu-user for programs of `arch`. */
export function emulator(arch: Arch): string | undefined {
  return firstFile(`/usr/bin/qemu-${arch}-static`, `/usr/bin/qemu-${arch}`);
}

/** What lacks to run programs of `arch`; undefined: they run. */
export function lacks(arch: Arch): string | undefined {
  return arch === ARCH || emulator(arch) !== undefined
    ? undefined
    : `qemu-${arch}-static`;
}

/** How a program went. */
export interface Outcome {
  /** As a shell's: 128 and the signal that ended it. */
  readonly status: number;
  /** What it wrote to stdout. */
  readonly output: Uint8Array;
  /** The messages that came through the socket. */
  readonly messages: readonly Message[];
}

/** How long a program may take, in milliseconds. */
const PATIENCE = 5_000;

/** Runs `plan`, compiled for `arch`, to its end. */
export function run(plan: Plan, arch: Arch): Outcome {
  return runProgram(compile(plan, arch), arch);
}

/** Runs an ELF executable of `arch` to its end. */
export function runProgram(
  program: Uint8Array<ArrayBuffer>,
  arch: Arch,
): Outcome {
  const [a, b] = socketPair();
  using ours = new Handle(a);
  using theirs = new Handle(b);
  using out = new Handle(checked("memfd_create", "", "out", 1) as Fd);
  const pid = start(program, arch, [[1, out.fd], [SOCKET, theirs.fd]]);
  theirs.close();
  const messages: Message[] = [];
  try {
    for (;;) {
      const [events = 0] = poll([{ fd: ours.fd, events: POLLIN }], PATIENCE);
      if (events === 0) throw new Error("the program does not end");
      const bytes = new Uint8Array(MESSAGE_SIZE);
      if (receive(ours.fd, bytes).length === 0) break;
      messages.push(parseMessage(bytes));
    }
  } catch (error) {
    using pidfd = new Handle(pidfdOpen(pid)!);
    pidfdSendSignal(pidfd.fd, 9);
    waitChild(pid);
    throw error;
  }
  const { status } = waitChild(pid)!;
  const output = Deno.readFileSync(`/proc/self/fd/${out.fd}`);
  return { status, output, messages };
}

/** The descriptor through which qemu-user reads its program. */
const PROGRAM = 90;

/** Starts an ELF executable of `arch` and returns its pid. */
export function start(
  program: Uint8Array<ArrayBuffer>,
  arch: Arch,
  descriptors: readonly (readonly [number, number])[],
): number {
  const folder = Deno.makeTempDirSync({ prefix: "davit-program." });
  try {
    const path = `${folder}/program`;
    {
      using file = new Handle(open(path, O.WRONLY | O.CREAT | O.EXCL, 0o700));
      write(file.fd, program);
    }
    if (arch === ARCH) {
      return spawn({ path, args: ["test"], env: [], descriptors });
    }
    using file = new Handle(open(path, O.RDONLY));
    const qemu = emulator(arch)!;
    return spawn({
      path: qemu,
      args: [qemu, `/proc/self/fd/${PROGRAM}`],
      env: [],
      descriptors: [...descriptors, [PROGRAM, file.fd]],
    });
  } finally {
    // It runs by now, or its descriptor is open.
    Deno.removeSync(folder, { recursive: true });
  }
}

/** A builder whose program reports failures through the socket. */
export function reporting(): PlanBuilder {
  return new PlanBuilder().because("report failures")
    .add({ set: REPORT, value: SOCKET })
    .because("test");
}

/** The steps that end a program with `status`. */
export function exit(plan: PlanBuilder, status: Operand = 0): PlanBuilder {
  return plan.because("end").call("exit_group", [status]);
}

/** Steps that write `values`, 8 bytes each, to stdout. */
export function show(plan: PlanBuilder, ...values: Operand[]): PlanBuilder {
  const name = plan.fresh("shown");
  plan.block(name, values.map(() => [8, 0]));
  values.forEach((store, i) =>
    plan.add({ store, into: { block: name, at: 8 * i }, size: 8 })
  );
  return plan.call("write", [1, { block: name }, 8 * values.length]);
}

/** The values that a program has shown. */
export function shown({ output }: Outcome): bigint[] {
  const view = new DataView(output.buffer, output.byteOffset);
  return Array.from(
    { length: output.length / 8 },
    (_, i) => view.getBigUint64(8 * i, true),
  );
}

/** The index of the first step with a reason. */
export function stepOf(plan: Plan, why: string): number {
  return plan.steps.findIndex((step) => step.why === why);
}
