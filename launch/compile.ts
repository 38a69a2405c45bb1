/**
 * The compiler: a launch's input becomes a plan, the plan a program, the
 * program an executable.
 *
 *     LaunchInput -> Plan -> Program -> ELF
 *
 * @module
 */

import type { Arch } from "../ffi/syscall_numbers.ts";
import { elf } from "./elf.ts";
import { planFirstProcess } from "./first_process.ts";
import { planInit } from "./init.ts";
import type { LaunchInput } from "./input.ts";
import { type Plan, PlanBuilder } from "./plan.ts";
import { layOut } from "./program.ts";

/** The plan of a container's launch. */
export function planLaunch(input: LaunchInput): Plan {
  const plan = new PlanBuilder();
  planFirstProcess(plan, input);
  planInit(plan, input);
  return plan.build();
}

/** The executable that carries `plan` out on the processor `arch`. */
export function compile(plan: Plan, arch: Arch): Uint8Array<ArrayBuffer> {
  return elf(layOut(plan, arch), arch);
}
