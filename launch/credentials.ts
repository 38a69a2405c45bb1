/**
 * Limits, capabilities and IDs of the user's process.
 *
 * The order follows the kernel's rules, capabilities(7): the bounding set
 * while CAP_SETPCAP is there, then groups, group, user with the permitted set
 * kept, at last the sets themselves.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import type { CapabilityInput, ProcessInput } from "./input.ts";
import { type Field, type PlanBuilder, reg } from "./plan.ts";
import { capabilitiesToLoad } from "./seccomp/load.ts";

const PR_SET_KEEPCAPS = 8, PR_CAPBSET_DROP = 24, PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47, PR_CAP_AMBIENT_RAISE = 2;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const CAPABILITY_VERSION_3 = 0x20080522;
/** Capability numbers that the kernel's interface has room for. */
const CAPABILITIES = 64;
const POINTER = "/process/capabilities";

/** Steps for the process's resource limits. */
export function planLimits(plan: PlanBuilder, process: ProcessInput): void {
  for (const { name, resource, soft, hard, pointer } of process.rlimits) {
    const limit = { struct: [[8, soft], [8, hard]] as const };
    plan.because(`limit ${name} to ${soft} (hard ${hard})`, pointer)
      .call("prlimit64", [0, resource, limit, 0]);
  }
}

/** Steps that take on the user's IDs and capabilities. */
export function planCredentials(
  plan: PlanBuilder,
  process: ProcessInput,
): void {
  const { uid, gid, setGroups, capabilities, umask } = process;
  if (process.noNewPrivileges) {
    plan.because("forbid new privileges", "/process/noNewPrivileges")
      .call("prctl", [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0]);
  }
  dropBounding(plan, capabilities.bounding);
  plan.because("keep capabilities while the user changes", "/process/user")
    .call("prctl", [PR_SET_KEEPCAPS, 1, 0, 0, 0]);
  if (setGroups !== "denied") planGroups(plan, process);
  plan.because(`become group ${gid}`, "/process/user/gid")
    .call("setresgid", [gid, gid, gid]);
  plan.because(`become user ${uid}`, "/process/user/uid")
    .call("setresuid", [uid, uid, uid])
    .call("prctl", [PR_SET_KEEPCAPS, 0, 0, 0, 0]);
  dropAmbient(plan);
  setCapabilities(plan, capabilitiesToLoad(process));
  raiseAmbient(plan, capabilities.ambient);
  plan.because(`set the umask to ${umask.toString(8)}`, "/process/user/umask")
    .call("umask", [umask]);
}

function planGroups(plan: PlanBuilder, process: ProcessInput): void {
  const { groups, setGroups } = process;
  const list = { struct: groups.map((group): Field => [4, group]) };
  plan.because(
    `set the additional groups (${groups.join(", ") || "none"})`,
    "/process/user/additionalGids",
  );
  if (groups.length > 0 || setGroups === "needed") {
    plan.call("setgroups", [groups.length, groups.length === 0 ? 0 : list]);
    return;
  }
  // The first process had dropped them before it joined the user namespace.
  const done = plan.fresh("no groups");
  plan.call("setgroups", [0, 0], {
    tolerate: [{ errno: E.EPERM, goto: done }],
  }).label(done);
}

/** Capabilities above the kernel's last one answer EINVAL. */
function dropBounding(plan: PlanBuilder, bounding: bigint): void {
  const next = plan.fresh("drop");
  const done = plan.fresh("dropped");
  const dropped: Field[] = [];
  for (let capability = 0; capability < CAPABILITIES; capability++) {
    if (!(bounding >> BigInt(capability) & 1n)) dropped.push([8, capability]);
  }
  plan.because("drop capabilities from the bounding set", `${POINTER}/bounding`)
    .add({ set: "list", value: { struct: [...dropped, [8, CAPABILITIES]] } })
    .label(next)
    .add({ load: "capability", from: reg("list"), size: 8 })
    .jump(done, [reg("capability"), "==", CAPABILITIES])
    .call("prctl", [PR_CAPBSET_DROP, reg("capability"), 0, 0, 0], {
      tolerate: [{ errno: E.EINVAL, goto: done }],
    })
    .add({ add: "list", a: reg("list"), b: 8 })
    .jump(next)
    .label(done);
}

function dropAmbient(plan: PlanBuilder): void {
  plan.because("drop the caller's ambient capabilities", `${POINTER}/ambient`)
    .call("prctl", [PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0]);
  plan.because("set the capabilities", POINTER);
}

/** Steps for capset(2). */
export function setCapabilities(
  plan: PlanBuilder,
  sets: CapabilityInput,
): void {
  const { effective, permitted, inheritable } = sets;
  const half = (shift: bigint): Field[] =>
    [effective, permitted, inheritable].map((set) => [
      4,
      Number(set >> shift & 0xffffffffn),
    ]);
  const header = { struct: [[4, CAPABILITY_VERSION_3], [4, 0]] as const };
  plan.call("capset", [header, { struct: [...half(0n), ...half(32n)] }]);
}

function raiseAmbient(plan: PlanBuilder, ambient: bigint): void {
  for (let capability = 0; capability < CAPABILITIES; capability++) {
    if (!(ambient >> BigInt(capability) & 1n)) continue;
    const args = [PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0];
    plan.because(`raise ambient capability ${capability}`, `${POINTER}/ambient`)
      .call("prctl", args);
  }
}
