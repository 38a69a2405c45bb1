/** What Davit keeps to itself, whoever calls it and however. */
import { assert, assertEquals } from "@std/assert";
import { busybox } from "../bundle.ts";
import {
  change,
  command,
  type Container,
  containerTest,
  rootTest,
  script,
} from "../container.ts";
import { assertSuccess, readIfThere, run, until } from "../davit.ts";
import { linkIfThere, processesOf } from "../leftovers.ts";
import { AS_USER, needs, UID, UserContainer } from "../user.ts";

/** What Deno, its libraries and the caller's shell read; and a secret. */
const CALLERS = {
  DENO_DIR: "/secret",
  DENO_V8_FLAGS: "--no-opt",
  DENO_NO_UPDATE_CHECK: "secret",
  DENO_AUTH_TOKENS: "secret@host",
  OTEL_DENO: "false",
  OTEL_EXPORTER_OTLP_HEADERS: "secret",
  TMPDIR: "/secret",
  NO_COLOR: "1",
  HOME: "/secret",
  LD_LIBRARY_PATH: "/secret",
  SSH_AUTH_SOCK: "/secret",
};

/** Hooks of all kinds, without an environment, that note what they have. */
function noteByHooks(container: Container): void {
  const kinds =
    "prestart createRuntime createContainer startContainer poststart poststop";
  change(container, (config) => {
    config.root.readonly = false;
    config.hooks = Object.fromEntries(
      kinds.split(" ").map((kind) => {
        const inside = kind === "startContainer";
        const folder = inside ? "/tmp" : container.bundle;
        const text =
          `{ cat /proc/self/environ | tr '\\0' '\\n'; cat /proc/self/status;
            ls -l /proc/self/fd; } >${folder}/${kind}.noted`;
        const path = inside ? "/bin/busybox" : busybox()!;
        return [kind, [{ path, args: ["sh", "-c", text] }]];
      }),
    );
  });
}

function notes(container: Container): string[] {
  return [container.bundle, `${container.rootfs}/tmp`].flatMap((folder) =>
    [...Deno.readDirSync(folder)]
      .filter(({ name }) => name.endsWith(".noted"))
      .map(({ name }) => readIfThere(`${folder}/${name}`))
  );
}

const SECRETS = /secret|DENO|OTEL|NO_COLOR|TMPDIR/i;

/** Signals 32 and 33: glibc's posix_spawn(3) has them ignored, always. */
const OF_GLIBC = 0x180000000n;

/** Fails unless no signal is ignored or blocked. */
function assertDefaultSignals(status: string, except = 0n): void {
  for (const name of ["SigBlk", "SigIgn"]) {
    const found = new RegExp(`^${name}:\\s+([0-9a-f]+)$`, "m").exec(status);
    assertEquals(BigInt(`0x${found?.[1]}`) & ~except, 0n, name);
  }
}

containerTest(
  "itself: hooks, the program and exec get no variable, signal or file of the caller's",
  script("tr '\\0' '\\n' </proc/1/environ; sleep 1000"),
  async (container) => {
    noteByHooks(container);
    const secret = `${container.folder}/secret`;
    Deno.writeTextFileSync(secret, "");
    const called = (...words: string[]) =>
      run([
        "sh",
        "-c",
        `trap '' PIPE INT HUP TERM CHLD USR1; s=$1; shift
        exec "$@" 7<"$s" 8>>"$s" 9<"$s"`,
        "sh",
        secret,
        ...container.words(...words),
      ], { env: CALLERS });
    const { bundle, id } = container;
    const ran = assertSuccess(
      await called("run", "--detach", "--bundle", bundle, id),
    );
    assert(!SECRETS.test(ran.stdout), ran.stdout);
    const all = "cat /proc/self/environ; cat /proc/self/status; " +
      "ls -l /proc/self/fd; cat /proc/1/environ; ls -l /proc/1/fd";
    const { stdout } = assertSuccess(
      await called("exec", id, "sh", "-c", all),
    );
    const own = stdout.replaceAll(container.folder, "");
    // stdout and stderr are files of the tests.
    assert(!SECRETS.test(own), own);
    assertDefaultSignals(stdout);
    assertSuccess(await called("delete", "--force", id));
    const noted = notes(container);
    assertEquals(noted.length, 6);
    for (const text of noted) {
      assert(!SECRETS.test(text), text);
      assertDefaultSignals(text, OF_GLIBC);
    }
  },
);

containerTest(
  "itself: no file is made in folders that others share",
  command(["sleep", "1000"]),
  async (container) => {
    const { folder, root, bundle, id } = container;
    const text = `mount --bind "$1" "$1"; mount --bind /tmp /tmp
      mkdir -p "$1"; mount --bind "$2" "$1"
      mount -o remount,ro,bind /tmp
      for f in /var/tmp /dev/shm; do mount -t tmpfs -o ro none $f; done
      ! (: >/tmp/x) 2>/dev/null; shift 2
      "$@" create --bundle "$B" "$ID"; "$@" start "$ID"; "$@" exec "$ID" true
      "$@" state "$ID" >/dev/null; "$@" delete --force "$ID"`;
    // By another way the folder can be reached when /tmp is bound anew.
    const words = container.words();
    const result = await run([
      ...["unshare", "--mount", "--propagation=private", "sh", "-euc"],
      text,
      "sh",
      folder,
      folder,
      ...words,
    ], { env: { B: bundle, ID: id, TMPDIR: "/tmp" } });
    assertSuccess(result);
    assertEquals(result.stderr, "");
    assertEquals(
      [...Deno.readDirSync(root)].map(({ name }) => name).filter((name) =>
        name.includes(id)
      ),
      [],
    );
  },
);

rootTest(
  "itself: nobody but root looks into Davit, and it leaves no core dump",
  async () => {
    await using container = new UserContainer();
    await container.rootlessConfig((config) => {
      config.process.args = ["sleep", "1000"];
    });
    const running = container.asUser(["run", "r1"]);
    const own = () =>
      processesOf(container).find((pid) =>
        linkIfThere(`/proc/${pid}/exe`) === `${container.folder}/davit`
      );
    await until("the container runs", async () => {
      const { stdout } = await container.asUser(["state", "r1"]);
      return stdout.includes('"running"');
    });
    const pid = own()!;
    // What is not dumpable is root's, proc(5), though the user's process.
    assertEquals(Deno.statSync(`/proc/${pid}/maps`).uid, 0);
    assert(readIfThere(`/proc/${pid}/status`).includes(`Uid:\t${UID}\t`));
    const { code } = await run([...AS_USER, "cat", `/proc/${pid}/environ`]);
    assertEquals(code, 1);
    assertSuccess(await container.asUser(["kill", "r1", "KILL"]));
    assertEquals((await running).code, 137);
    assertEquals(container.leftovers(), []);
  },
  needs(),
);

containerTest(
  "itself: the program may dump a core if its caller may",
  script("ulimit -c; ulimit -Hc"),
  async (container) => {
    const limited = (limits: string) =>
      run(["prlimit", `--core=${limits}`, ...container.words("run"), "-b"]
        .concat(container.bundle, container.id));
    assertEquals(assertSuccess(await limited("4096:8192")).stdout, "8\n16\n");
  },
  { programs: ["prlimit"] },
);
