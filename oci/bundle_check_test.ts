import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { checkBundle } from "./bundle_check.ts";
import { RuntimeError } from "./errors.ts";

const CONFIG = {
  ociVersion: "1.3.0",
  root: { path: "rootfs" },
  process: { cwd: "/", args: ["/bin/sh"], env: ["PATH=/bin"] },
  linux: { namespaces: [{ type: "mount" }] },
};

/** The problems of a bundle with this config.json, as "pointer message". */
function problems(config: unknown, options = {}) {
  const bundle = Deno.makeTempDirSync();
  try {
    Deno.mkdirSync(`${bundle}/rootfs/bin`, { recursive: true });
    Deno.copyFileSync(Deno.execPath(), `${bundle}/rootfs/bin/sh`);
    Deno.writeTextFileSync(`${bundle}/plain`, "");
    const text = typeof config === "string" ? config : JSON.stringify(config);
    Deno.writeTextFileSync(`${bundle}/config.json`, text);
    const { errors, warnings } = checkBundle(bundle, options);
    const say = (list: typeof errors) =>
      list.map(({ pointer, message }) =>
        `${pointer} ${message.replaceAll(bundle, "BUNDLE")}`
      );
    return { errors: say(errors), warnings: say(warnings), all: errors };
  } finally {
    Deno.removeSync(bundle, { recursive: true });
  }
}

Deno.test("checkBundle() wants a directory", () => {
  for (const path of ["/no/such/bundle", "/dev/null", ""]) {
    const error = assertThrows(() => checkBundle(path), RuntimeError);
    assertMatch(error.message, /^Invalid bundle path '/);
  }
});

Deno.test("checkBundle() tells a config.json that is none", () => {
  const { errors } = problems("{");
  assertEquals(errors.length, 1);
  assertMatch(errors[0]!, /^ Cannot read "BUNDLE\/config.json": /);
});

Deno.test("checkBundle() takes a sound bundle", () => {
  // Deno is linked dynamically: its loader is not in this root file system.
  const { errors } = problems({
    ...CONFIG,
    mounts: [{ destination: "/bin", type: "tmpfs", source: "tmpfs" }],
  });
  assertEquals(errors, []);
});

Deno.test("checkBundle() tells of wrong types and odd names", () => {
  const { errors, warnings, all } = problems({
    ...CONFIG,
    hostnam: "x",
    root: {},
    process: { ...CONFIG.process, cwd: 5 },
  });
  assertEquals(errors, [
    "/root/path is missing, it is required",
    "/process/cwd expected a string, found 5",
  ]);
  assertEquals(all.map(({ mend, allowed }) => mend ?? allowed), [
    'add "path"',
    "a string",
  ]);
  assertEquals(warnings, [
    '/hostnam unknown property, did you mean "hostname"?',
  ]);
});

Deno.test("checkBundle() looks at what is named on the host", () => {
  const hook = (path: string) => [{ path }];
  const { errors } = problems({
    ...CONFIG,
    process: { ...CONFIG.process, args: ["nope"] },
    mounts: [
      { destination: "/a", type: "bind", source: "no-such" },
      { destination: "/b", type: "bind", source: "plain" },
    ],
    hooks: {
      prestart: hook("/no/such/hook"),
      createRuntime: hook("/dev"),
      poststop: hook("/etc/passwd"),
      startContainer: hook("/in/the/container"),
    },
    linux: {
      namespaces: [{ type: "mount" }, { type: "pid", path: "/etc/passwd" }],
    },
  });
  assertEquals(errors, [
    '/process/args/0 the program "nope" is in no folder of PATH (1 were ' +
    "looked at)",
    '/mounts/0/source "BUNDLE/no-such" cannot be bound: No such file or ' +
    "directory",
    "/linux/namespaces/1/path cannot join the pid namespace /etc/passwd: it " +
    "is no namespace",
    '/hooks/prestart/0/path the hook "/no/such/hook" cannot run: No such ' +
    "file or directory",
    '/hooks/createRuntime/0/path the hook "/dev" cannot run: it is no file',
    '/hooks/poststop/0/path the hook "/etc/passwd" cannot run: it is not ' +
    "executable",
  ]);
});

Deno.test("checkBundle() takes oddities for errors when strict", () => {
  const { errors } = problems({ ...CONFIG, hostnam: "x" }, { strict: true });
  assertEquals(errors, ['/hostnam unknown property, did you mean "hostname"?']);
});

Deno.test("checkBundle() looks into the root file system", () => {
  const program = (path: string) =>
    problems({ ...CONFIG, process: { ...CONFIG.process, args: [path] } })
      .errors;
  assertMatch(program("/bin/sh")[0]!, /needs the loader/);
  assertEquals(program("/bin"), [
    '/process/args/0 the program "/bin" is a directory',
  ]);
  const missing = problems({ ...CONFIG, root: { path: "nowhere" } }).errors;
  assertEquals(missing, [
    '/root/path "BUNDLE/nowhere" cannot be the root file system: No such ' +
    "file or directory",
  ]);
});
