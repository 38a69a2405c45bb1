import { assert, assertEquals } from "@std/assert";
import { syscallNumber } from "../ffi/syscall_numbers.ts";
import type { LaunchInput } from "./input.ts";
import { PlanBuilder } from "./plan.ts";
import { INSTRUCTION_SIZE, layOut, PAGE } from "./program.ts";
import { planStart } from "./user_program.ts";

const INPUT = { preserveFds: 0, id: "c" } as LaunchInput;

/** The index of munmap and how many bytes it unmaps. */
function munmap(padding: number): { index: number; length: number } {
  const plan = new PlanBuilder().because("test");
  for (let i = 0; i < padding; i++) plan.call("getpid", []);
  planStart(plan, INPUT);
  const { constant, length } = layOut(plan.build(), "x86_64");
  const view = new DataView(constant.buffer, constant.byteOffset);
  const number = syscallNumber("munmap", "x86_64");
  for (let index = 0; index < length; index++) {
    const at = index * INSTRUCTION_SIZE;
    if (view.getUint16(at, true) !== number) continue;
    return { index, length: Number(view.getBigUint64(at + 24, true)) };
  }
  throw new Error("no munmap");
}

Deno.test("planStart() never unmaps the instruction that runs", () => {
  const perPage = PAGE.x86_64 / INSTRUCTION_SIZE;
  for (let padding = 1; padding < 3 * perPage; padding++) {
    const { index, length } = munmap(padding);
    assertEquals(length % PAGE.x86_64, 0);
    assert(length <= index * INSTRUCTION_SIZE, `${padding} steps before`);
    assert(index * INSTRUCTION_SIZE - length < PAGE.x86_64);
  }
});

/** The system calls of the last part of init. */
function callsAfterReady(input: LaunchInput): string[] {
  const plan = new PlanBuilder().because("test");
  planStart(plan, input);
  const { steps } = plan.build();
  return steps.flatMap(({ action }) => "call" in action ? [action.call] : []);
}

Deno.test("planStart() waits for a connection, or runs the program at once", () => {
  const process = { args: ["/bin/true"], env: [], rlimits: [] };
  const input = { ...INPUT, process } as unknown as LaunchInput;
  assert(callsAfterReady(input).includes("accept4"));
  const now = callsAfterReady({ ...input, startNow: true });
  assert(!now.includes("accept4"));
  assertEquals(now.at(-1), "execve");
  // Only the program's start may close the connection to Davit.
  assert(!now.includes("close"));
});
