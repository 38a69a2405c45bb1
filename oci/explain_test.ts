import { assert, assertEquals, assertThrows } from "@std/assert";
import { CgroupError } from "../cgroup/error.ts";
import { E } from "../ffi/errno.ts";
import { SyscallError } from "../ffi/error.ts";
import { LaunchError } from "../launch/error.ts";
import { RuntimeError } from "./errors.ts";
import { explain, explained } from "./explain.ts";
import { osText } from "./os_error.ts";

const DOING = 'create container "c"';

/** What Deno itself throws. */
function denoError(work: () => void): Error {
  return assertThrows(work, Error);
}

Deno.test("explain() makes one clean line of Deno's file errors", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const file = `${folder}/a: file 'x'`;
    Deno.writeTextFileSync(file, "");
    const cases: [() => void, string, string][] = [
      [() => Deno.openSync("/no/x"), "'/no/x'", "No such file or directory"],
      [
        () => Deno.readTextFileSync("/no/x"),
        "'/no/x'",
        "No such file or directory",
      ],
      [() => Deno.readDirSync("/no/x"), "'/no/x'", "No such file or directory"],
      [() => Deno.mkdirSync(folder), `'${folder}'`, "File exists"],
      [() => Deno.removeSync("/no/x"), "'/no/x'", "No such file or directory"],
      [() => Deno.lstatSync(`${file}/y`), `'${file}/y'`, "Not a directory"],
      [() => Deno.statSync("/no/x"), "'/no/x'", "No such file or directory"],
      [
        () => Deno.writeTextFileSync(folder, ""),
        `'${folder}'`,
        "Is a directory",
      ],
      [
        () => Deno.renameSync("/no/x", `${folder}/y`),
        `'/no/x' -> '${folder}/y'`,
        "No such file or directory",
      ],
      [
        () => Deno.statSync(`/${"a".repeat(300)}`),
        `'/${"a".repeat(300)}'`,
        "File name too long",
      ],
    ];
    for (const [work, path, text] of cases) {
      const error = explain(DOING, denoError(work)) as RuntimeError;
      assert(error instanceof RuntimeError, `${error}`);
      assertEquals(error.code, "system");
      assertEquals(error.message, `Cannot ${DOING}: ${path} ${text}`);
      assert(error.cause instanceof Error);
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("explain() keeps errors for the user as they are", () => {
  const errors = [
    new RuntimeError("state", "x"),
    new SyscallError("open", E.ENOENT, "/x"),
  ];
  for (const error of errors) assertEquals(explain(DOING, error), error);
});

Deno.test("explain() keeps what nobody expects: it is a bug", () => {
  for (const error of [new TypeError("x"), new Error("x"), "x", undefined]) {
    assertEquals(explain(DOING, error), error);
  }
});

Deno.test("explain() takes over errors of the rooms below", () => {
  const cgroup = explain(
    DOING,
    new CgroupError("state", "busy"),
  ) as RuntimeError;
  assert(cgroup instanceof RuntimeError);
  assertEquals([cgroup.code, cgroup.message], ["state", "busy"]);
  const launch = (why: string, pointer: string, errno: number) => {
    const error = explain(DOING, new LaunchError({ why, pointer }, errno));
    assert(error instanceof RuntimeError);
    const { code, message } = error as RuntimeError;
    return [code, message];
  };
  assertEquals(launch("mount proc on /proc", "/mounts/0", E.EPERM), [
    "system",
    "Cannot mount proc on /proc (mounts[0]): Operation not permitted",
  ]);
  assertEquals(launch('exec: "x"', "/process/args/0", E.ENOENT), [
    "process",
    'exec: "x": executable file not found in $PATH',
  ]);
  assertEquals(launch('exec: "/x"', "/process/args/0", E.ENOENT), [
    "process",
    'exec: "/x": no such file or directory',
  ]);
  assertEquals(launch('exec: "x"', "/process/args/0", E.EACCES), [
    "process",
    'exec: "x": permission denied',
  ]);
});

Deno.test("explained() returns, or throws what is explained", () => {
  assertEquals(explained(DOING, () => 5), 5);
  assertThrows(
    () => explained(DOING, () => Deno.openSync("/no/x")),
    RuntimeError,
    `Cannot ${DOING}: '/no/x' No such file or directory`,
  );
});

Deno.test("osText() is the system's text alone", () => {
  assertEquals(
    osText(new SyscallError("open", E.EACCES, "/x")),
    "Permission denied",
  );
  const error = denoError(() => Deno.openSync("/no/\nx"));
  assertEquals(osText(error), "No such file or directory");
  assertEquals(osText("x"), "x");
});
