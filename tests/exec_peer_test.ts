/** The same processes, added by Davit and by runc. */
import { assertEquals } from "@std/assert";
import type { Patch } from "./config.ts";
import { command, Container, containerTest, idOf } from "./container.ts";
import { assertSuccess, type Result, run } from "./davit.ts";

const LOOK = `id; pwd; env | grep -v DAVIT_TEST | sort; ulimit -n
cat /proc/self/oom_score_adj; hostname; ls /proc/self/fd | tr '\\n' ' '
grep -E '^(Cap|NoNewPrivs|Groups|Seccomp:|SigBlk)' /proc/self/status
cut -d' ' -f 6 /proc/self/stat | grep -c '^0$'; test -t 0 || echo no terminal`;

const patch: Patch = (config) => {
  config.hostname = "one";
  config.process.env.push("OF=config", "TWICE=1", "TWICE=2");
  config.process.cwd = "/tmp";
  config.process.user = {
    uid: 1000,
    gid: 1001,
    umask: 0o27,
    additionalGids: [5, 6],
  };
  // Go may raise the soft limit to the hard one in a runc of before 1.2.
  config.process.rlimits = [{ type: "RLIMIT_NOFILE", soft: 77, hard: 77 }];
  config.process.oomScoreAdj = 321;
  config.linux.cgroupsPath = `/${idOf(config)}`;
};

const PROCESS = {
  args: ["sh", "-c", LOOK],
  cwd: "/home",
  env: ["PATH=/bin", "A=1", "A=2"],
  user: { uid: 3, gid: 4 },
  rlimits: [{ type: "RLIMIT_NOFILE", soft: 60, hard: 60 }],
  capabilities: { bounding: ["CAP_CHOWN"], permitted: ["CAP_CHOWN"] },
  noNewPrivileges: false,
};

/** What comes before the ID, behind it, and on stdin. */
const CASES: readonly (readonly [string[], string[], string?])[] = [
  [[], ["sh", "-c", LOOK]],
  [["--user", "0"], ["sh", "-c", LOOK]],
  [["--user", "7:8", "--additional-gids", "9"], ["sh", "-c", LOOK]],
  [["--cwd", "/bin", "-e", "OF=flag", "-e", "B=1"], ["sh", "-c", LOOK]],
  [["--cap", "CAP_KILL", "--cap", "CAP_CHOWN", "-u", "0"], ["sh", "-c", LOOK]],
  [["--no-new-privs"], ["sh", "-c", LOOK]],
  [["-p", "/dev/stdin"], [], JSON.stringify(PROCESS)],
  [[], ["sh", "-c", "exit 3"]],
  [[], ["sh", "-c", "kill -15 $$"]],
  [[], ["cat"], "from stdin\n"],
];

/** Cases in which the error is told, with the words that both have. */
const FAILURES: readonly (readonly [string[], string[], RegExp])[] = [
  [
    [],
    ["missing"],
    /exec: \\?"missing\\?": executable file not found in \$PATH/,
  ],
  [[], ["/missing"], /\/missing\\?": (stat \/missing: )?no such file or dir/],
  [[], ["/etc/passwd"], /exec: \\?"\/etc\/passwd\\?": permission denied/],
  [["--cgroup", ".."], ["true"], / \.\. is not a sub cgroup path/],
  [["--cgroup", "none"], ["true"], / adding pid .* to cgroups.*o such file/],
  [["--cgroup", "whaaat:/"], ["true"], /unknown controller /],
  [["--user", "x"], ["true"], /user|uid/],
  [["--tty", "--detach"], ["true"], /socket/],
];

containerTest(
  "exec: what is seen inside, and the exit status, are as with runc",
  command(["sleep", "1000"], patch),
  async (own) => {
    assertSuccess(await own.run(["--detach"]));
    await using peer = new Container(
      command(["sleep", "1000"], patch),
      "runc",
    );
    const runc = ["runc", "--root", `${peer.folder}/runc`];
    try {
      const words = ["run", "--detach", "--bundle", peer.bundle, peer.id];
      assertSuccess(await run([...runc, ...words]));
      const both = (
        flags: string[],
        args: string[],
        stdin?: string,
      ): Promise<[Result, Result]> => {
        const options = stdin === undefined ? {} : { stdin };
        return Promise.all([
          run(own.words("exec", ...flags, own.id, ...args), options),
          run([...runc, "exec", ...flags, peer.id, ...args], options),
        ]);
      };
      for (const [flags, args, stdin] of CASES) {
        const [a, b] = await both(flags, args, stdin);
        const name = JSON.stringify([flags, args]);
        assertEquals([a.code, a.stdout], [b.code, b.stdout], name);
      }
      for (const [flags, args, cause] of FAILURES) {
        const found = (await both(flags, args)).map(({ code, stderr }) => [
          code,
          cause.test(stderr) ? String(cause) : stderr,
        ]);
        const wanted = [255, String(cause)];
        assertEquals(found, [wanted, wanted]);
      }
    } finally {
      await run([...runc, "delete", "--force", peer.id]);
    }
  },
  { programs: ["runc"] },
);
