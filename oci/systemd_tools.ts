/**
 * What the part that talks with systemd is given: it is loaded on demand, and
 * imports nothing that others load.
 *
 * @module
 */

import { CgroupError } from "../cgroup/error.ts";
import type { SystemdTools } from "../cgroup/systemd/manager.ts";
import { SyscallError } from "../ffi/error.ts";
import { close, read, write } from "../ffi/fd.ts";
import { isDirectory, readText, stat } from "../ffi/files.ts";
import { poll, POLLIN } from "../ffi/poll.ts";
import { connect } from "../ffi/socket.ts";
import { variable } from "./variables.ts";

/** What talks with systemd, and what it works with. */
export interface SystemdPart {
  readonly scopes: typeof import("../cgroup/systemd/scope.ts");
  readonly tools: SystemdTools;
}

/** Loads what talks with systemd. */
export async function loadSystemd(): Promise<SystemdPart> {
  const scopes = await import("../cgroup/systemd/scope.ts");
  // Root of a user namespace has another ID on the host.
  const uid = Deno.uid() || undefined;
  const tools = {
    CgroupError,
    close,
    connect,
    environment: { get: variable },
    isDirectory,
    poll,
    POLLIN,
    read,
    readText,
    stat,
    SyscallError,
    uid,
    write,
  };
  return { scopes, tools };
}
