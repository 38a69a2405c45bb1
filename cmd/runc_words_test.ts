import { assertEquals } from "@std/assert";
import { runcLine } from "./runc_words.ts";

const bind = {
  why: "bind /a b to /mnt",
  pointer: "/mounts/7",
  errno: 1,
};

Deno.test("runcLine() tells of mounts as runc does, and the mend", () => {
  assertEquals(
    runcLine(
      "Cannot bind /a b to /mnt (mounts[7]): Operation not permitted; mend it",
      { command: "run", kind: "system", failure: bind },
    ),
    "runc run failed: unable to start container process: error during " +
      'container init: error mounting "/a b" to rootfs at "/mnt" ' +
      "(mounts[7]): operation not permitted; mend it",
  );
});

Deno.test("runcLine() says how far create and run came", () => {
  const beginning = (kind: string, command = "create") =>
    runcLine("it", { command, kind });
  assertEquals(beginning("config"), "runc create failed: it");
  assertEquals(beginning("exists", "run"), "runc run failed: it");
  assertEquals(
    beginning("process"),
    "runc create failed: unable to start container process: it",
  );
  assertEquals(beginning("usage"), "it");
});

Deno.test("runcLine() tells of a program that is not there", () => {
  const line = 'exec: "x": executable file not found in $PATH';
  const failure = { why: 'exec: "x"', pointer: "/process/args/0", errno: 2 };
  const started = "unable to start container process: ";
  const told = (command: string) =>
    runcLine(line, { command, kind: "process", failure });
  assertEquals(told("exec"), `exec failed: ${started}${line}`);
  assertEquals(
    told("create"),
    `runc create failed: ${started}error during container init: ${line}`,
  );
  const last = "exec /x: no such file or directory; mend it";
  assertEquals(
    runcLine(last, {
      command: "run",
      kind: "process",
      failure: { ...failure, why: "exec /x" },
    }),
    last,
  );
});

Deno.test("runcLine() leaves other commands as they are, but for errnos", () => {
  assertEquals(
    runcLine("container not running", { command: "kill", kind: "state" }),
    "container not running",
  );
  assertEquals(
    runcLine("Cannot freeze /c: No such file or directory", {
      command: "pause",
      kind: "system",
      failure: { why: "", pointer: "", errno: 2 },
    }),
    "Cannot freeze /c: no such file or directory",
  );
});
