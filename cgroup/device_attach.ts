import { E, errnoName, errnoText } from "../ffi/errno.ts";
import { type Fd, Handle, O, open } from "../ffi/fd.ts";
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
const BPF_PROG_DETACH = 9;
const BPF_PROG_GET_FD_BY_ID = 13;
const BPF_OBJ_GET_INFO_BY_FD = 15;
const BPF_PROG_QUERY = 16;
const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
const BPF_CGROUP_DEVICE = 6;
const BPF_F_ALLOW_MULTI = 2;
const BPF_F_REPLACE = 4;

/** By this Davit's programs are known: systemd attaches some of its own. */
const NAME = "davit_devices";

/** Most programs that the kernel attaches to one cgroup, BPF_CGROUP_MAX_PROGS. */
const MOST_PROGRAMS = 64;

/** Offset of the name in `struct bpf_prog_info`, and the length of both. */
const INFO = { NAME: 64, NAME_LENGTH: 16, SIZE: 256 } as const;

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
  using cgroup = openCgroup(directory);
  using program = load(directory, rules);
  // The attachment keeps the program alive.
  attach(directory, cgroup, program);
}

/**
 * The same for a cgroup that has rules already: the new ones take the place of
 * the old ones, and at no moment there are none.
 *
 * @throws {CgroupError} when the kernel takes no such program
 * @throws {SyscallError} when the directory cannot be opened
 */
export function replaceDeviceRules(
  directory: string,
  rules: readonly DeviceRule[],
): void {
  using cgroup = openCgroup(directory);
  using old = ownProgram(directory, cgroup);
  if (allowsEverything(rules)) {
    if (old !== undefined) detach(directory, cgroup, old);
    return;
  }
  using program = load(directory, rules);
  attach(directory, cgroup, program, old);
}

function openCgroup(directory: string): Handle {
  return new Handle(open(directory, O.RDONLY | O.DIRECTORY | O.NOFOLLOW));
}

function load(directory: string, rules: readonly DeviceRule[]): Handle {
  const code = encodeProgram(deviceProgram(rules));
  const program = tryLoad(code);
  if (program >= 0) return new Handle(program as Fd);
  const log = new Uint8Array(LOG_SIZE);
  const again = tryLoad(code, log);
  if (again >= 0) return new Handle(again as Fd);
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
  putText(attr, 48, NAME);
  const result = syscall("bpf", BPF_PROG_LOAD, attr, ATTR_SIZE);
  // These are only reachable by address: keep them until the call is over.
  void [code, license, log];
  return result;
}

function attach(
  directory: string,
  cgroup: Handle,
  program: Handle,
  old?: Handle,
): void {
  const flags = old === undefined ? 0 : BPF_F_REPLACE;
  const attr = attachment(cgroup, program, BPF_F_ALLOW_MULTI | flags);
  if (old !== undefined) attr.setUint32(16, old.fd, true);
  const result = syscall("bpf", BPF_PROG_ATTACH, attr, ATTR_SIZE);
  if (result < 0) throw refused(directory, "BPF_PROG_ATTACH", -result);
}

function detach(directory: string, cgroup: Handle, program: Handle): void {
  const attr = attachment(cgroup, program, 0);
  const result = syscall("bpf", BPF_PROG_DETACH, attr, ATTR_SIZE);
  if (result < 0) throw refused(directory, "BPF_PROG_DETACH", -result);
}

function attachment(
  cgroup: Handle,
  program: Handle,
  flags: number,
): DataView<ArrayBuffer> {
  const attr = new DataView(new ArrayBuffer(ATTR_SIZE));
  attr.setUint32(0, cgroup.fd, true);
  attr.setUint32(4, program.fd, true);
  attr.setUint32(8, BPF_CGROUP_DEVICE, true);
  attr.setUint32(12, flags, true);
  return attr;
}

/** The program that Davit has attached to a cgroup, if there is one. */
function ownProgram(directory: string, cgroup: Handle): Handle | undefined {
  for (const id of programIds(directory, cgroup)) {
    const attr = new DataView(new ArrayBuffer(ATTR_SIZE));
    attr.setUint32(0, id, true);
    const fd = syscall("bpf", BPF_PROG_GET_FD_BY_ID, attr, ATTR_SIZE);
    if (fd === -E.ENOENT) continue; // it has gone meanwhile
    if (fd < 0) throw refused(directory, "BPF_PROG_GET_FD_BY_ID", -fd);
    const program = new Handle(fd as Fd);
    if (nameOf(directory, program) === NAME) return program;
    program[Symbol.dispose]();
  }
  return undefined;
}

/** The device programs that are attached to a cgroup itself. */
function programIds(directory: string, cgroup: Handle): number[] {
  const ids = new Uint32Array(MOST_PROGRAMS);
  const attr = new DataView(new ArrayBuffer(ATTR_SIZE));
  attr.setUint32(0, cgroup.fd, true);
  attr.setUint32(4, BPF_CGROUP_DEVICE, true);
  attr.setBigUint64(16, addressOf(ids), true);
  attr.setUint32(24, ids.length, true);
  const result = syscall("bpf", BPF_PROG_QUERY, attr, ATTR_SIZE);
  if (result < 0) throw refused(directory, "BPF_PROG_QUERY", -result);
  return [...ids.subarray(0, attr.getUint32(24, true))];
}

function nameOf(directory: string, program: Handle): string {
  const info = new Uint8Array(INFO.SIZE);
  const attr = new DataView(new ArrayBuffer(ATTR_SIZE));
  attr.setUint32(0, program.fd, true);
  attr.setUint32(4, info.length, true);
  attr.setBigUint64(8, addressOf(info), true);
  const result = syscall("bpf", BPF_OBJ_GET_INFO_BY_FD, attr, ATTR_SIZE);
  if (result < 0) throw refused(directory, "BPF_OBJ_GET_INFO_BY_FD", -result);
  const name = info.subarray(INFO.NAME, INFO.NAME + INFO.NAME_LENGTH);
  return new TextDecoder().decode(name).replace(/\0.*$/, "");
}

function putText(view: DataView, at: number, text: string): void {
  for (let i = 0; i < text.length; i++) {
    view.setUint8(at + i, text.charCodeAt(i));
  }
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
    undefined,
    "/linux/resources/devices",
  );
}

/** The verifier's last words before its statistics. */
function lastLine(log: Uint8Array<ArrayBuffer>): string {
  const end = log.indexOf(0);
  const text = new TextDecoder().decode(log.subarray(0, Math.max(end, 0)));
  const lines = text.split("\n").filter((l) => l && !l.startsWith("processed"));
  return lines.at(-1) ?? "";
}
