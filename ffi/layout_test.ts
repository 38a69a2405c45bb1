/**
 * Structures and constants that are spelled out in ffi/, compared with what a
 * C program says of the headers of this machine.
 */
import { assertEquals } from "@std/assert";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  AT_SYMLINK_NOFOLLOW,
  O,
  openHow,
  RESOLVE,
} from "./fd.ts";
import * as mount from "./mount.ts";
import { CLONE_NEW } from "./namespace.ts";
import { POLLGONE, POLLIN, POLLOUT } from "./poll.ts";
import { TTY, winsize } from "./pty.ts";
import { MAGIC, STATFS_SIZE } from "./statfs.ts";

/** The first headers are glibc's; the kernel's termios has the same names. */
const GLIBC = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <linux/openat2.h>
#include <linux/magic.h>
`;
const KERNEL = `
#include <stddef.h>
#include <stdio.h>
#include <asm/termbits.h>
#include <asm/ioctls.h>
`;
/** <linux/mount.h> collides with glibc's headers of some versions. */
const MOUNT = `
#include <stddef.h>
#include <stdio.h>
#include <linux/mount.h>
`;

/** Expressions of C, and the numbers that ffi/ has for them. */
const WANTED: readonly [headers: string, values: Record<string, number>][] = [
  [GLIBC, {
    // process.ts
    "sizeof(siginfo_t)": 128,
    "offsetof(siginfo_t, si_code)": 8,
    "offsetof(siginfo_t, si_pid)": 16,
    "offsetof(siginfo_t, si_status)": 24,
    "P_PID": 1,
    "WEXITED": 4,
    "WNOHANG": 1,
    "__WALL": 0x40000000,
    "CLD_EXITED": 1,
    "sizeof(struct rlimit)": 16,
    // oci/home.ts and launch/
    "sizeof(struct statx)": 256,
    "offsetof(struct statx, stx_mode)": 28,
    "offsetof(struct statx, stx_size)": 40,
    "offsetof(struct statx, stx_rdev_major)": 128,
    "offsetof(struct statx, stx_rdev_minor)": 132,
    "STATX_TYPE": 1,
    "STATX_MODE": 2,
    "STATX_SIZE": 0x200,
    // statfs.ts
    "sizeof(struct statfs)": STATFS_SIZE,
    "offsetof(struct statfs, f_type)": 0,
    "sizeof(((struct statfs*)0)->f_type)": 8,
    "CGROUP_SUPER_MAGIC": MAGIC.CGROUP,
    "CGROUP2_SUPER_MAGIC": MAGIC.CGROUP2,
    "PROC_SUPER_MAGIC": MAGIC.PROC,
    "DEVPTS_SUPER_MAGIC": MAGIC.DEVPTS,
    "NSFS_MAGIC": MAGIC.NSFS,
    // socket.ts
    "sizeof(struct msghdr)": 56,
    "offsetof(struct msghdr, msg_iov)": 16,
    "offsetof(struct msghdr, msg_iovlen)": 24,
    "offsetof(struct msghdr, msg_control)": 32,
    "offsetof(struct msghdr, msg_controllen)": 40,
    "sizeof(struct cmsghdr)": 16,
    "offsetof(struct cmsghdr, cmsg_level)": 8,
    "offsetof(struct cmsghdr, cmsg_type)": 12,
    "CMSG_LEN(4)": 20,
    "CMSG_SPACE(4)": 24,
    "offsetof(struct sockaddr_un, sun_path)": 2,
    "sizeof(((struct sockaddr_un*)0)->sun_path)": 108,
    "AF_UNIX": 1,
    "SOCK_STREAM": 1,
    "SOCK_SEQPACKET": 5,
    "SOCK_CLOEXEC": 0o2000000,
    "SOL_SOCKET": 1,
    "SCM_RIGHTS": 1,
    "MSG_CMSG_CLOEXEC": 0x40000000,
    "MSG_NOSIGNAL": 0x4000,
    // spawn.ts
    "sizeof(posix_spawnattr_t)": 336,
    "offsetof(posix_spawnattr_t, __flags)": 0,
    "sizeof(((posix_spawnattr_t*)0)->__flags)": 2,
    "offsetof(posix_spawnattr_t, __sd)": 8,
    "offsetof(posix_spawnattr_t, __ss)": 136,
    "sizeof(sigset_t)": 128,
    "POSIX_SPAWN_SETSIGDEF": 4,
    "POSIX_SPAWN_SETSIGMASK": 8,
    "sizeof(posix_spawn_file_actions_t) <= 128": 1,
    // fd.ts
    "sizeof(struct open_how)": openHow({ flags: 0 }).byteLength,
    "offsetof(struct open_how, mode)": 8,
    "offsetof(struct open_how, resolve)": 16,
    "AT_FDCWD": AT_FDCWD,
    "AT_SYMLINK_NOFOLLOW": AT_SYMLINK_NOFOLLOW,
    "AT_EMPTY_PATH": AT_EMPTY_PATH,
    "0x8000 /* AT_RECURSIVE */": AT_RECURSIVE,
    "F_DUPFD_CLOEXEC": 1030,
    "F_GETFD": 1,
    "F_GETFL": 3,
    "F_SETFL": 4,
    ...prefixed("O_", O),
    ...prefixed("RESOLVE_", RESOLVE),
    // memfd.ts
    "MFD_CLOEXEC": 1,
    "MFD_ALLOW_SEALING": 2,
    "F_ADD_SEALS": 1033,
    "F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE": 15,
    // namespace.ts
    "0x80 /* CLONE_NEWTIME */": CLONE_NEW.TIME,
    "CLONE_NEWNS": CLONE_NEW.MOUNT,
    "CLONE_NEWCGROUP": CLONE_NEW.CGROUP,
    "CLONE_NEWUTS": CLONE_NEW.UTS,
    "CLONE_NEWIPC": CLONE_NEW.IPC,
    "CLONE_NEWUSER": CLONE_NEW.USER,
    "CLONE_NEWPID": CLONE_NEW.PID,
    "CLONE_NEWNET": CLONE_NEW.NET,
    // poll.ts
    "sizeof(struct pollfd)": 8,
    "offsetof(struct pollfd, events)": 4,
    "offsetof(struct pollfd, revents)": 6,
    "POLLIN": POLLIN,
    "POLLOUT": POLLOUT,
    "POLLERR | POLLHUP | POLLNVAL": POLLGONE,
    // pty.ts
    "sizeof(struct winsize)": winsize({ rows: 1, columns: 1 }).byteLength,
    "offsetof(struct winsize, ws_row)": 0,
    "offsetof(struct winsize, ws_col)": 2,
  }],
  [KERNEL, {
    "sizeof(struct termios) <= 64": 1,
    "offsetof(struct termios, c_iflag)": 0,
    "offsetof(struct termios, c_oflag)": 4,
    "offsetof(struct termios, c_cflag)": 8,
    "offsetof(struct termios, c_lflag)": 12,
    "offsetof(struct termios, c_cc)": 17,
    "VMIN": 6,
    "VTIME": 5,
    "IGNBRK|BRKINT|PARMRK|ISTRIP|INLCR|IGNCR|ICRNL|IXON": 0o2753,
    "OPOST": 1,
    "CSIZE|PARENB": 0o460,
    "CS8": 0o60,
    "ECHO|ECHONL|ICANON|ISIG|IEXTEN": 0o100113,
    ...TTY,
  }],
  [MOUNT, {
    "sizeof(struct mount_attr)": mount.mountAttr({}).byteLength,
    "offsetof(struct mount_attr, attr_clr)": 8,
    "offsetof(struct mount_attr, propagation)": 16,
    "offsetof(struct mount_attr, userns_fd)": 24,
    "OPEN_TREE_CLONE": mount.OPEN_TREE_CLONE,
    "MOVE_MOUNT_F_EMPTY_PATH": mount.MOVE_MOUNT_F_EMPTY_PATH,
    "MOVE_MOUNT_T_EMPTY_PATH": mount.MOVE_MOUNT_T_EMPTY_PATH,
    "FSOPEN_CLOEXEC": mount.FSOPEN_CLOEXEC,
    "FSMOUNT_CLOEXEC": mount.FSMOUNT_CLOEXEC,
    "FSCONFIG_SET_FLAG": mount.FSCONFIG_SET_FLAG,
    "FSCONFIG_SET_STRING": mount.FSCONFIG_SET_STRING,
    "FSCONFIG_CMD_CREATE": mount.FSCONFIG_CMD_CREATE,
  }],
];

function prefixed(prefix: string, values: Record<string, number>) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [prefix + name, value]),
  );
}

/** What a C program prints for `expressions`. */
async function evaluate(
  headers: string,
  expressions: readonly string[],
): Promise<number[]> {
  const folder = await Deno.makeTempDir({ prefix: "davit-layout." });
  try {
    const body = expressions.map((expression) =>
      `printf("%lld\\n", (long long)(${expression}));`
    );
    const source = `${folder}/layout.c`;
    const program = `${folder}/layout`;
    const main = `${headers}\nint main(void) {\n${body.join("\n")}\n}\n`;
    await Deno.writeTextFile(source, main);
    const compiled = await new Deno.Command("cc", {
      args: ["-w", "-O0", "-o", program, source],
    }).output();
    const errors = new TextDecoder().decode(compiled.stderr);
    assertEquals(compiled.success, true, errors);
    const { stdout } = await new Deno.Command(program).output();
    return new TextDecoder().decode(stdout).trim().split("\n").map(Number);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Whether there is a C compiler, with the kernel's headers. */
function canCompile(): boolean {
  try {
    Deno.statSync("/usr/include/linux/openat2.h");
    return new Deno.Command("cc", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

const able = canCompile();
for (const [index, [headers, values]] of WANTED.entries()) {
  const what = ["glibc", "termios", "mount"][index];
  Deno.test({
    name: `layouts and constants are those of C (${what})` +
      (able ? "" : " [skipped: needs cc and linux-libc-dev]"),
    ignore: !able,
    fn: async () => {
      const found = await evaluate(headers, Object.keys(values));
      const named = Object.keys(values).map((name, i) => [name, found[i]]);
      assertEquals(Object.fromEntries(named), values);
    },
  });
}

Deno.test("openHow() puts flags, mode and resolve in their places", () => {
  const how = openHow({ flags: 0o2000102, mode: 0o644, resolve: 16 });
  assertEquals([...how], [0o2000102n, 0o644n, 16n]);
  assertEquals([...openHow({ flags: 0 })], [0n, 0n, 0n]);
});

Deno.test("mountAttr() puts set, clear, propagation and userns in place", () => {
  const attr = mount.mountAttr({
    set: 1,
    clear: 0x70,
    propagation: 1 << 18,
    userns: 7,
  });
  assertEquals([...attr], [1n, 0x70n, 0x40000n, 7n]);
  assertEquals([...mount.mountAttr({})], [0n, 0n, 0n, 0n]);
});
