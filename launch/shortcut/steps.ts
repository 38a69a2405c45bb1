/**
 * Steps that shortcuts share.
 *
 * Shortcuts are small programs that do what a later command asks for, made when
 * the container is and what they need is known. They have to be quick, not
 * clever: at anything that is not as they expect they fail, and the command
 * does its work itself. So what they have done until then must not be in its
 * way.
 *
 * @module
 */

import { E } from "../../ffi/errno.ts";
import { AT_FDCWD, O } from "../../ffi/fd.ts";
import { PlanBuilder, reg, REPORT } from "../plan.ts";

/** unlinkat(2)'s flag for folders. */
export const AT_REMOVEDIR = 0x200;

/** A file that holds "1" while a container is frozen. */
export interface Frozen {
  readonly file: string;
}

/** A plan whose failures are told by its exit status alone. */
export function beginShortcut(): PlanBuilder {
  const nobody = 0xffffffff;
  return new PlanBuilder().because("tell nobody")
    .add({ set: REPORT, value: nobody });
}

/** Steps that fail where the container is frozen: it cannot answer. */
export function refuseFrozen(plan: PlanBuilder, frozen?: Frozen): void {
  if (frozen === undefined) return;
  plan.because("the container is not frozen").block("frozen", [[8, 0]])
    .call("openat", [AT_FDCWD, frozen.file, O.RDONLY], { to: "freezer" })
    .call("read", [reg("freezer"), { block: "frozen" }, 8])
    .call("close", [reg("freezer")])
    .add({ load: "frozen", from: { block: "frozen" }, size: 1 })
    .jump("thawed", [reg("frozen"), "==", "0".charCodeAt(0)])
    .add({ fail: E.EBUSY })
    .label("thawed");
}

/** Steps that remove what may be gone, or with `tries` may stay. */
export function removing(
  plan: PlanBuilder,
  path: string,
  flags: number,
  tries = false,
): void {
  const next = plan.fresh("removed");
  plan.call("unlinkat", [AT_FDCWD, path, flags], {
    tolerate: [{ errno: tries ? "any" : E.ENOENT, goto: next }],
  }).label(next);
}
