/**
 * Loading a seccomp filter, seccomp(2).
 *
 * Without no_new_privs the kernel wants CAP_SYS_ADMIN for it. Init keeps that
 * until the filter is on, so that the filter need not allow the calls with
 * which init takes on the user's credentials.
 *
 * @module
 */

import type { CapabilityInput, ProcessInput, SeccompInput } from "../input.ts";
import { awaitAnswer, sendWith } from "../messages.ts";
import { type Field, type PlanBuilder, reg } from "../plan.ts";

const POINTER = "/linux/seccomp";
const SECCOMP_SET_MODE_FILTER = 1, SECCOMP_FILTER_FLAG_NEW_LISTENER = 8;
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const CAP_SYS_ADMIN = 1n << 21n;
/** The register with the listener of a filter. */
const LISTENER = "listener";

/** The capabilities that init has until its filter is on. */
export function capabilitiesToLoad(
  { capabilities, noNewPrivileges, seccomp }: ProcessInput,
): CapabilityInput {
  if (seccomp === undefined || noNewPrivileges) return capabilities;
  return {
    ...capabilities,
    effective: capabilities.effective | CAP_SYS_ADMIN,
    permitted: capabilities.permitted | CAP_SYS_ADMIN,
  };
}

/** Steps that load a filter with a listener, and hand that to Davit. */
export function planListener(
  plan: PlanBuilder,
  { seccomp }: ProcessInput,
  davit: number,
): void {
  if (seccomp === undefined || !seccomp.notifies) return;
  // The kernel takes a listener and TSYNC together only with a third flag;
  // init has one thread, so that there is nothing to synchronize.
  const flags = seccomp.flags & ~SECCOMP_FILTER_FLAG_TSYNC |
    SECCOMP_FILTER_FLAG_NEW_LISTENER;
  load(plan, { ...seccomp, flags });
  plan.because(
    "hand the listener of the seccomp filter to Davit",
    `${POINTER}/listenerPath`,
  );
  sendWith(plan, davit, "listener", LISTENER);
  // From here on the listener's owner may have to answer for init.
  awaitAnswer(plan, davit);
  // Init's copy would keep the listener alive when its owner is gone, and
  // calls would wait for ever instead of failing. A profile may refuse this.
  const closed = plan.fresh("listener closed");
  plan.because("close the listener of the seccomp filter", POINTER)
    .call("close", [reg(LISTENER)], {
      tolerate: [{ errno: "any", goto: closed }],
    })
    .label(closed);
}

/**
 * Steps that load a filter without a listener, and give up what init kept for
 * that: the last ones before the program.
 *
 * @param setCapabilities steps for capset(2)
 */
export function planFilter(
  plan: PlanBuilder,
  process: ProcessInput,
  setCapabilities: (plan: PlanBuilder, sets: CapabilityInput) => void,
): void {
  const { capabilities, seccomp } = process;
  if (seccomp === undefined) return;
  if (!seccomp.notifies) load(plan, seccomp);
  const { effective, permitted } = capabilitiesToLoad(process);
  const same = effective === capabilities.effective &&
    permitted === capabilities.permitted;
  if (same) return;
  plan.because(
    "give up the right to load a seccomp filter (the profile has to allow " +
      "capset, if process.noNewPrivileges is false)",
    "/process/capabilities",
  );
  setCapabilities(plan, capabilities);
}

function load(
  plan: PlanBuilder,
  { filter, flags }: SeccompInput,
): void {
  // struct sock_fprog: how many instructions, and where they are.
  const program: Field[] = [[8, filter.length / 8], [8, { bytes: filter }]];
  plan.because("load the seccomp filter", POINTER).call("seccomp", [
    SECCOMP_SET_MODE_FILTER,
    flags,
    { struct: program },
  ], { to: LISTENER });
}
