/**
 * A part that is loaded on demand: it imports nothing at run time.
 *
 * @module
 */

import type { LoweringTools, ResourceWrite, VersionOf } from "./write.ts";

/** A file of a cgroup v2: a controller, or `cgroup`, and a parameter. */
const NAME = /^([a-z][a-z0-9_]*)\.[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/;

/** What takes processes in, or ends them, and limits nothing. */
const NO_LIMIT = ["cgroup.procs", "cgroup.threads", "cgroup.kill"];

/** Files with a line for each device. */
const BY_DEVICE =
  /^(io\.(max|latency|weight|bfq\.weight|cost\..*)|rdma\.max|misc\.max|dmem\..*)$/;

/** What controllers of v2 that have a v1 counterpart are called there. */
const V1_NAME: Readonly<Record<string, string>> = { io: "blkio" };

/**
 * The writes for `linux.resources.unified`: files of the container's cgroup v2
 * by their names, a write for each line.
 */
export function unifiedWrites(
  { refusal }: LoweringTools,
  versionOf: VersionOf,
  files: Readonly<Record<string, string>>,
): ResourceWrite[] {
  return Object.entries(files).flatMap(([file, text]) => {
    const escaped = file.replaceAll("~", "~0").replaceAll("/", "~1");
    const pointer = `/linux/resources/unified/${escaped}`;
    const refuse = (why: string) => refusal(pointer, JSON.stringify(text), why);
    const [, controller = ""] = NAME.exec(file) ?? [];
    if (controller === "") {
      throw refuse(
        "want the name of a file in the form CONTROLLER.PARAMETER, with no " +
          "slashes",
      );
    }
    if (NO_LIMIT.includes(file)) throw refuse("it is no resource");
    if (text.includes("\0")) throw refuse("it holds NUL");
    const version = controller === "cgroup"
      ? versionOf("")
      : versionOf(V1_NAME[controller] ?? controller);
    if (version === "v1") {
      throw refuse(
        "invalid configuration: cannot use unified on cgroup v1, where " +
          `"${controller}" is`,
      );
    }
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    return lines.map((value): ResourceWrite => {
      const [key = "", ...words] = value.trim().split(/\s+/);
      const line = { key, unset: `${key} ${unset(file, value)}` };
      return {
        controller,
        version,
        file,
        value,
        // A weight alone is that of all devices.
        ...BY_DEVICE.test(file) && words.length > 0 && { line },
        pointer,
        why: `set ${file}`,
      };
    });
  });
}

/** What takes the parts of a line back: `rbps=1 wbps=2` are set to max. */
function unset(file: string, line: string): string {
  const words = line.trim().split(/\s+/).slice(1);
  if (file.endsWith("weight")) return "default";
  const parts = words.map((word) => word.replace(/=.*/, "=max"));
  return parts.some((part) => part.includes("=")) ? parts.join(" ") : "max";
}
