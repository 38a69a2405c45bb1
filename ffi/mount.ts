/**
 * Mounting by descriptor: numbers of open_tree(2), move_mount(2),
 * mount_setattr(2), fsopen(2), fsconfig(2), fsmount(2), and the three of them
 * that Davit itself calls.
 *
 * @module
 */

import type { Fd } from "./fd.ts";
import { checked } from "./syscall.ts";

/** open_tree(2): clone the mount instead of only opening the path. */
export const OPEN_TREE_CLONE = 1;
/** open_tree(2): close the descriptor on execve. */
export const OPEN_TREE_CLOEXEC = 0o2000000;

/** move_mount(2): the source is the descriptor itself. */
export const MOVE_MOUNT_F_EMPTY_PATH = 4;
/** move_mount(2): a link at the target's end is followed. */
export const MOVE_MOUNT_T_SYMLINKS = 0x10;
/** move_mount(2): the target is the descriptor itself. */
export const MOVE_MOUNT_T_EMPTY_PATH = 0x40;

/** fsopen(2): close the descriptor on execve. */
export const FSOPEN_CLOEXEC = 1;
/** fsmount(2): close the descriptor on execve. */
export const FSMOUNT_CLOEXEC = 1;
/** fsconfig(2): set an option without a value. */
export const FSCONFIG_SET_FLAG = 0;
/** fsconfig(2): set an option to a string. */
export const FSCONFIG_SET_STRING = 1;
/** fsconfig(2): make the superblock. */
export const FSCONFIG_CMD_CREATE = 6;
/** fsconfig(2): change the superblock. */
export const FSCONFIG_CMD_RECONFIGURE = 7;

/** fspick(2): close the descriptor on execve. */
export const FSPICK_CLOEXEC = 1;
/** fspick(2): the path is the descriptor itself. */
export const FSPICK_EMPTY_PATH = 8;

/** mount_setattr(2): the mount is read-only. */
export const MOUNT_ATTR_RDONLY = 0x1;
/** mount_setattr(2): files have other owners, by a user namespace's maps. */
export const MOUNT_ATTR_IDMAP = 0x10_0000;

/** Propagation types, mount(2): cannot be bound. */
export const MS_UNBINDABLE = 1 << 17;
/** No propagation. */
export const MS_PRIVATE = 1 << 18;
/** Receive, but do not send. */
export const MS_SLAVE = 1 << 19;
/** Receive and send. */
export const MS_SHARED = 1 << 20;

/** The `struct mount_attr` of mount_setattr(2). */
export interface MountAttributes {
  /** MOUNT_ATTR_ flags to set. */
  readonly set?: number;
  /** MOUNT_ATTR_ flags to clear. */
  readonly clear?: number;
  /** One MS_ propagation flag, or 0 to leave it. */
  readonly propagation?: number;
  /** The user namespace of an idmapped mount. */
  readonly userns?: number;
}

/** `struct mount_attr` as the kernel reads it. */
export function mountAttr(
  attributes: MountAttributes,
): BigUint64Array<ArrayBuffer> {
  const { set = 0, clear = 0, propagation = 0, userns = 0 } = attributes;
  return new BigUint64Array([set, clear, propagation, userns].map(BigInt));
}

/**
 * A descriptor of the mount at `path` below `at`; with OPEN_TREE_CLONE of a
 * new, detached copy of it.
 * @throws {SyscallError}
 */
export function openTree(at: number, path: string, flags: number): Fd {
  return checked("open_tree", path, at, path, flags | OPEN_TREE_CLOEXEC) as Fd;
}

/**
 * Attaches the detached mount `mount` on top of `target`.
 * @throws {SyscallError}
 */
export function attachMount(mount: Fd, target: Fd, subject: string): void {
  const flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  checked("move_mount", subject, mount, "", target, "", flags);
}

/**
 * Changes the attributes of the mount at `path` below `at`.
 * @param flags AT_EMPTY_PATH, AT_RECURSIVE
 * @throws {SyscallError}
 */
export function mountSetattr(
  at: number,
  path: string,
  flags: number,
  attributes: MountAttributes,
): void {
  const attr = mountAttr(attributes);
  checked("mount_setattr", path, at, path, flags, attr, attr.byteLength);
}
