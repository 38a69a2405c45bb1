import { assert, assertEquals } from "@std/assert";
import { changed, errors, warnings } from "./changed_config.ts";
import { defaultSpec } from "./default_spec.ts";
import { describeProblem } from "./errors.ts";
import { validate, validateProcess, validateResources } from "./validate.ts";

function assertBad(path: string, value: unknown, ...wanted: string[]): void {
  assertEquals(errors(path, value), wanted);
}

Deno.test("validate() accepts what `spec` writes", () => {
  for (const cgroupNamespace of [true, false]) {
    const result = validate(defaultSpec({ cgroupNamespace }), { strict: true });
    assertEquals(result, { errors: [], warnings: [] });
  }
});

Deno.test("validate() takes the smallest configuration", () => {
  const config = { ociVersion: "1.0.0", root: { path: "." } };
  assertEquals(validate(config), { errors: [], warnings: [] });
});

Deno.test("validate() wants an object with ociVersion and root", () => {
  for (const value of [null, 5, "x", [], true, undefined]) {
    assertEquals(validate(value).errors.length, 1);
  }
  assertBad(
    "ociVersion",
    undefined,
    "ociVersion: is missing, it is required",
  );
  assertBad("root", undefined, "root: is missing, it is required");
  assertBad("root", {}, "root.path: is missing, it is required");
  assertBad("root.path", "", "root.path: must not be empty");
  assertEquals(errors("root.path", "a\0").length, 1);
});

Deno.test("validate() takes versions 1.0.0 to 1.3.x", () => {
  for (
    const version of [
      "1.0.0",
      "1.0.2-dev",
      "1.1.0+dev",
      "1.2.0-rc.1",
      "1.3.99",
      "1.3.0-rc.1+build.5",
    ]
  ) assertEquals(errors("ociVersion", version), []);
  for (
    const version of [
      "",
      "1",
      "1.0",
      "v1.0.0",
      "1.0.0.0",
      "invalid",
      "1.00.0",
      "1.0.0-",
      "1.0.0-01",
      "1.0.0\n",
      " 1.0.0",
    ]
  ) {
    const [message] = errors("ociVersion", version);
    assert(message?.startsWith('ociVersion: expected a version like "1.3.0"'));
  }
  for (const version of ["0.5.0-dev", "2.0.0", "1.4.0", "1.10.0"]) {
    assertBad(
      "ociVersion",
      version,
      `ociVersion: expected a version from 1.0.0 to 1.3.x, found "${version}"`,
    );
  }
});

Deno.test("validate() takes a configuration without process", () => {
  assertEquals(errors("process", undefined), []);
  assertEquals(errors("process", null), []);
});

Deno.test("validate() checks cwd", () => {
  assertBad(
    "process.cwd",
    undefined,
    "process.cwd: is missing, it is required",
  );
  const message = 'process.cwd: must be an absolute path, found "tmp"';
  assertBad("process.cwd", "tmp", message);
});

Deno.test("validate() checks args", () => {
  const at = "process.args";
  assertBad(at, undefined, `${at}: is missing, it is required`);
  assertBad(
    at,
    [],
    `${at}: expected an array of at least one string, found an empty array`,
  );
  assertBad(at, [5, "x"], `${at}[0]: expected a string, found 5`);
  assertBad(at, ["sh", null], `${at}[1]: expected a string, found null`);
  assertBad(at, [""], `${at}[0]: must not be empty`);
  assertEquals(errors(at, ["sh", ""]), []);
  assertBad(
    at,
    ["sh", "a\0b"],
    `${at}[1]: must not hold a NUL character, found "a\\u0000b"`,
  );
});

Deno.test("validate() checks env", () => {
  assertEquals(errors("process.env", ["A=", "b.c=d=e"]), []);
  for (const entry of ["SECRET", "", "=x"]) {
    assertBad(
      "process.env",
      ["A=b", entry],
      `process.env[1]: expected NAME=value with a name, found "${entry}"`,
    );
  }
  assertEquals(errors("process.env", ["A=\0"]).length, 1);
});

Deno.test("validate() checks user", () => {
  for (const uid of [-1, 1.5, 4294967296, "0"]) {
    assertEquals(errors("process.user.uid", uid).length, 1);
    assertEquals(errors("process.user.additionalGids", [0, uid]).length, 1);
  }
  assertEquals(errors("process.user.umask", 0o777), []);
  assertBad(
    "process.user.umask",
    0o1000,
    "process.user.umask: expected an integer from 0 to 511, found 512",
  );
});

