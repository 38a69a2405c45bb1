/**
 * The accesses to devices that device_kernel_test.ts tries.
 *
 * @module
 */

/** An access of a process to a device node: opening it, or making it. */
export interface Access {
  readonly type: "b" | "c";
  readonly major: number;
  readonly minor: number;
  readonly way: "r" | "w" | "rw" | "m";
}

/** Numbers for experiments, of which no kernel has a driver. */
export const MAJORS = [60, 61, 62, 63];
export const MINORS = [0, 1, 3, 5];

/** File types of mknod(2). */
export const MODE = { b: 0o060000, c: 0o020000 } as const;

/** A device number as the kernel has it. */
export function makedev(major: number, minor: number): number {
  return major << 8 | minor;
}

/** The file name of a device node. */
export function nodeName({ type, major, minor }: Access): string {
  return `${type}-${major}-${minor}`;
}

/** All accesses, in one order. */
export function accesses(): Access[] {
  return (["b", "c"] as const).flatMap((type) =>
    MAJORS.flatMap((major) =>
      MINORS.flatMap((minor) =>
        (["r", "w", "rw", "m"] as const).map((way) => ({
          type,
          major,
          minor,
          way,
        }))
      )
    )
  );
}
