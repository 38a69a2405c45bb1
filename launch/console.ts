/**
 * The terminal of the container's process.
 *
 * @module
 */

import { S, STATX_SIZE } from "../ffi/files.ts";
import { E } from "../ffi/errno.ts";
import { AT_EMPTY_PATH, O, RESOLVE } from "../ffi/fd.ts";
import { TTY } from "../ffi/pty.ts";
import { MAGIC, STATFS_SIZE } from "../ffi/statfs.ts";
import { treeFlags } from "./attributes.ts";
import { descriptor } from "./descriptors.ts";
import { openDevFile } from "./devices.ts";
import { CONSOLE, hasNamespace } from "./first_process.ts";
import type { LaunchInput, ProcessInput, TerminalInput } from "./input.ts";
import { sendWith } from "./messages.ts";
import { attachTo } from "./mounts.ts";
import { type Operand, type PlanBuilder, reg } from "./plan.ts";
import { openInRoot, STATX_MODE } from "./root_paths.ts";

const POINTER = "/process/terminal";
/** Leave the owning user or group as it is. */
const UNCHANGED = 0xffffffff;

/** The register with the slave of the container's terminal. */
const SLAVE = "slave";

/** Steps that open the terminal and put it on /dev/console. */
export function planTerminal(plan: PlanBuilder, input: LaunchInput): void {
  const { preserveFds } = input;
  const terminal = input.process?.terminal;
  if (terminal === undefined) return;
  if (terminal.from === "container") {
    openTerminal(plan, { preserveFds, terminal });
    plan.because("put the terminal on /dev/console", POINTER)
      .call("open_tree", [
        reg(SLAVE),
        "",
        treeFlags(false) | AT_EMPTY_PATH,
      ], { to: CONSOLE });
  } else {
    takeTerminal(plan, { preserveFds, terminal });
    if (!hasNamespace(input, "mount")) return;
    plan.because("put the terminal on /dev/console", POINTER);
  }
  openInRoot(plan, "dev", "/dev", {
    flags: O.PATH | O.DIRECTORY,
    noSymlinks: true,
  });
  openDevFile(plan, "console");
  attachTo(plan, reg(CONSOLE), reg("target"));
  for (const open of [CONSOLE, "target", "dev"]) {
    plan.call("close", [reg(open)]);
  }
}

/**
 * Steps that open a terminal of the container's own devpts, hand its master to
 * Davit and leave its slave open. The root is open in the register ROOT.
 *
 * In a devpts that nothing is mounted in, ptmx is what it should be: nothing
 * else is opened, which might wait or have effects.
 */
export function openTerminal(
  plan: PlanBuilder,
  { preserveFds, terminal }: {
    readonly preserveFds: number;
    readonly terminal: TerminalInput;
  },
): void {
  const genuine = plan.fresh("genuine devpts");
  plan.because("open a terminal of the container's devpts", POINTER);
  openInRoot(plan, "pts", "/dev/pts", {
    flags: O.PATH | O.DIRECTORY,
    noSymlinks: true,
  });
  const how = RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS | RESOLVE.NO_XDEV;
  const flags = O.RDWR | O.NOCTTY | O.CLOEXEC;
  plan.block("statfs", STATFS_SIZE)
    .call("fstatfs", [reg("pts"), { block: "statfs" }])
    .add({ load: "type", from: { block: "statfs" }, size: 8 })
    .jump(genuine, [reg("type"), "==", MAGIC.DEVPTS])
    .add({ fail: E.ENOTTY })
    .label(genuine)
    .call("openat2", [reg("pts"), "ptmx", {
      struct: [[8, flags], [8, 0], [8, how]],
    }, 24], { to: "master" })
    .call("close", [reg("pts")])
    .call("ioctl", [reg("master"), TTY.TIOCSPTLCK, { struct: [[4, 0]] }])
    .call("ioctl", [reg("master"), TTY.TIOCGPTPEER, flags], { to: SLAVE });
  plan.because("hand the terminal's master to Davit", POINTER);
  sendWith(plan, descriptor("davit", preserveFds), "console", "master");
  plan.call("close", [reg("master")]);
  setSize(plan, terminal);
}

/** Steps that take a terminal of the host's, which Davit has opened. */
export function takeTerminal(
  plan: PlanBuilder,
  { preserveFds, terminal }: {
    readonly preserveFds: number;
    readonly terminal: TerminalInput;
  },
): void {
  plan.because("take the terminal that Davit opened", POINTER)
    .add({ set: SLAVE, value: descriptor("console", preserveFds) });
  setSize(plan, terminal);
}

function setSize(plan: PlanBuilder, terminal: TerminalInput): void {
  const { rows, columns } = terminal;
  if (rows !== undefined && columns !== undefined) {
    const size = {
      struct: [[2, rows], [2, columns], [2, 0], [2, 0]] as const,
    };
    plan.because("set the terminal's size", "/process/consoleSize")
      .call("ioctl", [reg(SLAVE), TTY.TIOCSWINSZ, size]);
  }
}

/**
 * A step that makes the terminal the controlling one of this session.
 * @param terminal its slave
 */
export function planControllingTerminal(
  plan: PlanBuilder,
  process: ProcessInput,
  terminal: Operand = reg(SLAVE),
): void {
  if (process.terminal === undefined) return;
  plan.because("make the terminal the controlling one", POINTER)
    .call("ioctl", [terminal, TTY.TIOCSCTTY, 0]);
}

/** Steps that make the terminal, or what the caller has, the user's stdio. */
export function planStdio(plan: PlanBuilder, process: ProcessInput): void {
  if (process.terminal !== undefined) {
    // Davit has given one of the host's to the user: here it may be a file of
    // a user that the user namespace does not know.
    if (process.terminal.from === "container") {
      plan.because("give the terminal to the user", "/process/user/uid")
        .call("fchown", [reg(SLAVE), process.uid, UNCHANGED]);
    }
    plan.because("put stdin, stdout and stderr on the terminal", POINTER);
    for (const fd of [0, 1, 2]) plan.call("dup3", [reg(SLAVE), fd, 0]);
    return;
  }
  if (process.uid === 0) return;
  plan.because("give stdin, stdout and stderr to the user", "/process/user");
  for (const fd of [0, 1, 2]) ownStdio(plan, fd, process.uid);
}

/**
 * So that a program may open /dev/stdout again. Never a device: the null device
 * is everybody's, and a terminal of the host's would stay the user's.
 */
function ownStdio(plan: PlanBuilder, fd: number, uid: number): void {
  const next = plan.fresh(`owned ${fd}`);
  const skip = { tolerate: [{ errno: "any" as const, goto: next }] };
  plan.block("statx", STATX_SIZE)
    .call("statx", [fd, "", AT_EMPTY_PATH, 3, { block: "statx" }], skip)
    .add({ load: "type", from: { block: "statx", at: STATX_MODE }, size: 2 })
    .add({ and: "type", a: reg("type"), b: S.IFMT })
    .jump(next, [reg("type"), "==", S.IFCHR])
    .call("fchown", [fd, uid, UNCHANGED], skip)
    .label(next);
}
