import { assert, assertEquals, assertThrows } from "@std/assert";
import { SyscallError } from "../ffi/error.ts";
import { close, type Fd, read, write } from "../ffi/fd.ts";
import { openpty, windowSize } from "../ffi/pty.ts";
import { listen, receive } from "../ffi/socket.ts";
import { checked } from "../ffi/syscall.ts";
import { noNeedForOutput, setupConsole } from "./console.ts";

/** How many descriptors this process has. */
function descriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

function withSocket(test: (path: string, socket: Fd) => void): void {
  const folder = Deno.makeTempDirSync();
  const socket = listen(`${folder}/console.sock`, 1);
  try {
    test(`${folder}/console.sock`, socket);
  } finally {
    close(socket);
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("setupConsole() uses a path that is given as it is", () => {
  const { master, slave, path } = openpty();
  try {
    // The socket is not even looked at.
    const console = setupConsole(path, "/no/such/socket");
    assertEquals(console.path, path);
    assertEquals(console.master, undefined);
    write(console.slave!, new TextEncoder().encode("words"));
    const bytes = new Uint8Array(16);
    assertEquals(read(master, bytes), 5);
    close(console.slave!);
  } finally {
    close(master);
    close(slave);
  }
});

Deno.test("setupConsole() has none without a path and a socket", () => {
  const before = descriptors();
  assertEquals(setupConsole("", ""), { path: "" });
  assertEquals(descriptors(), before);
});

Deno.test("setupConsole() sends the master with the terminal's name", () => {
  withSocket((path, socket) => {
    const { path: name, slave, master } = setupConsole("", path);
    assertEquals(master, undefined, "it is not kept");
    assert(/^\/dev\/pts\/\d+$/.test(name), name);
    const peer = checked("accept4", path, socket, null, null, 0) as Fd;
    const bytes = new Uint8Array(256);
    const { length, fd } = receive(peer, bytes);
    assertEquals(new TextDecoder().decode(bytes.subarray(0, length)), name);
    assert(fd !== undefined, "a descriptor came");
    assert(windowSize(fd!) !== undefined, "it is a terminal");
    write(slave!, new TextEncoder().encode("from the slave"));
    const got = read(fd!, bytes);
    assertEquals(
      new TextDecoder().decode(bytes.subarray(0, got)),
      "from the slave",
    );
    // The connection ends with the one message.
    assertEquals(receive(peer, bytes).length, 0);
    for (const one of [fd!, peer, slave!]) close(one);
  });
});

Deno.test("setupConsole() keeps the master for a caller that relays it", () => {
  const { path, slave, master } = setupConsole("", "", true);
  assert(path.startsWith("/dev/pts/"));
  assert(slave !== undefined && master !== undefined);
  close(slave!);
  close(master!);
});

Deno.test("setupConsole() leaves no descriptor behind when it fails", () => {
  const before = descriptors();
  assertThrows(() => setupConsole("", "/no/such/socket"), SyscallError);
  assertThrows(() => setupConsole("/no/such/tty", ""), SyscallError);
  const folder = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${folder}/file`, "");
  const error = assertThrows(
    () => setupConsole("", `${folder}/file`),
    SyscallError,
  );
  assert(error.message.includes(`${folder}/file`), error.message);
  Deno.removeSync(folder, { recursive: true });
  assertEquals(descriptors(), before);
});

Deno.test("noNeedForOutput() is true exactly when detached with a terminal", () => {
  assertEquals(noNeedForOutput(true, true), true);
  assertEquals(noNeedForOutput(true, false), false);
  assertEquals(noNeedForOutput(false, true), false);
  assertEquals(noNeedForOutput(false, false), false);
});
