/** Terminals of processes that are added to a container, and of its own. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import { type Container, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess, run } from "./davit.ts";
import { exec, execTest } from "./exec.ts";
import { ConsoleSocket, type Master, scripted, Tmux } from "./terminal.ts";

const ofTheHost: Patch = (config) => {
  config.mounts = config.mounts.filter(({ type }) => type !== "devpts");
};

/** Adds a detached process; gives its terminal's master and its name. */
async function open(
  container: Container,
  flags: string[],
  args: string[],
): Promise<{ master: Master; name: string }> {
  using socket = new ConsoleSocket(`${container.folder}/console.sock`);
  using running = container.spawn([
    ...["exec", "--detach", "--console-socket", socket.path],
    ...flags,
    container.id,
    ...args,
  ]);
  const received = socket.receive();
  assertSuccess(await running.end());
  Deno.removeSync(socket.path);
  return received;
}

const LOOK = `for fd in 0 1 2; do test -t $fd || echo $fd is no terminal; done
  tty; stat -L -c '%u %a' /proc/self/fd/0
  (true </dev/tty) && echo it controls
  read line; echo "<$line>"; trap 'echo interrupted; exit' INT
  echo ready; while :; do sleep 0.05; done`;

for (
  const [of, patch, tty] of [
    ["the container's devpts", () => {}, "/dev/pts/0"],
    ["the host's devpts", ofTheHost, "not a tty"],
  ] as const
) {
  execTest(
    `a terminal of ${of} goes to the console socket`,
    patch,
    async (container) => {
      const { master, name } = await open(container, ["--tty"], [
        "sh",
        "-c",
        LOOK,
      ]);
      using _ = master;
      assertMatch(name, /^\/dev\/pts\/\d+$/);
      master.expect(new RegExp(`^${tty}\r\n0 6[02]0\r\nit controls\r\n`));
      master.type("words\n");
      master.expect(/<words>\r\nready\r\n/);
      master.type("\x03");
      master.expect(/interrupted\r\n/);
    },
  );

  execTest(
    `a terminal of ${of} belongs to the user`,
    patch,
    async (container) => {
      const look =
        "stat -L -c %u /proc/self/fd/0; echo x >/dev/tty; ls /proc/self/fd | tr '\\n' ' '";
      const flags = ["--tty", "-u", "1000:1000"];
      const { master } = await open(container, flags, ["sh", "-c", look]);
      using _ = master;
      master.expect(/^1000\r\nx\r\n0 1 2 3 /);
    },
  );
}

execTest(
  "the process file may ask for a terminal, and its size",
  () => {},
  async (container) => {
    const file = `${container.folder}/process.json`;
    Deno.writeTextFileSync(
      file,
      JSON.stringify({
        terminal: true,
        consoleSize: { height: 33, width: 77 },
        args: ["sh", "-c", "stty size; read line; stty size"],
        cwd: "/",
        env: ["PATH=/bin"],
      }),
    );
    const { master } = await open(container, ["--process", file], []);
    using _ = master;
    master.expect(/^33 77\r\n/);
    master.resize({ rows: 50, columns: 120 });
    master.type("\n");
    master.expect(/50 120\r\n/);
  },
);

execTest(
  "terminals are told apart by their names",
  () => {},
  async (container) => {
    const args = ["sh", "-c", "tty; sleep 100"];
    const one = await open(container, ["--tty"], args);
    using _one = one.master;
    const two = await open(container, ["--tty"], args);
    using _two = two.master;
    one.master.expect(/^\/dev\/pts\/0\r\n/);
    two.master.expect(/^\/dev\/pts\/1\r\n/);
    assertEquals([one.name, two.name], ["/dev/pts/0", "/dev/pts/1"]);
  },
);

