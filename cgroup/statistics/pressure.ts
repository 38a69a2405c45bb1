import { type CgroupFiles, parseNumber } from "./files.ts";
import type { Pressure, PressureShare } from "./types.ts";

const NONE: PressureShare = { avg10: 0, avg60: 0, avg300: 0, total: 0n };

/**
 * How long processes waited for `cpu`, `memory` or `io`; undefined where the
 * kernel does not tell. A hybrid host tells it in the v2 hierarchy.
 */
export function pressure(
  files: CgroupFiles,
  resource: "cpu" | "memory" | "io",
): Pressure | undefined {
  const text = files.text(`${resource}.pressure`) ?? "";
  const some = share(text, "some");
  // Older kernels have no second line for cpu.
  return some && { some, full: share(text, "full") ?? NONE };
}

/** A line such as `some avg10=0.00 avg60=1.50 avg300=0.00 total=5432`. */
function share(text: string, kind: string): PressureShare | undefined {
  const line = text.split("\n").find((line) => line.startsWith(`${kind} `));
  if (line === undefined) return undefined;
  const value = (name: string) =>
    line.split(" ").find((word) => word.startsWith(`${name}=`))
      ?.slice(name.length + 1) ?? "0";
  return {
    avg10: Number(value("avg10")),
    avg60: Number(value("avg60")),
    avg300: Number(value("avg300")),
    total: parseNumber(value("total")) ?? 0n,
  };
}
