/** What happens when hooks fail, and that nothing is left then. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path/posix";
import { type Container, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess, readIfThere, until } from "./davit.ts";
import {
  assertGone,
  type Hook,
  type Kind,
  lines,
  noted,
  setHooks,
  shell,
} from "./hooks.ts";

/** A program that notes that it ran, in a root that hooks can write to. */
const PROGRAM = script("touch /tmp/ran; exec sleep 100", (config) => {
  config.root.readonly = false;
});

const AT_CREATE = ["prestart", "createRuntime", "createContainer"] as const;
const AT_START = ["startContainer", "poststart"] as const;
const FAILING = [...AT_CREATE, ...AT_START] as const;

/** Hooks of the kind `kind`, and one after the container that takes notes. */
function withPoststop(c: Container, kind: Kind, ...hooks: Hook[]): void {
  setHooks(c, {
    [kind]: hooks,
    poststop: [shell(`cat >${c.bundle}/stopped; echo >>${c.bundle}/stops`)],
  });
}

/** The error of the command that runs hooks of this kind. */
async function failure(c: Container, kind: Kind): Promise<string> {
  if (!AT_CREATE.includes(kind as "prestart")) {
    assertSuccess(await c.create());
    const result = await c.start();
    assertOneLine(result, /./);
    return result.stderr;
  }
  const result = await c.create(["--pid-file", `${c.folder}/pid`]);
  assertOneLine(result, /./);
  assertEquals(readIfThere(`${c.folder}/pid`), "");
  return result.stderr;
}

for (const kind of FAILING) {
  containerTest(
    `a ${kind} hook that fails takes the container away, poststop hooks run`,
    PROGRAM,
    async (c) => {
      const log = kind === "startContainer" ? "/tmp/log" : `${c.bundle}/log`;
      withPoststop(
        c,
        kind,
        shell(`echo first >>${log}`),
        shell(`echo second >>${log}; echo no; echo "why: x" >&2; exit 3`),
        shell(`echo third >>${log}`),
      );
      const error = await failure(c, kind);
      assertMatch(error, new RegExp(`error running ${kind} hook #1: `));
      assert(error.includes(`busybox" (hooks.${kind}[1]): exit status 3, `));
      assert(error.endsWith('stderr: "why: x"\n'), error);
      const at = kind === "startContainer" ? "rootfs/tmp/log" : "log";
      assertEquals(lines(c, at), ["first", "second"]);
      const ran = [...Deno.readDirSync(join(c.rootfs, "tmp"))];
      if (kind !== "poststart") {
        assert(!ran.some(({ name }) => name === "ran"), "it did not run");
      }
      assertGone(c);
      assertEquals(noted(c, "stops"), "\n", "poststop ran once");
      const stopped = JSON.parse(noted(c, "stopped"));
      assertEquals([stopped.status, stopped.pid, stopped.id], [
        "stopped",
        0,
        c.id,
      ]);
      // The ID is free again.
      setHooks(c, {});
      assertSuccess(await c.create());
    },
  );

  containerTest(
    `run: a ${kind} hook that fails is told, and nothing is left`,
    PROGRAM,
    async (c) => {
      for (const flags of [[], ["--detach"]]) {
        withPoststop(c, kind, shell("echo only this; exit 1"));
        const result = await c.run(flags);
        assertOneLine(
          result,
          new RegExp(
            `error running ${kind} hook #0: .* \\(hooks.${kind}\\[0\\]\\): ` +
              'exit status 1, stdout: "only this"$',
          ),
        );
        assertGone(c);
      }
      assertEquals(noted(c, "stops"), "\n\n");
    },
  );

  containerTest(
    `a ${kind} hook that takes too long is killed with all that it started`,
    PROGRAM,
    async (c) => {
      const slow = shell("sleep 98.5 & echo waiting >&2; sleep 98.5", {
        timeout: 1,
        env: [`DAVIT_TEST=${c.id}`],
      });
      withPoststop(c, kind, slow);
      const before = performance.now();
      const error = await failure(c, kind);
      const took = performance.now() - before;
      assert(took > 900 && took < 8000, `${took} ms`);
      assertMatch(error, /#0: .*: killed after its timeout of 1 s, stderr: /);
      assertMatch(error, /"waiting"\n$/);
      assertGone(c);
      assertEquals(noted(c, "stops"), "\n");
    },
  );

  containerTest(
    `a ${kind} hook that cannot be executed or dies by a signal is told so`,
    PROGRAM,
    async (c) => {
      const folder = kind === "startContainer" ? "/tmp" : c.bundle;
      const onHost = kind === "startContainer" ? join(c.rootfs, "tmp") : folder;
      Deno.writeTextFileSync(`${onHost}/none`, "no program\n");
      Deno.writeTextFileSync(`${onHost}/odd`, "\x7fELF and more\n");
      Deno.chmodSync(`${onHost}/odd`, 0o755);
      const cases: [Hook, RegExp][] = [
        [
          { path: `${folder}/absent` },
          /absent" .*: No such file or directory$/,
        ],
        [{ path: `${folder}/none` }, /none" .*: Permission denied$/],
        [{ path: folder }, /: Permission denied$/],
        [{ path: `${folder}/odd` }, /odd" .*: Exec format error$/],
        [shell("kill -TERM $$; sleep 9"), /\]\): killed by SIGTERM$/],
        [shell("kill -KILL $$; sleep 9"), /\]\): killed by SIGKILL$/],
        [shell("exit 255"), /\]\): exit status 255$/],
      ];
      for (const [hook, expected] of cases) {
        withPoststop(c, kind, hook);
        const error = await failure(c, kind);
        assertMatch(
          error,
          new RegExp(`error running ${kind} hook #0: error running hook "`),
        );
        assertMatch(error.trim(), expected);
        assertGone(c);
      }
      assertEquals(noted(c, "stops").length, cases.length);
    },
  );

  containerTest(
    `a ${kind} hook may print much, read nothing, and leave a daemon behind`,
    PROGRAM,
    async (c) => {
      const text = "head -c 5000000 /dev/zero | tr '\\0' 'x' >&2; echo >&2; " +
        "head -c 3000000 /dev/zero; exec <&-; ";
      const daemon = shell(
        `${text} (exec sleep 99) & ${text} exit 0`,
        { env: [`DAVIT_TEST=${c.id}`], timeout: 30 },
      );
      setHooks(c, { [kind]: [daemon, daemon] });
      const before = performance.now();
      assertSuccess(await c.create());
      assertSuccess(await c.start());
      const took = performance.now() - before;
      assert(took < 20_000, `${took} ms`);
      assertSuccess(await c.davit(["delete", "--force", c.id]));
      // What hooks outside of the container started is theirs to end.
      endDaemons(c);
    },
  );
}

