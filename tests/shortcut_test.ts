/** The shortcuts of start, kill and delete, which run before Deno begins. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path/posix";
import {
  type Container,
  containerTest,
  rootTest,
  script,
} from "./container.ts";
import {
  assertOneLine,
  assertSuccess,
  DAVIT,
  readIfThere,
  run,
  type RunOptions,
} from "./davit.ts";

const needs = DAVIT.endsWith("/dist/davit") && Deno.build.arch === "x86_64"
  ? {}
  : { missing: "a compiled binary for x86_64" };

/** A state root with a folder `x` that is nobody's but has shortcuts. */
class Fake implements Disposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "davit-test." });
  readonly root = join(this.folder, "root");

  constructor() {
    Deno.mkdirSync(`${this.root}/x`, { recursive: true });
    for (const name of ["start", "delete", "kill-9", "kill-15", "kill-all-9"]) {
      const text = `#!/bin/sh\necho $0 >>${this.folder}/ran\n`;
      Deno.writeTextFileSync(`${this.root}/x/${name}`, text, { mode: 0o700 });
    }
  }

  /** The shortcut that a command line runs; without one Davit itself fails. */
  async taken(
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<string> {
    await run([DAVIT, "--root", this.root, ...args], options);
    const ran = readIfThere(`${this.folder}/ran`);
    if (ran !== "") Deno.removeSync(`${this.folder}/ran`);
    return ran.trim().replace(`${this.root}/x/`, "");
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.folder, { recursive: true });
  }
}

rootTest("shortcuts are taken by the plain forms of commands", async () => {
  const log = ["--log", "/dev/null"];
  for (
    const [args, wanted] of [
      [["start", "x"], "start"],
      [[...log, "--log-format", "json", "start", "x"], "start"],
      [["--log-format=json", ...log, "start", "x"], "start"],
      [["--debug", "start", "x"], ""],
      [["start", "--help", "x"], ""],
      [["start", "x", "y"], ""],
      [["start", "../root/x"], ""],
      [["start", "./x"], ""],
      [["start"], ""],
      [["state", "x"], ""],
      [["delete", "x"], "delete"],
      [["delete", "--force", "x"], "delete"],
      [["delete", "-f", "x"], ""],
      [["delete", "x", "--force"], ""],
      [["kill", "x", "9"], "kill-9"],
      [["kill", "x", "KILL"], "kill-9"],
      [["kill", "x", "SIGKILL"], "kill-9"],
      [["kill", "x", "15"], "kill-15"],
      [["kill", "x", "TERM"], "kill-15"],
      [["kill", "x", "SIGTERM"], "kill-15"],
      [["kill", "x", "HUP"], ""],
      [["kill", "x", "99"], ""],
      [["kill", "x"], ""],
      [["kill", "--all", "x", "9"], "kill-all-9"],
      [["kill", "--all", "x", "KILL"], "kill-all-9"],
      [["kill", "--all", "x", "15"], ""],
    ] as const
  ) {
    using fake = new Fake(); // some of them remove what is there
    assertEquals(await fake.taken(args), wanted, args.join(" "));
  }
}, needs);

rootTest("shortcuts are not taken for service managers", async () => {
  using fake = new Fake();
  const env = { NOTIFY_SOCKET: "/nowhere" };
  assertEquals(await fake.taken(["start", "x"], { env }), "");
}, needs);