execTest(
  "a terminal needs somebody who takes it",
  () => {},
  async (container) => {
    const cases: [string[], RegExp][] = [
      [
        ["--tty", "--detach"],
        /nobody takes the terminal, give --console-socket/,
      ],
      [
        ["--console-socket", "/none"],
        /the process has no terminal, give --tty/,
      ],
      [["--tty", "-d", "--console-socket", "/none"], /\/none.*No such file/],
    ];
    for (const [flags, cause] of cases) {
      const result = await exec(container, flags, ["true"]);
      assertOneLine(result, cause);
      assertEquals(result.code, 255);
    }
  },
);

execTest(
  "in the foreground: the terminal is the caller's",
  () => {},
  async (container) => {
    const line = (words: string) =>
      `${container.words("exec", "-t", container.id).join(" ")} ${words}`;
    const { code, stdout } = await scripted(
      `stty rows 20 cols 70; ${line("sh -c 'tty; stty size; exit 6'")}; ` +
        "s=$?; stty -a; exit $s",
    );
    assertEquals(code, 6);
    assertMatch(
      stdout,
      /^\/dev\/pts\/0\r\n20 70\r\n[\s\S]* icanon[\s\S]* echo /,
    );
    // Some 110 KB: more than a terminal holds.
    const long = await scripted(line("seq 20000"));
    const lines = long.stdout.split("\r\n").slice(0, -1);
    assertEquals(lines.length, 20000);
    assertEquals(lines.at(-1), "20000");
  },
  { programs: ["script"] },
);

execTest(
  "a terminal that all programs close for a while stays one",
  () => {},
  async (container) => {
    const words = container.words("exec", "-t", container.id).join(" ");
    const inner = "exec <&- >&- 2>&-; sleep 0.3; seq 20000 >/dev/tty; exit 4";
    const { code, stdout } = await scripted(`${words} sh -c '${inner}'`);
    assertEquals(code, 4);
    assertMatch(stdout, /^1\r\n2\r\n[\s\S]*\r\n20000\r\n$/);
  },
  { programs: ["script"] },
);

containerTest(
  "run: a terminal that all programs close for a while stays one",
  script(
    "exec <&- >&- 2>&-; sleep 0.3; seq 20000 >/dev/console; exit 4",
    (config) => config.process.terminal = true,
  ),
  async (container) => {
    const words = container.words("run", "-b", container.bundle, container.id);
    const { code, stdout } = await scripted(words.join(" "));
    assertEquals(code, 4);
    assertMatch(stdout, /^1\r\n2\r\n[\s\S]*\r\n20000\r\n$/);
  },
  { programs: ["script"] },
);

execTest(
  "its end does not wait for what others write to the terminal",
  () => {},
  async (container) => {
    const words = container.words("exec", "-t", container.id).join(" ");
    const inner = '(trap "" HUP; yes) & sleep 0.1; exit 3';
    const { code, stdout } = await scripted(
      `${words} sh -c '${inner}' | wc -c; exit \${PIPESTATUS[0]}`,
      {
        env: { SHELL: "/bin/bash" },
      },
    );
    assertEquals(code, 3);
    assert(Number(stdout.trim()) > 0, stdout);
    assertSuccess(
      await exec(container, [], ["sh", "-c", "kill -9 -1"]).then((r) => ({
        ...r,
        code: 0,
      })),
    );
  },
  { programs: ["script"] },
);

execTest(
  "stdin and stdout may be something else",
  () => {},
  async (container) => {
    const words = container.words("exec", "-t", container.id).join(" ");
    const file = `${container.folder}/out`;
    const inner = 'stty size; read line; echo "<$line>"; tty';
    const { code } = await scripted(
      `stty rows 20 cols 70; echo words | ${words} sh -c '${inner}' >${file}`,
    );
    assertEquals(code, 0);
    assertMatch(
      Deno.readTextFileSync(file),
      /^(words\n)?20 70\n(words\n)?<words>\n\/dev\/pts\/0\n$/,
    );
  },
  { programs: ["script"] },
);

