/**
 * Names that the kernel knows by number.
 *
 * @module
 */

/** The names of capabilities(7), in the order of their numbers. */
export const CAPABILITIES: readonly string[] =
  ("CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID " +
    "SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN " +
    "NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE " +
    "SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME " +
    "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP " +
    "MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ " +
    "PERFMON BPF CHECKPOINT_RESTORE").split(" ");

/** The names of getrlimit(2), in the order of their numbers on Linux. */
export const RLIMITS: readonly string[] =
  ("CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING " +
    "MSGQUEUE NICE RTPRIO RTTIME").split(" ");

/** The number of a capability's name; undefined for an unknown one. */
export function capabilityNumber(name: string): number | undefined {
  if (!name.startsWith("CAP_")) return undefined;
  const number = CAPABILITIES.indexOf(name.slice(4));
  return number < 0 ? undefined : number;
}

/** The number of a resource limit's name, which has to be a known one. */
export function rlimitNumber(name: string): number {
  return RLIMITS.indexOf(name.slice("RLIMIT_".length));
}
