/**
 * Sources of bind mounts among the mounts that the container has already.
 *
 * @module
 */

import { AT_EMPTY_PATH, O } from "../ffi/fd.ts";
import { MS_SHARED } from "../ffi/mount.ts";
import { firstUserNamespace, mapIds, treeFlags } from "./attributes.ts";
import { descriptor } from "./descriptors.ts";
import { setInherited } from "./first_process.ts";
import type { BindMount, LaunchInput } from "./input.ts";
import { awaitAnswer, sendWith } from "./messages.ts";
import { hasNamespace } from "./namespaces.ts";
import { type PlanBuilder, reg } from "./plan.ts";
import { openInRoot } from "./root_paths.ts";

/**
 * Steps of init that clone the source of a bind mount, which is at `inside` in
 * the container, into a register.
 */
export function openInnerSource(
  plan: PlanBuilder,
  input: LaunchInput,
  mount: BindMount & { readonly inside: string },
  to: string,
): void {
  const { source, pointer, inside, recursive } = mount;
  const wanted = input.root.propagation?.flag;
  plan.because(`open the mount source ${source}`, pointer);
  openInRoot(plan, "inside", inside, { flags: O.PATH });
  const flags = treeFlags(recursive) | AT_EMPTY_PATH;
  plan.call("open_tree", [reg("inside"), "", flags], { to })
    .call("close", [reg("inside")]);
  if (hasNamespace(input, "user")) askToMapIds(plan, input, mount, to);
  else mapIds(plan, reg(to), mount, firstUserNamespace(input));
  if (wanted !== MS_SHARED) setInherited(plan, reg(to), wanted);
}

/** Only whom the host trusts may map the IDs of its file systems. */
function askToMapIds(
  plan: PlanBuilder,
  { preserveFds }: LaunchInput,
  { idmap, source, destination, pointer }: BindMount,
  mount: string,
): void {
  if (idmap === undefined) return;
  const davit = descriptor("davit", preserveFds);
  const which = idmap.index * 2 + (idmap.recursive ? 1 : 0);
  plan.because(`map the IDs of ${source} for ${destination}`, pointer);
  sendWith(plan, davit, "mapIds", mount, which);
  awaitAnswer(plan, davit);
}
