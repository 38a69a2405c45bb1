import { assertEquals, assertThrows } from "@std/assert";
import { SyscallError } from "./error.ts";
import { CLONE_NEW, namespaceAt, setns } from "./namespace.ts";

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

Deno.test("namespaceAt() tells a namespace's kind and number", () => {
  const found = namespaceAt(NET)!;
  assertEquals(found.type, CLONE_NEW.NET);
  assertEquals(`net:[${found.inode}]`, Deno.readLinkSync(NET));
  assertEquals(namespaceAt("/proc/self/ns/user")!.type, CLONE_NEW.USER);
});

Deno.test("namespaceAt() opens nothing that is no namespace", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const fifo = `${folder}/fifo`;
    new Deno.Command("mkfifo", { args: [fifo] }).outputSync();
    // To open one for reading would wait for a writer.
    for (const path of [fifo, folder, "/dev/null", "/proc/self/ns"]) {
      assertEquals(namespaceAt(path), undefined, path);
    }
    assertEquals(failure(() => namespaceAt(`${folder}/none`))[1], "ENOENT");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
