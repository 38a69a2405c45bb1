/** The terminal: of the container's own devpts, and of the host's. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import { type Container, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess } from "./davit.ts";
import { ConsoleSocket, type Master } from "./terminal.ts";

const withTerminal = (own: boolean, more?: Patch): Patch => (config) => {
  config.process.terminal = true;
  if (!own) {
    config.mounts = config.mounts.filter(({ type }) => type !== "devpts");
  }
  more?.(config);
};

/** Creates and starts; gives the terminal's master and its name. */
async function open(
  container: Container,
): Promise<{ master: Master; name: string }> {
  using socket = new ConsoleSocket(`${container.folder}/console.sock`);
  assertSuccess(await container.create(["--console-socket", socket.path]));
  const received = socket.receive();
  try {
    assertSuccess(await container.start());
  } catch (error) {
    received.master[Symbol.dispose]();
    throw error;
  }
  return received;
}

for (const own of [true, false]) {
  const of = own ? "of its own devpts" : "of the host's";

  containerTest(
    `terminal ${of}: it is stdin, stdout, stderr and /dev/console`,
    script(
      `for fd in 0 1 2; do test -t $fd || echo $fd is no terminal; done
      stat -L -c '%t:%T' /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 \\
        /dev/console
      cut -d' ' -f 7,8 /proc/self/stat
      (true </dev/tty) && echo it controls
      echo to the console >/dev/console`,
      withTerminal(own),
    ),
    async (container) => {
      const { master, name } = await open(container);
      using _ = master;
      assertMatch(name, own ? /^\/dev\/pts\/0$/ : /^\/dev\/pts\/\d+$/);
      const [, a, b, c, console] = master.expect(
        /^(88:\w+)\r\n(\S+)\r\n(\S+)\r\n(\S+)\r\n\d+ \d+\r\n/,
      );
      assertEquals([b, c, console], [a, a, a]);
      master.expect(/it controls\r\nto the console\r\n/);
    },
  );

  containerTest(
    `terminal ${of}: it has the size of consoleSize`,
    script(
      "stty size",
      withTerminal(own, (config) => {
        config.process.consoleSize = { height: 33, width: 77 };
      }),
    ),
    async (container) => {
      const { master } = await open(container);
      using _ = master;
      master.expect(/^33 77\r\n/);
    },
  );

  containerTest(
    `terminal ${of}: it belongs to the user`,
    script(
      "stat -L -c '%u' /proc/self/fd/0; (echo x >/dev/tty) && echo opened",
      withTerminal(own, (config) => {
        config.process.user = { uid: 1000, gid: 1000 };
      }),
    ),
    async (container) => {
      const { master } = await open(container);
      using _ = master;
      master.expect(/^1000\r\nx\r\nopened\r\n/);
    },
  );

  containerTest(
    `terminal ${of}: what is typed arrives, ^C interrupts, ^D ends`,
    script(
      `trap 'echo interrupted' INT; read line; echo "<$line>"
      sleep 0.1; cat; echo over`,
      withTerminal(own),
    ),
    async (container) => {
      const { master } = await open(container);
      using _ = master;
      master.type("words\n");
      master.expect(/<words>\r\n/);
      master.type("\x04");
      master.expect(/over\r\n/);
    },
  );

  containerTest(
    `terminal ${of}: no descriptor of the runtime's is left`,
    script("ls /proc/self/fd | tr '\\n' ' '", withTerminal(own)),
    async (container) => {
      const { master } = await open(container);
      using _ = master;
      master.expect(/^0 1 2 3 $/); // 3 is ls's own
    },
  );
}

containerTest(
  "terminal: a mount namespace is not needed",
  script("test -t 0 && echo is a terminal", (config) => {
    config.process.terminal = true;
    config.linux.namespaces = [{ type: "pid" }];
    config.mounts = [];
    config.linux.maskedPaths = [];
    config.linux.readonlyPaths = [];
    config.root.readonly = false;
    delete (config as Record<string, unknown>).hostname;
  }),
  async (container) => {
    const { master } = await open(container);
    using _ = master;
    master.expect(/^is a terminal\r\n/);
  },
);

containerTest(
  "terminal: asking for one that nobody takes is an error",
  script("true", withTerminal(true)),
  async (container) => {
    assertOneLine(await container.create(), /terminal.*--console-socket/);
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "terminal: a socket without a terminal is an error",
  script("true"),
  async (container) => {
    assertOneLine(
      await container.create(["--console-socket", "/no/such"]),
      /--console-socket.*terminal/,
    );
    assertEquals(container.leftovers(), []);
  },
);

for (const own of [true, false]) {
  containerTest(
    `terminal: a console socket of nobody leaves nothing (${own})`,
    script("true", withTerminal(own)),
    async (container) => {
      const path = `${container.folder}/file`;
      Deno.writeTextFileSync(path, "");
      assertOneLine(
        await container.create(["--console-socket", path]),
        new RegExp(path),
      );
      assertEquals(container.leftovers(), []);
    },
  );
}

containerTest(
  "a terminal without a mount namespace is the host's",
  script("test -t 0 && test -t 1 && echo is a terminal", (config) => {
    config.process.terminal = true;
    config.linux.namespaces = config.linux.namespaces.filter(({ type }) =>
      type !== "mount"
    );
    config.linux.maskedPaths = config.linux.readonlyPaths = [];
  }),
  async (container) => {
    const { master } = await open(container);
    using _ = master;
    master.expect(/is a terminal\r\n/);
  },
);
