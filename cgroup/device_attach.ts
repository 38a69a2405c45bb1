import { E, errnoName, errnoText } from "../ffi/errno.ts";
import { close, O, open } from "../ffi/fd.ts";
import { addressOf, cString } from "../ffi/libc.ts";
import { syscall } from "../ffi/syscall.ts";
import {
  deviceProgram,
  encodeProgram,
  INSTRUCTION_SIZE,
} from "./device_program.ts";
import { allowsEverything, type DeviceRule } from "./devices.ts";
import { CgroupError } from "./error.ts";

/**
 * Size of the `union bpf_attr` that is passed, in bytes: more than any kernel
 * has, because some write fields that lie beyond the size they were told. The
 * rest has to be zero, see bpf(2).
 */
const ATTR_SIZE = 256;

// bpf(2) commands, types and flags, from linux/bpf.h.
const BPF_PROG_LOAD = 5;
const BPF_PROG_ATTACH = 8;
const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
const BPF_CGROUP_DEVICE = 6;
const BPF_F_ALLOW_MULTI = 2;

/** Size of the buffer for the verifier's words, in bytes. */
const LOG_SIZE = 64 * 1024;

/**
 * Makes the kernel follow `rules` for all processes of the cgroup v2 at
 * `directory`, beside what programs that are already attached there or above
 * say. Rules that allow everything need no program.
 *
 * @throws {CgroupError} when the kernel takes no such program
 * @throws {SyscallError} when the directory cannot be opened
 */
export function attachDeviceRules(
  directory: string,
  rules: readonly DeviceRule[],
): void {
  if (allowsEverything(rules)) return;
  const cgroup = open(directory, O.RDONLY | O.DIRECTORY | O.NOFOLLOW);
  try {
    const program = load(directory, encodeProgram(deviceProgram(rules)));
    try {
      attach(directory, cgroup, program);
    } finally {
      // The attachment keeps the program alive.
      close(program);
    }
  } finally {
    close(cgroup);
  }
}

function load(directory: string, code: Uint8Array<ArrayBuffer>): number {
  const program = tryLoad(code);
  if (program >= 0) return program;
  const log = new Uint8Array(LOG_SIZE);
  const again = tryLoad(code, log);
  if (again >= 0) return again;
  throw refused(directory, "BPF_PROG_LOAD", -program, lastLine(log));
}

/** BPF_PROG_LOAD: the program's descriptor, or a negative errno. */
function tryLoad(
  code: Uint8Array<ArrayBuffer>,
  log?: Uint8Array<ArrayBuffer>,
): number {
  const license = cString("Apache-2.0");
  const attr = new DataView(new ArrayBuffer(ATTR_SIZE));
  attr.setUint32(0, BPF_PROG_TYPE_CGROUP_DEVICE, true);
  attr.setUint32(4, code.length / INSTRUCTION_SIZE, true);
  attr.setBigUint64(8, addressOf(code), true);
  attr.setBigUint64(16, addressOf(license), true);
  if (log !== undefined) {
    attr.setUint32(24, 1, true); // log_level
    attr.setUint32(28, log.length, true);
    attr.setBigUint64(32, addressOf(log), true);
  }
  const result = syscall("bpf", BPF_PROG_LOAD, attr, ATTR_SIZE);
  // These are only reachable by address: keep them until the call is over.
  void [code, license, log];
  return result;
}

function attach(directory: string, cgroup: number, program: number): void {
  const attr = new DataView(new ArrayBuffer(ATTR_SIZE));
  attr.setUint32(0, cgroup, true);
  attr.setUint32(4, program, true);
  attr.setUint32(8, BPF_CGROUP_DEVICE, true);
  attr.setUint32(12, BPF_F_ALLOW_MULTI, true);
  const result = syscall("bpf", BPF_PROG_ATTACH, attr, ATTR_SIZE);
  if (result < 0) throw refused(directory, "BPF_PROG_ATTACH", -result);
}

function refused(
  directory: string,
  command: string,
  errno: number,
  detail = "",
): CgroupError {
  const mend = errno === E.EPERM
    ? ", needs CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN, outside of user namespaces"
    : errno === E.ENOSYS || errno === E.EINVAL
    ? ", needs a kernel with CONFIG_CGROUP_BPF"
    : "";
  return new CgroupError(
    "system",
    `Cannot limit devices (linux.resources.devices) of cgroup "${directory}": ` +
      `bpf ${command}: ${errnoName(errno)}: ${errnoText(errno)}${mend}` +
      (detail === "" ? "" : ` (the verifier says: ${detail})`),
  );
}

/** The verifier's last words before its statistics. */
function lastLine(log: Uint8Array<ArrayBuffer>): string {
  const end = log.indexOf(0);
  const text = new TextDecoder().decode(log.subarray(0, Math.max(end, 0)));
  const lines = text.split("\n").filter((l) => l && !l.startsWith("processed"));
  return lines.at(-1) ?? "";
}
