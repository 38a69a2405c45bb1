import { assert, assertEquals } from "@std/assert";
import { closesOnExec, Handle, O, open, read, write } from "./fd.ts";
import {
  openpty,
  rawSettings,
  setTerminalSettings,
  setWindowSize,
  terminalSettings,
  windowSize,
  winsize,
} from "./pty.ts";

/** Runs `test` with a pseudo-terminal. */
function withPty(
  test: (pty: { master: Handle; slave: Handle; path: string }) => void,
): void {
  const { master, slave, path } = openpty();
  using ownMaster = new Handle(master);
  using ownSlave = new Handle(slave);
  test({ master: ownMaster, slave: ownSlave, path });
}

function readText(fd: number): string {
  const bytes = new Uint8Array(256);
  return new TextDecoder().decode(bytes.subarray(0, read(fd, bytes)));
}

const utf8 = (text: string) => new TextEncoder().encode(text);

Deno.test("openpty() opens both ends of a terminal", () => {
  withPty(({ master, slave, path }) => {
    assertEquals(Deno.readLinkSync(`/proc/self/fd/${slave.fd}`), path);
    assertEquals(Deno.statSync(path).isCharDevice, true);
    assertEquals(closesOnExec(master.fd), true);
    assertEquals(closesOnExec(slave.fd), true);
    write(slave.fd, utf8("out\n"));
    assertEquals(readText(master.fd), "out\r\n");
    write(master.fd, utf8("in\r"));
    assertEquals(readText(slave.fd), "in\n");
    assertEquals(readText(master.fd), "in\r\n"); // the echo
  });
});

Deno.test("openpty() opens another terminal each time", () => {
  withPty((a) => withPty((b) => assert(a.path !== b.path)));
});

Deno.test("setWindowSize() sets what windowSize() reads", () => {
  withPty(({ master, slave }) => {
    assertEquals(windowSize(slave.fd), { rows: 0, columns: 0 });
    for (
      const size of [{ rows: 24, columns: 80 }, { rows: 65535, columns: 1 }]
    ) {
      setWindowSize(master.fd, size);
      assertEquals(windowSize(slave.fd), size);
    }
  });
  assertEquals([...winsize({ rows: 24, columns: 80 })], [24, 80, 0, 0]);
});

Deno.test("windowSize() and terminalSettings() know what is no terminal", () => {
  using file = new Handle(open("/dev/null", O.RDWR));
  assertEquals(windowSize(file.fd), undefined);
  assertEquals(terminalSettings(file.fd), undefined);
  assertEquals(windowSize(-1), undefined);
});

/** The kernel's `struct termios`; glibc's is as it, and longer. */
const KERNEL_TERMIOS = 36;

Deno.test("rawSettings() does as cfmakeraw(3)", () => {
  const libc = Deno.dlopen("libc.so.6", {
    cfmakeraw: { parameters: ["buffer"], result: "void" },
  });
  withPty(({ slave }) => {
    const settings = terminalSettings(slave.fd)!;
    // Also from settings with every bit set.
    const all = settings.slice().fill(0xff, 0, KERNEL_TERMIOS);
    for (const before of [settings, all]) {
      const wanted = before.slice();
      libc.symbols.cfmakeraw(wanted);
      const copy = before.slice();
      assertEquals(
        rawSettings(before).subarray(0, KERNEL_TERMIOS),
        wanted.subarray(0, KERNEL_TERMIOS),
      );
      assertEquals(before, copy, "the settings given are left alone");
    }
  });
  libc.close();
});

Deno.test("setTerminalSettings() makes a terminal raw, and back", () => {
  withPty(({ master, slave }) => {
    const before = terminalSettings(slave.fd)!;
    setTerminalSettings(slave.fd, rawSettings(before));
    assertEquals(terminalSettings(slave.fd), rawSettings(before));
    write(master.fd, utf8("\x03\r\x04"));
    assertEquals(readText(slave.fd), "\x03\r\x04");
    write(slave.fd, utf8("\n"));
    assertEquals(readText(master.fd), "\n"); // no echo came before it
    setTerminalSettings(slave.fd, before);
    assertEquals(terminalSettings(slave.fd), before);
  });
});
