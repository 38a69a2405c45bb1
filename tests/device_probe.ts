/**
 * A process that tries accesses to device nodes, for device_kernel_test.ts:
 * with each line that it reads it tries all of them, and answers with a line
 * of a digit each, 1 for what the cgroup allows.
 *
 *   deno run device_probe.ts FOLDER
 *
 * @module
 */

import { E } from "../ffi/errno.ts";
import { close, type Fd } from "../ffi/fd.ts";
import { syscall } from "../ffi/syscall.ts";
import {
  type Access,
  accesses,
  makedev,
  MODE,
  nodeName,
} from "./device_nodes.ts";

const AT_FDCWD = -100;
const O_NONBLOCK = 0o4000;

/** Whether the kernel lets this process; another error comes after that. */
function allows(folder: string, access: Access): boolean {
  const { major, minor, type, way } = access;
  const path = `${folder}/${nodeName(access)}`;
  if (way === "m") {
    const made = `${path}.made`;
    const device = makedev(major, minor);
    const mode = MODE[type] | 0o600;
    const result = syscall("mknodat", AT_FDCWD, made, mode, device);
    if (result === 0) Deno.removeSync(made);
    return result !== -E.EPERM;
  }
  const flags = { r: 0, w: 1, rw: 2 }[way] | O_NONBLOCK;
  const result = syscall("openat", AT_FDCWD, path, flags);
  if (result >= 0) close(result as Fd);
  return result !== -E.EPERM;
}

if (import.meta.main) {
  const [folder = ""] = Deno.args;
  const all = accesses();
  const byte = new Uint8Array(1);
  const answer = (text: string) =>
    Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  answer("ready");
  while (Deno.stdin.readSync(byte) !== null) {
    answer(all.map((one) => allows(folder, one) ? "1" : "0").join(""));
  }
}
