import { assertEquals, assertThrows } from "@std/assert";
import { SyscallError } from "./error.ts";
import { CLONE_NEW, setns } from "./namespace.ts";

function failure(call: () => unknown): [string, string, string] {
  const error = assertThrows(call, SyscallError) as SyscallError;
  return [error.call, error.code, error.subject];
}

const NET = "/proc/self/ns/net";

Deno.test("setns() refuses a namespace of another kind", () => {
  assertEquals(failure(() => setns(NET, CLONE_NEW.UTS)), [
    "setns",
    "EINVAL",
    NET,
  ]);
});

Deno.test("setns() refuses a file that is no namespace", () => {
  const open = () => setns("/dev/null", CLONE_NEW.NET);
  assertEquals(failure(open), ["setns", "EINVAL", "/dev/null"]);
  const missing = () => setns("/no/such", CLONE_NEW.NET);
  assertEquals(failure(missing), ["openat", "ENOENT", "/no/such"]);
});

const root = Deno.uid() === 0;
Deno.test({
  name: "setns() enters the namespace that it is in already" +
    (root ? "" : " [skipped: needs root]"),
  ignore: !root,
  fn: () => {
    const before = Deno.readLinkSync("/proc/thread-self/ns/net");
    setns("/proc/thread-self/ns/net", CLONE_NEW.NET);
    assertEquals(Deno.readLinkSync("/proc/thread-self/ns/net"), before);
  },
});

Deno.test("CLONE_NEW names the eight kinds, one bit each", () => {
  const flags = Object.values(CLONE_NEW);
  assertEquals(flags.length, 8);
  const all = flags.reduce<number>((sum, flag) => sum | flag, 0);
  assertEquals(all, 0x7e020080);
});
