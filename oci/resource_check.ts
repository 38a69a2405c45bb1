import { CgroupError } from "../cgroup/error.ts";
import type { CgroupLayout } from "../cgroup/layout.ts";
import { cgroupManager } from "../cgroup/manager.ts";
import { rareWrites } from "../cgroup/resources/rare.ts";
import { integer, refusal } from "../cgroup/resources/write.ts";
import type { Problem } from "./errors.ts";
import { describeValue } from "./quote.ts";
import type { Spec } from "./spec.ts";

/**
 * What of the resources, or of the cgroup's path, a host of this layout cannot
 * do; the first such thing. Nothing is made.
 *
 * @param spec a configuration that is sound otherwise
 */
export function resourceProblems(spec: Spec, layout: CgroupLayout): Problem[] {
  const tools = { integer, refusal };
  try {
    cgroupManager(layout, {
      id: "check",
      spec,
      rare: (versionOf, resources) => rareWrites(tools, versionOf, resources),
    });
    return [];
  } catch (error) {
    if (!(error instanceof CgroupError)) throw error;
    const { message } = error;
    const pointer = error.pointer || "/linux/resources";
    // The place comes with the pointer.
    const why = error.pointer === ""
      ? message
      : message.slice(message.indexOf(": ") + 2);
    return [{ pointer, found: describeValue(at(spec, pointer)), message: why }];
  }
}

function at(value: unknown, pointer: string): unknown {
  return pointer.split("/").slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce(
      (inner, name) => (inner as Record<string, unknown> | undefined)?.[name],
      value,
    );
}