/** Runs words in a session without a terminal. */
function apart(words: string[]) {
  return run(["setsid", "--wait", ...words]);
}

execTest(
  "without a terminal of the caller's there is none",
  () => {},
  async (container) => {
    const words = container.words("exec", "-t", container.id, "true");
    const result = await apart(words);
    assertOneLine(
      result,
      /this process has none, open \/dev\/tty: no such device/,
    );
    assertEquals(result.code, 255);
  },
  { programs: ["setsid"] },
);

containerTest(
  "run: without a terminal of the caller's there is none, as with runc",
  script("true", (config) => config.process.terminal = true),
  async (container) => {
    const words = (runtime: string[]) => [
      ...runtime,
      ...["run", "-b", container.bundle, container.id],
    ];
    const own = await apart(words(container.words()));
    const root = `${container.folder}/runc`;
    const peer = await apart(words(["runc", "--root", root]));
    const cause = /open \/dev\/tty: no such device or address/;
    assertOneLine(own, cause);
    assertMatch(peer.stderr, cause);
    assertEquals([own.code, peer.code], [1, 1]);
    assertEquals(container.leftovers(), []);
  },
  { programs: ["setsid", "runc"] },
);

execTest("under tmux: size, keys, ^C, its end", () => {}, async (container) => {
  const inner =
    `trap "echo interrupted" INT; trap "echo now \\$(stty size)" WINCH
    echo "at first $(stty size)"; failed=0
    while [ $failed -lt 50 ]; do # a signal makes read fail
      read line || { failed=$((failed + 1)); continue; }
      echo "<$line>"; test "$line" = goodbye && exit 9
    done`;
  const words = container.words("exec", "-t", container.id).join(" ");
  const line = `${words} sh -c '${inner}'; echo "status $?"; stty -a; sleep 30`;
  await using tmux = new Tmux(`${container.folder}/tmux`);
  await tmux.do("new-session", "-d", "-x", "90", "-y", "40", line);
  await tmux.shows(/at first (39|40) 90/);
  await tmux.do("send-keys", "one two", "Enter");
  await tmux.shows("<one two>");
  await tmux.do("send-keys", "C-c");
  await tmux.shows("interrupted");
  await tmux.do("resize-window", "-x", "70", "-y", "30");
  await tmux.do("send-keys", "", "Enter");
  await tmux.shows(/now (29|30) 70/);
  await tmux.do("send-keys", "goodbye", "Enter");
  await tmux.shows("status 9");
  await tmux.shows(/\bicanon\b[\s\S]* echo /);
}, { programs: ["tmux"] });

for (const verb of ["run", "exec"] as const) {
  containerTest(
    `${verb}: the caller's terminal stays the caller's without --tty`,
    script(verb === "run" ? "exec tty" : "exec sleep 100", (config) => {
      config.process.user = { uid: 1000, gid: 1000 };
    }),
    async (container) => {
      if (verb === "exec") assertSuccess(await container.run(["--detach"]));
      const words = verb === "run"
        ? container.words("run", "-b", container.bundle, container.id)
        : container.words("exec", container.id, "tty");
      const owner = "stat -L -c 'owner %u' /proc/self/fd/0";
      const { stdout } = await scripted(`${words.join(" ")}; ${owner}`);
      assertMatch(stdout, /\r\nowner 0\r\n$/);
    },
    { programs: ["script"] },
  );
}

containerTest(
  "run: pipes become the user's, who may open them again",
  script(
    "echo out >/dev/stdout; echo err >/dev/stderr; cat /dev/stdin",
    (config) => {
      config.process.user = { uid: 1000, gid: 1000 };
    },
  ),
  async (container) => {
    const words = container.words("run", "-b", container.bundle, container.id);
    const line = 'echo in | "$@" 2>&1 | cat';
    const { stdout } = assertSuccess(
      await run(["sh", "-c", line, "-", ...words]),
    );
    assertEquals(stdout, "out\nerr\nin\n");
  },
);
