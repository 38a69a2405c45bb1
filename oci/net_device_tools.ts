/**
 * What the part that moves network devices is given: it is loaded on demand,
 * and imports nothing that others load.
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { close, O, open, read, write } from "../ffi/fd.ts";
import { CLONE_NEW } from "../ffi/namespace.ts";
import { checked } from "../ffi/syscall.ts";
import { RuntimeError } from "./errors.ts";
import type { NetDeviceMover, NetDeviceTools } from "./net_devices.ts";

function tools(): NetDeviceTools {
  return {
    checked,
    CLONE_NEW,
    close,
    E,
    O,
    open,
    read,
    RuntimeError,
    SyscallError,
    write,
  };
}

/** Loads what moves network devices. */
export async function loadNetDeviceMover(): Promise<NetDeviceMover> {
  const { NetDeviceMover } = await import("./net_devices.ts");
  return new NetDeviceMover(tools());
}