function endDaemons(c: Container): void {
  for (const line of c.leftovers()) {
    const pid = /^process (\d+): sleep 99/.exec(line)?.[1];
    if (pid !== undefined) Deno.kill(Number(pid), "SIGKILL");
  }
}

containerTest(
  "much on stderr: the error has its last lines, and one line itself",
  PROGRAM,
  async (c) => {
    const loud =
      'i=0; while [ $i -lt 20000 ]; do echo "line $i é\t\x1b[1m" >&2; ' +
      "i=$((i+1)); done; exit 1";
    for (const kind of FAILING) {
      withPoststop(c, kind, shell(loud));
      const error = await failure(c, kind);
      assert(error.length < 4000, `${error.length}`);
      assertMatch(error, /stderr: "line 19995 é.*line 19999 é/);
    }
  },
);

containerTest(
  "a poststop hook that fails is a warning, and those after it run",
  PROGRAM,
  async (c) => {
    const log = `${c.folder}/davit.log`;
    setHooks(c, {
      poststop: [
        shell("echo bad >&2; exit 1"),
        { path: "/nonexistent/hook" },
        shell("sleep 99.5", { timeout: 1 }),
        shell(`cat >${c.bundle}/last`),
      ],
    });
    assertSuccess(await c.create());
    assertSuccess(await c.start());
    assertSuccess(
      await c.davit(["--log", log, "delete", "--force", c.id]),
    );
    const warnings = readIfThere(log).split("\n")
      .filter((line) => line.includes("level=warning"));
    assertEquals(warnings.length, 3);
    assertMatch(warnings[0]!, /poststop hook #0: .*exit status 1, .*bad/);
    assertMatch(warnings[1]!, /poststop hook #1: .*No such file/);
    assertMatch(warnings[2]!, /poststop hook #2: .*timeout of 1 s/);
    assertEquals(JSON.parse(noted(c, "last")).status, "stopped");
    assertGone(c);
  },
);

containerTest(
  "poststop hooks run when a later step of create fails, after others ran",
  PROGRAM,
  async (c) => {
    const missing = (hooks: Parameters<typeof setHooks>[1]) => {
      setHooks(c, hooks);
      return c.create(["--pid-file", "/nonexistent/pid"]);
    };
    const poststop = [shell(`echo >>${c.bundle}/stops`)];
    const cause = /pid file/;
    assertOneLine(await missing({ poststop }), cause);
    assertEquals(noted(c, "stops"), "", "nothing that it could undo had run");
    const createRuntime = [shell("true")];
    assertOneLine(await missing({ createRuntime, poststop }), cause);
    assertEquals(noted(c, "stops"), "\n");
    assertGone(c);
  },
);

containerTest(
  "a Davit that is killed in a hook leaves what a forced delete takes away",
  PROGRAM,
  async (c) => {
    for (const kind of AT_CREATE) {
      const slow = shell(`echo >${c.bundle}/${kind}; exec sleep 98.7`, {
        env: [`DAVIT_TEST=${c.id}`],
      });
      withPoststop(c, kind, slow);
      using davit = c.spawn(["create", "--bundle", c.bundle, c.id]);
      await until("the hook runs", () => noted(c, kind) !== "");
      davit.kill("SIGKILL");
      await davit.end();
      assertSuccess(await c.davit(["delete", "--force", c.id]));
      for (const line of c.leftovers()) {
        const pid = /^process (\d+): sleep 98.7/.exec(line)?.[1];
        if (pid !== undefined && kind !== "createContainer") {
          Deno.kill(Number(pid), "SIGKILL"); // the host's: its own business
        }
      }
      await until("nothing is left", () => c.leftovers().length === 0);
    }
    assertEquals(noted(c, "stops"), "\n\n\n");
  },
);

containerTest(
  "killing the container in its startContainer hook ends the start",
  PROGRAM,
  async (c) => {
    setHooks(c, {
      startContainer: [shell("echo >/tmp/runs; exec sleep 98")],
      poststop: [shell("echo >stopped")],
    });
    assertSuccess(await c.create());
    using start = c.spawn(["start", c.id]);
    await until("the hook runs", () => noted(c, "rootfs/tmp/runs") !== "");
    assertEquals((await c.state()).status, "created");
    assertSuccess(await c.davit(["kill", c.id, "KILL"]));
    const result = await start.end();
    assertOneLine(result, /startContainer hook #0: .*init was killed/);
    assertGone(c);
    assertEquals(noted(c, "stopped"), "\n");
  },
);