rootTest("shortcuts are taken from the state root that is meant", async () => {
  const ID = "1234";
  using fake = new Fake();
  const own = `${fake.folder}/davit`; // its state root as XDG_RUNTIME_DIR
  Deno.renameSync(fake.root, own);
  const binary = `${fake.folder}/bin`;
  Deno.copyFileSync(DAVIT, binary);
  const user = [
    "setpriv",
    ...[`--reuid=${ID}`, `--regid=${ID}`, "--clear-groups"],
  ];
  const root = [...user, "unshare", "--user", "--map-root-user"];
  const env = [
    "env",
    ...["--unset=USER", `XDG_RUNTIME_DIR=${fake.folder}`, "HOME=/"],
  ];
  for (
    const [who, wanted] of [
      [[...env], false],
      [[...user, ...env], true],
      [[...root, ...env], true],
      [[...root, ...env, "USER=client"], true],
      [[...root, ...env, "USER=root"], false],
    ] as const
  ) {
    const owner = who[0] === "setpriv" ? Number(ID) : 0;
    for (const path of [fake.folder, own, `${own}/x`, `${own}/x/start`]) {
      Deno.chownSync(path, owner, owner);
    }
    await run([...who, binary, "start", "x"]);
    const ran = readIfThere(`${fake.folder}/ran`);
    if (ran !== "") Deno.removeSync(`${fake.folder}/ran`);
    assertEquals(ran, wanted ? `${own}/x/start\n` : "", who.join(" "));
  }
}, { programs: ["setpriv", "unshare"], ...needs });

rootTest("shortcuts that others could have written are not taken", async () => {
  using fake = new Fake();
  const file = `${fake.root}/x/start`;
  const taken = () => fake.taken(["start", "x"]);
  for (const mode of [0o720, 0o702]) {
    Deno.chmodSync(file, mode);
    assertEquals(await taken(), "", mode.toString(8));
  }
  Deno.chmodSync(file, 0o700);
  Deno.chownSync(file, 1000, 0);
  assertEquals(await taken(), "");
  Deno.chownSync(file, 0, 0);
  Deno.renameSync(file, `${fake.folder}/start`);
  Deno.symlinkSync(`${fake.folder}/start`, file);
  assertEquals(await taken(), "");
}, needs);

rootTest("delete --force of what is not there ends at once", async () => {
  using fake = new Fake();
  const remove = () =>
    run([DAVIT, "--root", fake.root, "delete", "--force", "gone"]);
  assertSuccess(await remove());
  // What a creation that was killed has left is not nothing.
  for (const name of ["gone", "~gone"]) {
    const path = `${fake.root}/containers-mapping/${name}/gone`;
    Deno.mkdirSync(path, { recursive: true });
    assertSuccess(await remove());
    assertEquals([...Deno.readDirSync(`${fake.root}/containers-mapping`)], []);
  }
}, needs);

/** Has a shortcut fail, as one does that meets what it does not expect. */
function spoil(container: Container, name: string): void {
  const file = `${container.root}/${container.id}/${name}`;
  Deno.writeTextFileSync(file, "#!/bin/sh\nexit 1\n");
}

containerTest(
  "what a shortcut cannot do, its command does",
  script("sleep 100"),
  async (c) => {
    assertSuccess(await c.create());
    ["start", "kill-9", "kill-all-9", "delete"].forEach((name) =>
      spoil(c, name)
    );
    assertSuccess(await c.start());
    assertEquals((await c.state()).status, "running");
    assertSuccess(await c.davit(["kill", c.id, "9"]));
    assertSuccess(await c.davit(["kill", "--all", c.id, "9"]));
  },
  needs,
);

containerTest(
  "a program that cannot be executed is told by start",
  script("true", (config) => {
    config.process.args = ["/bad"];
    config.root.readonly = false;
  }),
  async (c) => {
    Deno.writeTextFileSync(`${c.rootfs}/bad`, "#!/no/such\n", { mode: 0o755 });
    assertSuccess(await c.create());
    assertOneLine(await c.start(), /exec \/bad: no such file or directory/);
  },
  needs,
);

containerTest(
  "whoever ignores the end of children can start a container, too",
  script("sleep 100"),
  async (c) => {
    assertSuccess(await c.create());
    const ignoring = ["env", "--ignore-signal=CHLD"];
    assertSuccess(await run([...ignoring, ...c.words("start", c.id)]));
    assertEquals((await c.state()).status, "running");
  },
  needs,
);

containerTest(
  "a container is started once",
  script("sleep 100"),
  async (c) => {
    assertSuccess(await c.create());
    const results = await Promise.all([1, 2, 3, 4].map(() => c.start()));
    assertEquals(results.filter(({ code }) => code === 0).length, 1);
    for (const { code, stderr } of results) {
      if (code !== 0) assertMatch(stderr, /it is running/);
    }
  },
  needs,
);
