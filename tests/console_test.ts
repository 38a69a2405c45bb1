import { assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import { type Container, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess, until } from "./davit.ts";
import { ConsoleSocket, scripted, Tmux } from "./terminal.ts";

const terminal: Patch = (config) => config.process.terminal = true;

/** Creates with a console socket, starts, and gives what was received. */
async function withConsole(
  container: Container,
  command: "create" | "run" = "create",
) {
  using socket = new ConsoleSocket(`${container.folder}/console.sock`);
  using creation = container.spawn([
    command,
    ...(command === "run" ? ["--detach"] : []),
    "--bundle",
    container.bundle,
    "--console-socket",
    socket.path,
    container.id,
  ]);
  const received = socket.receive();
  assertSuccess(await creation.end());
  if (command === "create") assertSuccess(await container.start());
  return received;
}

containerTest(
  "create --console-socket hands the terminal's master over",
  script(
    `tty
    stat -L -c 'same %t:%T' /dev/console /proc/self/fd/0 /dev/pts/0
    echo by console >/dev/console
    stty size
    read line; echo "read $line"; exit 4`,
    terminal,
  ),
  async (container) => {
    const { master, name } = await withConsole(container);
    using _ = master;
    assertMatch(name, /^\/dev\//);
    master.expect(/^\/dev\/pts\/0\r\n/);
    const [, console, stdin, pts] = master.expect(
      /same (\S+)\r\nsame (\S+)\r\nsame (\S+)\r\n/,
    );
    assertEquals([console, stdin], [pts, pts]);
    master.expect(/by console\r\n/);
    master.type("some words\n");
    master.expect(/read some words\r\n/);
    await until(
      "it is stopped",
      async () => (await container.state()).status === "stopped",
    );
  },
);

containerTest(
  "run --detach --console-socket does so too",
  script("tty; sleep 100", terminal),
  async (container) => {
    const { master } = await withConsole(container, "run");
    using _ = master;
    master.expect(/^\/dev\/pts\/0\r\n/);
    assertEquals((await container.state()).status, "running");
  },
);

containerTest(
  "the terminal has the size of consoleSize, and later another",
  script(
    `trap 'stty size' WINCH; stty size
    while :; do sleep 0.05; done`,
    (config) => {
      config.process.terminal = true;
      config.process.consoleSize = { height: 33, width: 77 };
    },
  ),
  async (container) => {
    const { master } = await withConsole(container);
    using _ = master;
    master.expect(/33 77\r\n/);
    master.resize({ rows: 50, columns: 120 });
    master.expect(/50 120\r\n/);
  },
);

containerTest(
  "the terminal is the controlling one: ^C interrupts",
  script(
    `trap 'echo interrupted; exit 0' INT; echo ready
    while :; do sleep 0.05; done`,
    terminal,
  ),
  async (container) => {
    const { master } = await withConsole(container);
    using _ = master;
    master.expect(/ready/);
    master.type("\x03");
    master.expect(/interrupted/);
  },
);

containerTest(
  "the terminal belongs to the process's user",
  script("stat -c '%u %a' /dev/pts/0; id -u", (config) => {
    config.process.terminal = true;
    config.process.user = { uid: 1000, gid: 1000 };
  }),
  async (container) => {
    const { master } = await withConsole(container);
    using _ = master;
    master.expect(/^1000 6[02]0\r\n1000\r\n/);
  },
);

containerTest(
  "without a devpts of its own the host's serves",
  script("test -t 0 && test -t 1 && echo is a terminal", (config) => {
    config.process.terminal = true;
    config.mounts = config.mounts.filter(({ type }) => type !== "devpts");
  }),
  async (container) => {
    const { master } = await withConsole(container);
    using _ = master;
    master.expect(/^is a terminal\r\n/);
  },
);

containerTest(
  "a console socket that nobody listens on is an error",
  script("tty", terminal),
  async (container) => {
    assertOneLine(
      await container.create(["--console-socket", "/no/such/socket"]),
      /\/no\/such\/socket/,
    );
    assertEquals(container.leftovers(), []);
  },
);

/** One line of shell that runs the container. */
function shellLine(container: Container): string {
  return container.words("run", "--bundle", container.bundle, container.id)
    .join(" ");
}

containerTest(
  "run with terminal: true works under script",
  script("tty; test -t 1 && echo is a terminal; exit 6", terminal),
  async (container) => {
    const { code, stdout } = await scripted(shellLine(container));
    assertEquals(code, 6);
    assertMatch(stdout, /\/dev\/pts\/0\r\nis a terminal\r\n/);
  },
  { programs: ["script"] },
);

containerTest(
  "run with terminal: true works under tmux: size, keys, ^C, its end",
  script(
    `trap 'echo interrupted' INT; trap 'echo "now $(stty size)"' WINCH
    echo "$(tty) at first $(stty size)"
    failed=0
    while [ $failed -lt 50 ]; do # a signal makes read fail
      read line || { failed=$((failed + 1)); continue; }
      echo "<$line>"; test "$line" = goodbye && exit 9
    done`,
    terminal,
  ),
  async (container) => {
    const line = `${shellLine(container)}; echo "status $?"; stty -a; sleep 30`;
    await using tmux = new Tmux(`${container.folder}/tmux`);
    await tmux.do("new-session", "-d", "-x", "90", "-y", "40", line);
    await tmux.shows(/\/dev\/pts\/0 at first (39|40) 90/);
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
  },
  { programs: ["tmux"] },
);
