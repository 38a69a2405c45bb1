/**
 * Pseudo-terminals: opening a pair, window sizes, raw mode.
 *
 * Sources: pty(7), ioctl_tty(2), termios(3).
 *
 * @module
 */

import { close, type Fd, O, open } from "./fd.ts";
import { checked, syscall } from "./syscall.ts";

/** ioctl(2) requests for terminals, the same on x86_64 and aarch64. */
export const TTY = {
  TCGETS: 0x5401,
  TCSETS: 0x5402,
  TIOCSCTTY: 0x540e,
  TIOCGWINSZ: 0x5413,
  TIOCSWINSZ: 0x5414,
  TIOCGPTN: 0x80045430,
  TIOCSPTLCK: 0x40045431,
  TIOCGPTPEER: 0x5441,
} as const;

/** Both ends of a pseudo-terminal, and the slave's path. */
export interface Pty {
  readonly master: Fd;
  readonly slave: Fd;
  readonly path: string;
}

/**
 * Opens a pseudo-terminal on the host's devpts, as openpty(3).
 * @throws {SyscallError}
 */
export function openpty(): Pty {
  const master = open("/dev/ptmx", O.RDWR | O.NOCTTY);
  try {
    const number = new Int32Array(1);
    checked("ioctl", "/dev/ptmx", master, TTY.TIOCSPTLCK, new Int32Array(1));
    checked("ioctl", "/dev/ptmx", master, TTY.TIOCGPTN, number);
    const path = `/dev/pts/${number[0]}`;
    return { master, slave: openSlave(master), path };
  } catch (error) {
    close(master);
    throw error;
  }
}

/**
 * Opens the slave of a master, wherever its devpts is mounted.
 * @throws {SyscallError}
 */
export function openSlave(master: Fd): Fd {
  const flags = O.RDWR | O.NOCTTY | O.CLOEXEC;
  return checked("ioctl", "terminal", master, TTY.TIOCGPTPEER, flags) as Fd;
}

/** The path of a master's slave, where its devpts is mounted on /dev/pts. */
export function slavePath(master: Fd): string {
  const number = new Int32Array(1);
  checked("ioctl", "", master, TTY.TIOCGPTN, number);
  return `/dev/pts/${number[0]}`;
}

/** A terminal's size in characters. */
export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
}

/** `struct winsize` of ioctl_tty(2). */
export function winsize(size: WindowSize): Uint16Array<ArrayBuffer> {
  return new Uint16Array([size.rows, size.columns, 0, 0]);
}

/** The size of the terminal `fd`; undefined when it is no terminal. */
export function windowSize(fd: number): WindowSize | undefined {
  const size = new Uint16Array(4);
  if (syscall("ioctl", fd, TTY.TIOCGWINSZ, size) < 0) return undefined;
  return { rows: size[0]!, columns: size[1]! };
}

/** Sets the size of the terminal `fd`, which tells its programs. */
export function setWindowSize(fd: number, size: WindowSize): void {
  syscall("ioctl", fd, TTY.TIOCSWINSZ, winsize(size));
}

/** The settings of a terminal, `struct termios` of the kernel. */
export type TerminalSettings = Uint8Array<ArrayBuffer>;

/** The settings of the terminal `fd`; undefined when it is no terminal. */
export function terminalSettings(fd: number): TerminalSettings | undefined {
  const settings = new Uint8Array(64);
  return syscall("ioctl", fd, TTY.TCGETS, settings) < 0 ? undefined : settings;
}

/** Gives the terminal `fd` the settings `settings`. */
export function setTerminalSettings(
  fd: number,
  settings: TerminalSettings,
): void {
  syscall("ioctl", fd, TTY.TCSETS, settings);
}

/** Settings like `settings` but raw, as cfmakeraw(3) makes them. */
export function rawSettings(settings: TerminalSettings): TerminalSettings {
  const raw = settings.slice();
  const view = new DataView(raw.buffer);
  const change = (at: number, clear: number, set = 0) =>
    view.setUint32(at, (view.getUint32(at, true) & ~clear | set) >>> 0, true);
  change(0, 0o2753); // IGNBRK BRKINT PARMRK ISTRIP INLCR IGNCR ICRNL IXON
  change(4, 0o1); // OPOST
  change(8, 0o460, 0o60); // CSIZE PARENB, then CS8
  change(12, 0o100113); // ECHO ECHONL ICANON ISIG IEXTEN
  raw[17 + 6] = 1; // VMIN: a read waits for one byte
  raw[17 + 5] = 0; // VTIME
  return raw;
}

/** Has the terminal `fd` put no carriage return before line ends. */
export function plainLines(fd: number): void {
  const settings = terminalSettings(fd);
  if (settings === undefined) return;
  const view = new DataView(settings.buffer);
  view.setUint32(4, view.getUint32(4, true) & ~0o4, true); // ONLCR
  setTerminalSettings(fd, settings);
}
