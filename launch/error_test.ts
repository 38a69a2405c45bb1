import { assert, assertEquals } from "@std/assert";
import { dotted, LaunchError } from "./error.ts";

const message = (why: string, errno: number, pointer = "") =>
  new LaunchError({ why, pointer }, errno).message;

Deno.test("LaunchError tells the step, who asked for it, and why not", () => {
  const reason = { why: "mount proc on /proc", pointer: "/mounts/0" };
  const error = new LaunchError(reason, 1);
  assert(error instanceof Error);
  assertEquals([error.name, error.errno, error.code], [
    "LaunchError",
    1,
    "EPERM",
  ]);
  assertEquals(error.reason, reason);
  assertEquals(
    error.message,
    "Cannot mount proc on /proc (mounts[0]): Operation not permitted",
  );
  assertEquals(message("open /dev", 20), "Cannot open /dev: Not a directory");
});

Deno.test("LaunchError has the words that engines look for", () => {
  assertEquals(
    message('exec: "nope"', 2),
    'exec: "nope": executable file not found in $PATH',
  );
  assertEquals(
    message('exec: "/bin/nope"', 2),
    'exec: "/bin/nope": no such file or directory',
  );
  assertEquals(message('exec: "x"', 13), 'exec: "x": permission denied');
  assertEquals(message("exec sh", 8), "exec sh: exec format error");
  assertEquals(
    message('exec: "a\\nb"', 2),
    'exec: "a\\nb": executable file not found in $PATH',
  );
});

Deno.test("LaunchError tells what a seccomp filter may lack", () => {
  const hint = ": this kernel has no seccomp filters, or does not know a " +
    "flag of the profile";
  const load = "load the seccomp filter";
  assertEquals(
    message(load, 38),
    `Cannot ${load}: Function not implemented${hint}`,
  );
  assertEquals(message(load, 22), `Cannot ${load}: Invalid argument${hint}`);
  assertEquals(message(load, 12), `Cannot ${load}: Cannot allocate memory`);
});

Deno.test("dotted() writes a JSON pointer as people do", () => {
  const table: Record<string, string> = {
    "": "",
    "/hostname": "hostname",
    "/mounts/0": "mounts[0]",
    "/mounts/12/type": "mounts[12].type",
    "/linux/namespaces/3/path": "linux.namespaces[3].path",
    "/a/0/1/b": "a[0][1].b",
    "/a~1b/c~0d": '["a/b"]["c~d"]',
    "/a/0x": 'a["0x"]',
  };
  for (const [pointer, wanted] of Object.entries(table)) {
    assertEquals(dotted(pointer), wanted, pointer);
  }
});