Deno.test("validate() warns of unknown capabilities", () => {
  const at = "process.capabilities.bounding";
  assertEquals(warnings(at, ["CAP_CHECKPOINT_RESTORE"]), []);
  assertEquals(warnings(at, ["CAP_KILL", "CAP_FLY", "KILL"]), [
    `${at}[1]: unknown capability "CAP_FLY", it is left out`,
    `${at}[2]: unknown capability "KILL", it is left out`,
  ]);
  assertEquals(errors(at, [1]).length, 1);
});

Deno.test("validate() checks rlimits", () => {
  const at = "process.rlimits";
  const limit = { type: "RLIMIT_CORE", soft: 0, hard: 2n ** 64n - 1n };
  assertEquals(errors(at, [limit]), []);
  const [unknown] = errors(at, [{ ...limit, type: "RLIMIT_FOO" }]);
  assert(unknown?.startsWith(`${at}[0].type: expected RLIMIT_ and one of CPU`));
  assertBad(
    at,
    [limit, { ...limit, type: "RLIMIT_AS" }, limit],
    `${at}[2].type: RLIMIT_CORE is already set by entry 0`,
  );
  assertBad(
    at,
    [{ ...limit, soft: 2, hard: 1 }],
    `${at}[0].soft: must not be above the hard limit 1, found 2`,
  );
  assertBad(
    at,
    [{ type: "RLIMIT_AS" }],
    `${at}[0].soft: is missing, it is required`,
    `${at}[0].hard: is missing, it is required`,
  );
  assertEquals(errors(at, [{ ...limit, hard: 2n ** 64n }]).length, 1);
});

Deno.test("validate() checks oomScoreAdj", () => {
  for (const value of [-1000, 0, 1000]) {
    assertEquals(errors("process.oomScoreAdj", value), []);
  }
  for (const value of [-1001, 1001, 0.5]) {
    assertEquals(errors("process.oomScoreAdj", value).length, 1);
  }
});

Deno.test("validate() checks the length of names", () => {
  for (const name of ["hostname", "domainname"]) {
    assertEquals(errors(name, "x".repeat(64)), []);
    assertBad(
      name,
      "ä".repeat(33),
      `${name}: must be at most 64 bytes long, found 66 bytes`,
    );
    assertEquals(errors(name, "a\0").length, 1);
  }
});

Deno.test("validate() checks mounts", () => {
  assertEquals(warnings("mounts", [{ destination: "data/x" }]), [
    'mounts[0].destination: should be absolute, "data/x" is taken as "/data/x"',
  ]);
  assertBad(
    "mounts",
    [{ destination: "" }, { type: 5 }],
    "mounts[0].destination: must not be empty",
    "mounts[1].destination: is missing, it is required",
    "mounts[1].type: expected a string, found 5",
  );
  assertEquals(
    errors("mounts", [{ destination: "/", options: ["a\0"] }]).length,
    1,
  );
});

Deno.test("validate() checks masked and read-only paths", () => {
  for (const name of ["maskedPaths", "readonlyPaths"]) {
    assertBad(
      `linux.${name}`,
      ["/a", "b"],
      `linux.${name}[1]: must be an absolute path, found "b"`,
    );
  }
});

Deno.test("validate() checks hooks", () => {
  assertBad(
    "hooks",
    { prestart: [{ path: "x", timeout: 0, env: ["A"] }], poststop: [{}] },
    'hooks.prestart[0].path: must be an absolute path, found "x"',
    "hooks.prestart[0].timeout: expected an integer from 1 to " +
      "9223372036854775807, found 0",
    'hooks.prestart[0].env[0]: expected NAME=value with a name, found "A"',
    "hooks.poststop[0].path: is missing, it is required",
  );
});

Deno.test("validate() checks devices", () => {
  const device = { type: "c", path: "/dev/x", major: 1, minor: 3 };
  assertEquals(errors("linux.devices", [device]), []);
  assertEquals(errors("linux.devices", [{ type: "p", path: "/p" }]), []);
  assertBad(
    "linux.devices",
    [{ type: "b", path: "/dev/x", minor: 0 }, { ...device, path: "x" }],
    'linux.devices[0].major: is missing, it is required for a device of type "b"',
    'linux.devices[1].path: must be an absolute path, found "x"',
  );
  assertBad(
    "linux.resources.devices",
    [{ allow: true, type: "x", access: "rx" }],
    'linux.resources.devices[0].type: expected "a", "c" or "b", found "x"',
    'linux.resources.devices[0].access: expected letters of "rwm", found "rx"',
  );
});

