import { assertEquals, assertThrows } from "@std/assert";
import { SyscallError } from "../ffi/error.ts";
import { enterNetNS } from "./netns.ts";

const here = () => Deno.readLinkSync("/proc/thread-self/ns/net");
const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;

/** Another network namespace, that of a process that unshare(1) starts. */
async function withOther(test: (path: string) => void): Promise<void> {
  const child = new Deno.Command("unshare", {
    args: ["--net", "sh", "-c", "echo ready; exec sleep 100"],
    stdout: "piped",
    stdin: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  try {
    await reader.read();
    test(`/proc/${child.pid}/ns/net`);
  } finally {
    child.kill("SIGKILL");
    await reader.cancel();
    await child.status;
  }
}

function rootTest(name: string, fn: () => Promise<void>): void {
  const ignore = Deno.uid() !== 0;
  Deno.test({
    name: ignore ? `${name} [skipped: needs root]` : name,
    ignore,
    fn,
  });
}

Deno.test("enterNetNS() with an empty path just calls", () => {
  assertEquals(enterNetNS("", () => 7), 7);
  assertThrows(() => enterNetNS("", () => thrower("x")), Error, "x");
});

function thrower(text: string): number {
  throw new Error(text);
}

Deno.test("enterNetNS() does not call where there is no namespace", () => {
  const before = descriptors();
  let called = false;
  for (const path of ["/no/such/netns", "/dev/null"]) {
    assertThrows(
      () =>
        enterNetNS(path, () => {
          called = true;
          return 1;
        }),
      SyscallError,
      path,
    );
  }
  assertEquals(called, false);
  assertEquals(descriptors(), before);
});

Deno.test("enterNetNS() refuses a namespace of another kind", () => {
  const home = here();
  assertThrows(
    () => enterNetNS("/proc/self/ns/uts", () => 1),
    SyscallError,
    "/proc/self/ns/uts",
  );
  assertEquals(here(), home);
});

rootTest("enterNetNS() runs in the namespace and comes back", async () => {
  await withOther((path) => {
    const home = here(), other = Deno.readLinkSync(path);
    const before = descriptors();
    const inside = enterNetNS(path, () => {
      const devices = Deno.readTextFileSync("/proc/thread-self/net/dev")
        .split("\n").slice(2).filter((line) => line !== "")
        .map((line) => line.split(":")[0]!.trim());
      return { at: here(), devices };
    });
    assertEquals(inside, { at: other, devices: ["lo"] });
    assertEquals(other === home, false);
    assertEquals(here(), home);
    assertEquals(descriptors(), before);
  });
});

rootTest("enterNetNS() comes back when the callback throws", async () => {
  await withOther((path) => {
    const home = here();
    const before = descriptors();
    const error = assertThrows(
      () => enterNetNS(path, () => thrower(here())),
      Error,
    );
    assertEquals(error.message, Deno.readLinkSync(path));
    assertEquals(here(), home);
    assertEquals(descriptors(), before);
  });
});

rootTest("enterNetNS() can be nested", async () => {
  await withOther((path) => {
    const home = here();
    const seen = enterNetNS(path, () => [
      here(),
      enterNetNS(`/proc/${Deno.pid}/ns/net`, here),
      here(),
    ]);
    const other = Deno.readLinkSync(path);
    assertEquals(seen, [other, home, other]);
    assertEquals(here(), home);
  });
});

/** Never called: the types are what is tested, by `deno check`. */
function _types(): void {
  // @ts-expect-error: what is asynchronous would run in the host's namespace
  enterNetNS("", async () => await Promise.resolve(1));
  // @ts-expect-error: a promise that is only handed on, too
  enterNetNS("", () => Promise.resolve("x"));
  const text: string = enterNetNS("", () => "x");
  void text;
}
