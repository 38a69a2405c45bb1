import {
  assert,
  assertEquals,
  assertObjectMatch,
  assertThrows,
} from "@std/assert";
import { SyscallError } from "./error.ts";
import { closesOnExec, type Fd, Handle, O, open, read, write } from "./fd.ts";
import { executableMemfd, readOnlyMemfd } from "./memfd.ts";
import { waitChild } from "./process.ts";
import { spawn } from "./spawn.ts";
import { syscall } from "./syscall.ts";

/** vm.memfd_noexec of this kernel; 2 forbids what is tested here. */
function forbidden(): boolean {
  try {
    const text = Deno.readTextFileSync("/proc/sys/vm/memfd_noexec");
    return text.trim() === "2";
  } catch {
    return false;
  }
}

function test(
  name: string,
  fn: (memfd: (bytes: Uint8Array<ArrayBuffer>) => Fd) => void,
): void {
  const ignore = forbidden();
  Deno.test({
    name: name + (ignore ? " [skipped: vm.memfd_noexec is 2]" : ""),
    ignore,
    fn: () => fn((bytes) => executableMemfd("davit-test", bytes)!),
  });
}

const SCRIPT = new TextEncoder().encode("#!/bin/sh\nexit 42\n");

test("executableMemfd() holds the bytes under its name", (memfd) => {
  using file = new Handle(memfd(SCRIPT));
  const path = `/proc/self/fd/${file.fd}`;
  assertEquals(Deno.readFileSync(path), SCRIPT);
  assert(Deno.readLinkSync(path).startsWith("/memfd:davit-test"));
  assertEquals(closesOnExec(file.fd), true);
});

test("executableMemfd() cannot be written, resized or unsealed", (memfd) => {
  using file = new Handle(memfd(SCRIPT));
  const error = assertThrows(() => write(file.fd, SCRIPT), SyscallError);
  assertEquals((error as SyscallError).code, "EPERM");
  assertEquals(syscall("ftruncate", file.fd, 1), -1);
  assertEquals(syscall("ftruncate", file.fd, 4096), -1);
  assertEquals(syscall("fcntl", file.fd, 1034, 0), 15); // F_GET_SEALS
  assertEquals(syscall("fcntl", file.fd, 1033, 0), -1); // F_ADD_SEALS
  // Nor through another descriptor of it.
  using again = new Handle(open(`/proc/self/fd/${file.fd}`, O.RDWR));
  assertThrows(() => write(again.fd, SCRIPT), SyscallError);
  assertEquals(Deno.readFileSync(`/proc/self/fd/${file.fd}`), SCRIPT);
});

test("executableMemfd() runs", (memfd) => {
  // The descriptor closes on execve: only a binary can be run through it.
  const binary = Deno.readFileSync("/bin/true");
  using file = new Handle(memfd(binary));
  const path = `/proc/self/fd/${file.fd}`;
  const pid = spawn({ path, args: ["true"], env: [], descriptors: [] });
  assertObjectMatch(waitChild(pid)!, { status: 0, signal: 0 });
});

test("executableMemfd() may be empty", (memfd) => {
  using file = new Handle(memfd(new Uint8Array(0)));
  assertEquals(Deno.readFileSync(`/proc/self/fd/${file.fd}`).length, 0);
});

Deno.test("readOnlyMemfd() is read from the beginning and never changes", () => {
  const bytes = new TextEncoder().encode("state");
  using file = new Handle(readOnlyMemfd("davit-test", bytes));
  const found = new Uint8Array(10);
  assertEquals(read(file.fd, found), 5);
  assertEquals(found.subarray(0, 5), bytes);
  assertEquals(read(file.fd, found), 0);
  const error = assertThrows(() => write(file.fd, bytes), SyscallError);
  assertEquals((error as SyscallError).code, "EPERM");
  assertEquals(syscall("ftruncate", file.fd, 0), -1);
  assertEquals(closesOnExec(file.fd), true);
});
