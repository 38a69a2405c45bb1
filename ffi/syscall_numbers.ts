/**
 * System call numbers of x86_64 and aarch64, for the calls that Davit makes.
 *
 * Source: the kernel's `asm/unistd_64.h` (x86_64) and
 * `asm-generic/unistd.h` (aarch64).
 *
 * @module
 */

/** A processor that launch programs are made for. */
export type Arch = "x86_64" | "aarch64";

/** Call name to its number on x86_64 and on aarch64. */
const NUMBERS = {
  read: [0, 63],
  write: [1, 64],
  writev: [20, 66],
  pwrite64: [18, 68],
  close: [3, 57],
  lseek: [8, 62],
  fcntl: [72, 25],
  ioctl: [16, 29],
  openat: [257, 56],
  openat2: [437, 437],
  mkdirat: [258, 34],
  mknodat: [259, 33],
  symlinkat: [266, 36],
  unlinkat: [263, 35],
  linkat: [265, 37],
  renameat2: [316, 276],
  readlinkat: [267, 78],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  fchown: [93, 55],
  fchownat: [260, 54],
  fsetxattr: [190, 7],
  fgetxattr: [193, 10],
  utimensat: [280, 88],
  faccessat2: [439, 439],
  dup3: [292, 24],
  pipe2: [293, 59],
  eventfd2: [290, 19],
  socket: [41, 198],
  socketpair: [53, 199],
  shutdown: [48, 210],
  bind: [49, 200],
  listen: [50, 201],
  connect: [42, 203],
  accept4: [288, 242],
  sendmsg: [46, 211],
  recvmsg: [47, 212],
  ppoll: [271, 73],
  memfd_create: [319, 279],
  prctl: [157, 167],
  prlimit64: [302, 261],
  pidfd_open: [434, 434],
  pidfd_send_signal: [424, 424],
  pidfd_getfd: [438, 438],
  waitid: [247, 95],
  kill: [62, 129],
  clone: [56, 220],
  clone3: [435, 435],
  unshare: [272, 97],
  setns: [308, 268],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  chdir: [80, 49],
  fchdir: [81, 50],
  getcwd: [79, 17],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  setsid: [112, 157],
  setgroups: [116, 159],
  setresuid: [117, 147],
  setresgid: [119, 149],
  capset: [126, 91],
  capget: [125, 90],
  keyctl: [250, 219],
  umask: [95, 166],
  exit_group: [231, 94],
  execve: [59, 221],
  execveat: [322, 281],
  close_range: [436, 436],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  open_tree: [428, 428],
  move_mount: [429, 429],
  mount_setattr: [442, 442],
  statfs: [137, 43],
  fstatfs: [138, 44],
  statx: [332, 291],
  getpid: [39, 172],
  getppid: [110, 173],
  getuid: [102, 174],
  geteuid: [107, 175],
  getgid: [104, 176],
  getegid: [108, 177],
  gettid: [186, 178],
  madvise: [28, 233],
  mmap: [9, 222],
  munmap: [11, 215],
  bpf: [321, 280],
  seccomp: [317, 277],
  personality: [135, 92],
  sched_setattr: [314, 274],
  sched_setaffinity: [203, 122],
  sched_getaffinity: [204, 123],
  ioprio_set: [251, 30],
  set_mempolicy: [238, 237],
  rt_sigprocmask: [14, 135],
  rt_sigaction: [13, 134],
  signalfd4: [289, 74],
  nanosleep: [35, 101],
  clock_gettime: [228, 113],
  ftruncate: [77, 46],
  fsync: [74, 82],
  flock: [73, 32],
  getdents64: [217, 61],
} as const;

/** The name of a system call that Davit knows the number of. */
export type SyscallName = keyof typeof NUMBERS;

/** The number of the system call `name` on the processor `arch`. */
export function syscallNumber(name: SyscallName, arch: Arch): number {
  return NUMBERS[name][arch === "x86_64" ? 0 : 1];
}

/** The name behind a system call number of `arch`, for people to read. */
export function syscallName(
  number: number,
  arch: Arch,
): SyscallName | undefined {
  const column = arch === "x86_64" ? 0 : 1;
  for (const [name, numbers] of Object.entries(NUMBERS)) {
    if (numbers[column] === number) return name as SyscallName;
  }
  return undefined;
}