Deno.test("validate() takes a device's mode with or without its type", () => {
  const device = { type: "c", path: "/dev/x", major: 1, minor: 3 };
  for (const fileMode of [0, 0o666, 0o20666, 0o60660, 0o10600]) {
    assertEquals(errors("linux.devices", [{ ...device, fileMode }]), []);
  }
  for (const fileMode of [0o1666, 0o100600, 0o22666, -1, 0.5]) {
    assertBad(
      "linux.devices",
      [{ ...device, fileMode }],
      "linux.devices[0].fileMode: expected an integer from 0 to 511, found " +
        fileMode,
    );
  }
});

Deno.test("validate() refuses a cgroups path that climbs", () => {
  assertEquals(errors("linux.cgroupsPath", "system.slice:a:b..c"), []);
  for (const path of ["../../x", "/a/../b", ".."]) {
    assertBad(
      "linux.cgroupsPath",
      path,
      `linux.cgroupsPath: must not have ".." in it, found "${path}"`,
    );
  }
});

Deno.test("validate() wants names of annotations", () => {
  assertEquals(warnings("annotations", { "a/b": "" }), []);
  assertBad(
    "annotations",
    { "": "x", "y": 5 },
    "annotations.y: expected a string, found 5",
  );
  assertBad(
    "annotations",
    { "": "x" },
    'annotations[""]: must have a name, found an empty one',
  );
});

Deno.test("validate() takes an access of devices as runc does", () => {
  const devices = (allow: boolean, access: string) =>
    changed("linux.resources.devices", [{ allow, access }]);
  const at = "linux.resources.devices[0].access: ";
  const mend = 'write "rwm" for every access';
  assertEquals(
    validate(devices(true, "rwa")).warnings.map(describeProblem),
    [`${at}"a" is no access, it allows nothing: ${mend}`],
  );
  assertEquals(
    validate(devices(false, "rwa")).warnings.map(describeProblem),
    [`${at}"a" is no access, it denies every one: ${mend}`],
  );
  for (
    const [allow, access, strict] of [
      [true, "a", false],
      [false, "a", false],
      [true, "rwa", true],
    ] as const
  ) {
    assertEquals(
      validate(devices(allow, access), { strict }).errors.map(describeProblem),
      [`${at}expected letters of "rwm", found "${access}"`],
    );
  }
});

Deno.test("validate() reports all problems at once", () => {
  const { errors } = validate({
    ociVersion: 1,
    root: { path: "", readonly: "yes" },
    process: { cwd: ".", args: [], terminal: 1 },
    linux: { namespaces: [{ type: "moon" }] },
  });
  assertEquals(errors.map((e) => e.pointer), [
    "/ociVersion",
    "/root/path",
    "/root/readonly",
    "/process/cwd",
    "/process/args",
    "/process/terminal",
    "/linux/namespaces/0/type",
  ]);
});

Deno.test("validateProcess() and validateResources() check parts", () => {
  assertEquals(
    validateProcess({ cwd: "x", args: ["a"] }).errors[0]?.pointer,
    "/process/cwd",
  );
  const linux = {
    namespaces: [{ type: "user" }],
    uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
  };
  const process = {
    cwd: "/",
    args: ["a"],
    user: { uid: 10 },
    ioPriority: { class: "IOPRIO_CLASS_BE", priority: 8 },
  };
  assertEquals(
    validateProcess(process, {}, linux).errors.map(({ pointer }) => pointer),
    ["/process/user/uid", "/process/ioPriority/priority"],
  );
  assertEquals(validateResources({ pids: { limit: 5 } }).errors, []);
  assertEquals(validateResources({ pids: {} }).errors, []);
  assertEquals(
    validateResources({ pids: { limit: "x" } }).errors[0]?.pointer,
    "/pids/limit",
  );
});

Deno.test("validate() warns of what kernels no longer have", () => {
  const at = "linux.resources.memory.useHierarchy";
  assertEquals(warnings(at, true), []);
  assertEquals(warnings(at, false), [
    `${at}: is deprecated, kernels always count what is below`,
  ]);
  for (const name of ["kernel", "kernelTCP"]) {
    const at = `linux.resources.memory.${name}`;
    assertEquals(warnings(at, 1024), [
      `${at}: is deprecated, kernels no longer have it: no limit`,
    ]);
    assertEquals(warnings(at, -1), []);
    assertBad(
      at,
      "x",
      `${at}: expected an integer from ` +
        '-9223372036854775808 to 9223372036854775807, found "x"',
    );
  }
});
