/** Flags of create and run that hand something over, or keep something. */
import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { close } from "../ffi/fd.ts";
import { pidfdSendSignal } from "../ffi/process.ts";
import { command, containerTest, script } from "./container.ts";
import { assertOneLine, assertSuccess, readIfThere, until } from "./davit.ts";
import { ConsoleSocket } from "./terminal.ts";

for (const verb of ["create", "run"] as const) {
  containerTest(
    `${verb} --pidfd-socket sends a pidfd of init`,
    command(["sleep", "100"]),
    async (container) => {
      using socket = new ConsoleSocket(`${container.folder}/pidfd.sock`);
      using making = container.spawn([
        verb,
        ...(verb === "run" ? ["--detach"] : []),
        "--bundle",
        container.bundle,
        "--pidfd-socket",
        socket.path,
        container.id,
      ]);
      const { fd, name } = socket.receiveDescriptor();
      assertSuccess(await making.end());
      const { pid } = await container.state();
      const info = readIfThere(`/proc/self/fdinfo/${fd}`);
      assertMatch(info, new RegExp(`^Pid:\t${pid}$`, "m"));
      assertEquals(name, "pidfd");
      pidfdSendSignal(fd, 9);
      close(fd);
      await until(
        "it is stopped",
        async () => (await container.state()).status === "stopped",
      );
    },
  );

  containerTest(
    `${verb} --pidfd-socket without a listener leaves nothing behind`,
    command(["sleep", "100"]),
    async (container) => {
      const path = `${container.folder}/none.sock`;
      const result = await container[verb]([
        ...(verb === "run" ? ["--detach"] : []),
        "--pidfd-socket",
        path,
      ]);
      assertOneLine(
        result,
        /Cannot send a pidfd to --pidfd-socket ".*none\.sock": No such file/,
      );
      assertEquals(container.leftovers(), []);
    },
  );
}

containerTest(
  "run --no-new-keyring keeps the caller's session keyring",
  script("cat /proc/keys", (config) => {
    config.linux.maskedPaths = [];
  }),
  async (container) => {
    const own = new RegExp(`keyring +_ses\\.${container.id}`);
    // In this order: a keyring is seen for a while after its last process.
    const { stdout } = assertSuccess(await container.run(["--no-new-keyring"]));
    assertEquals(own.test(stdout), false, stdout);
    assertMatch(assertSuccess(await container.run()).stdout, own);
  },
);

containerTest(
  "run --no-subreaper leaves orphans to another reaper",
  script(
    `(sleep 100 & echo $! >/tmp/pid); pid=$(cat /tmp/pid)
    grep PPid /proc/$pid/status; kill $pid`,
    (config) => {
      config.root.readonly = false;
      config.linux.namespaces = config.linux.namespaces.filter(({ type }) =>
        type !== "pid"
      );
    },
  ),
  async (container) => {
    const words = ["run", "--bundle", container.bundle, container.id];
    using reaping = container.spawn(words);
    const own = assertSuccess(await reaping.end()).stdout;
    assertEquals(own, `PPid:\t${reaping.pid}\n`);
    using leaving = container.spawn([...words, "--no-subreaper"]);
    const other = assertSuccess(await leaving.end()).stdout;
    assertMatch(other, /^PPid:\t\d+\n$/);
    assertNotEquals(other, `PPid:\t${leaving.pid}\n`);
    assertEquals(container.leftovers(), []);
  },
);

for (const namespaces of [[], ["user"], ["cgroup"]]) {
  containerTest(
    `a waiting init holds nothing of the host's open ${namespaces}`,
    command(["true"], (config) => {
      for (const type of namespaces) config.linux.namespaces.push({ type });
      if (!namespaces.includes("user")) return;
      config.linux.uidMappings = config.linux.gidMappings = [
        { containerID: 0, hostID: 100_000, size: 65_536 },
      ];
    }),
    async (container) => {
      assertSuccess(await container.create());
      const { pid } = await container.state();
      const open = Array.from(
        Deno.readDirSync(`/proc/${pid}/fd`),
        ({ name }) => Number(name),
      ).sort((a, b) => a - b);
      assertEquals(open.slice(0, 3), [0, 1, 2]);
      // Behind stdio, where it waits for start, or for a signal.
      const files = open.slice(3).map((fd) =>
        Deno.readLinkSync(`/proc/${pid}/fd/${fd}`)
      );
      assertEquals(files.map((file) => file.replace(/\d+/, "N")).sort(), [
        "anon_inode:[signalfd]",
        "socket:[N]",
      ]);
    },
  );
}

containerTest(
  "ambient capabilities that cannot be raised are told one by one",
  command(["true"], (config) => {
    const { capabilities } = config.process;
    capabilities!.inheritable = ["CAP_KILL"];
    capabilities!.ambient = ["CAP_KILL", "CAP_CHOWN"];
  }),
  async (container) => {
    const { stderr } = assertSuccess(await container.run());
    assertMatch(stderr, /can't raise ambient capability CAP_CHOWN: /);
    assertEquals(stderr.includes("CAP_KILL"), false, stderr);
  },
);
