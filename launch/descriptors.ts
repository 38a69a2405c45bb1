/**
 * The descriptors that Davit hands to a launch program.
 *
 * They come directly behind the ones that the user's process keeps, without a
 * gap, so that the program can close everything above them.
 *
 * @module
 */

/** What each descriptor is for, in the order of their numbers. */
export const DESCRIPTORS = [
  /** The socket to Davit: reports go out, answers come in. */
  "davit",
  /** The listening socket on which init waits for `start`. */
  "start",
  /** The slave of a terminal that was made on the host. */
  "console",
] as const;

/** The name of a descriptor that Davit hands over. */
export type DescriptorName = typeof DESCRIPTORS[number];

/** The number of a descriptor in a program that preserves `preserveFds`. */
export function descriptor(name: DescriptorName, preserveFds: number): number {
  return 3 + preserveFds + DESCRIPTORS.indexOf(name);
}

/**
 * The first number above those handed over; the user namespaces of ID-mapped
 * mounts, if there are any, have the numbers from there on.
 */
export function firstFree(preserveFds: number, hasConsole: boolean): number {
  return 3 + preserveFds + (hasConsole ? 3 : 2);
}

/**
 * The number of the descriptor that a launch of `exec` gets in the place of
 * the listening socket: the pidfd of the container's init.
 */
export function initDescriptor(preserveFds: number): number {
  return descriptor("start", preserveFds);
}
