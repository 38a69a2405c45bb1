/**
 * What a hostile container can do to a process that joins it, each attack under
 * its number.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { close } from "../ffi/fd.ts";
import { connect } from "../ffi/socket.ts";
import { ARCH } from "../ffi/syscall.ts";
import { syscallNumber } from "../ffi/syscall_numbers.ts";
import type { Patch } from "./config.ts";
import type { Container } from "./container.ts";
import {
  assertOneLine,
  assertSuccess,
  DAVIT,
  readIfThere,
  type Running,
  until,
} from "./davit.ts";
import { exec, execTest, shell } from "./exec.ts";
import { processesOf } from "./leftovers.ts";
import { ConsoleSocket } from "./terminal.ts";

/** Processes of launches that have not become their program. */
function launches(container: Container): number[] {
  return processesOf(container).filter((pid) =>
    readIfThere(`/proc/${pid}/comm`) === "davit/exec\n"
  );
}

/**
 * Starts a process that does not become its program: Davit waits to hand its
 * pidfd over, and the process waits for Davit.
 */
async function stalled(
  container: Container,
  flags: string[],
  args: string[],
  test: (running: Running, goOn: () => void) => Promise<void>,
): Promise<void> {
  using socket = new ConsoleSocket(`${container.folder}/full.sock`);
  // As many as wait at the most: one more is kept waiting by the kernel.
  const open = [connect(socket.path), connect(socket.path)];
  try {
    using running = container.spawn([
      ...["exec", "--pidfd-socket", socket.path, ...flags],
      container.id,
      ...args,
    ]);
    await until("it is in the container", () => launches(container).length > 0);
    const connects = `${syscallNumber("connect", ARCH)} `;
    await until(
      "Davit waits",
      () => readIfThere(`/proc/${running.pid}/syscall`).startsWith(connects),
    );
    await test(running, () => {
      for (let i = 0; i < 3; i++) open.push(socket.accept());
    });
  } finally {
    open.forEach(close);
  }
}

/** Looks at a process that joins, from inside, in all ways. */
const INSPECT = `for p in /proc/[0-9]*; do
  [ "$(cat $p/comm)" = davit/exec ] || continue
  echo "found, with" $(ls $p/fd 2>/dev/null)
  for link in root cwd exe fd/0 fd/1 fd/2 fd/3 fd/4; do
    readlink $p/$link >/dev/null && echo "$link is $(readlink $p/$link)"
    (: <$p/$link) 2>/dev/null && echo "could open $link"
  done
  for file in mem environ maps syscall stack; do
    head -c 1 $p/$file >/dev/null 2>&1 && echo "could read $file"
  done
  (: >>$p/exe) 2>/dev/null && echo "could write exe"
  (: >>$p/mem) 2>/dev/null && echo "could write mem"
  grep -E '^(Cap(Prm|Eff|Bnd)|Seccomp:|Uid)' $p/status
done; true`;

const capable: Patch = (config) => {
  const { capabilities } = config.process;
  for (const set of ["bounding", "permitted", "effective"] as const) {
    capabilities[set].push("CAP_SYS_PTRACE");
  }
};

const users: Patch = (config) => {
  config.linux.namespaces.push({ type: "user" });
  config.linux.uidMappings = config.linux.gidMappings = [
    { containerID: 0, hostID: 100_000, size: 65536 },
  ];
};

for (
  const [name, patch] of [
    ["root of the container", () => {}],
    [
      "root of a user namespace with CAP_SYS_PTRACE",
      (config: Parameters<Patch>[0]) => {
        users(config);
        capable(config);
      },
    ],
  ] as const
) {
  execTest(
    `CVE-2016-9962: ${name} cannot look into what joins`,
    patch,
    async (container) => {
      await stalled(container, [], ["true"], async (running, goOn) => {
        const seen = await shell(container, INSPECT);
        assertMatch(seen, /^found, with/);
        assert(!/^(could|\S+ is)/m.test(seen), seen);
        goOn();
        assertSuccess(await running.end());
      });
    },
  );
}

execTest(
  "CVE-2016-9962: who may trace it finds no more rights than the program's",
  (config) => {
    capable(config);
    config.linux.seccomp = {
      defaultAction: "SCMP_ACT_ALLOW",
      syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO" }],
    };
    config.process.noNewPrivileges = false;
  },
  async (container) => {
    const wanted = await shell(
      container,
      "grep -E '^(Cap(Prm|Eff|Bnd)|Seccomp:|Uid)' /proc/self/status",
    );
    await stalled(container, [], ["true"], async (running, goOn) => {
      const seen = await shell(container, INSPECT);
      // stdio and the socket to Davit; the container's own root; no program yet.
      assertMatch(seen, /^found, with 0 1 2 3$/m);
      assertMatch(seen, /^root is \/$/m);
      assertMatch(seen, /^exe is \/memfd:davit-init \(deleted\)$/m);
      assertMatch(seen, /^fd\/3 is socket:/m);
      assert(!seen.includes("could write exe"), seen);
      assert(seen.includes(wanted), `${seen}\nwanted:\n${wanted}`);
      goOn();
      assertSuccess(await running.end());
    });
  },
);

execTest(
  "what joins ends with Davit, and leaves nothing",
  () => {},
  async (container) => {
    const touch = ["touch", "/tmp/ran"];
    await stalled(container, [], touch, async (running) => {
      running.kill("SIGKILL");
      await running.end();
      await until("it has ended", () => launches(container).length === 0);
    });
    assertEquals(await shell(container, "ls /tmp"), "");
  },
);

execTest("what is killed before it is the program is told", (config) => {
  // Without a pid namespace root of the container sees it as the host does.
  config.process.capabilities.bounding.push("CAP_KILL");
}, async (container) => {
  const file = `${container.folder}/pid`;
  await stalled(
    container,
    ["--pid-file", file],
    ["true"],
    async (running, goOn) => {
      for (const pid of launches(container)) Deno.kill(pid, "SIGKILL");
      goOn();
      const result = await running.end();
      assertOneLine(result, /Cannot join the container: .* ended with SIGKILL/);
      assertEquals(result.code, 255);
      assertEquals(readIfThere(file), "");
    },
  );
});

execTest(
  "CVE-2024-21626: a working directory behind a descriptor is refused",
  (config) => {
    config.root.readonly = false;
  },
  async (container) => {
    for (let fd = 3; fd < 16; fd++) {
      Deno.symlinkSync(`/proc/self/fd/${fd}`, `${container.rootfs}/fd${fd}`);
    }
    const paths = Array.from({ length: 13 }, (_, i) => i + 3).flatMap((fd) => [
      `/proc/self/fd/${fd}`,
      `/proc/self/fd/${fd}/../../..`,
      `/fd${fd}`,
    ]);
    const results = await Promise.all(
      paths.map((path) => exec(container, ["--cwd", path], ["pwd"])),
    );
    for (const result of results) {
      assertOneLine(result, /working directory/);
      assertEquals(result.code, 255);
    }
  },
);

execTest("CVE-2024-21626: nor without a pid namespace", (config) => {
  config.linux.namespaces = config.linux.namespaces.filter(({ type }) =>
    type !== "pid"
  );
}, async (container) => {
  for (
    const path of ["/proc/self/fd/3", "/proc/self/fd/4", "/proc/self/fd/5"]
  ) {
    assertOneLine(
      await exec(container, ["--cwd", path], ["pwd"]),
      /working directory/,
    );
  }
});

execTest("CVE-2019-5736: /proc/self/exe is nothing of the host's", (config) => {
  config.root.readonly = false;
}, async (container) => {
  const hash = async () =>
    new Uint8Array(
      await crypto.subtle.digest("SHA-256", Deno.readFileSync(DAVIT)),
    ).toHex();
  const before = await hash();
  Deno.writeTextFileSync(`${container.rootfs}/evil`, "#!/proc/self/exe\n");
  Deno.chmodSync(`${container.rootfs}/evil`, 0o755);
  assert((await exec(container, [], ["/evil"])).code !== 0);
  assert((await exec(container, [], ["/proc/self/exe"])).code !== 0);
  assertEquals(await hash(), before);
  assertEquals(await shell(container, "echo still"), "still");
});

execTest("the environment is the program's alone", (config) => {
  config.process.env = ["PATH=/bin", "A=1"];
}, async (container) => {
  const env = { SECRET_OF_THE_HOST: "x" };
  const { stdout } = assertSuccess(
    await exec(container, [], ["cat", "/proc/self/environ"], { env }),
  );
  assertEquals(stdout, "PATH=/bin\0A=1\0HOME=/root\0");
});

/** Makes a container whose root may mount. */
const mounting: Patch = (config) => {
  const { capabilities } = config.process;
  for (const set of ["bounding", "permitted", "effective"] as const) {
    capabilities[set].push("CAP_SYS_ADMIN", "CAP_MKNOD");
  }
};

for (
  const [what, script, cause] of [
    [
      "a FIFO in a file system of its own",
      "mount -t tmpfs none /dev/pts; mknod /dev/pts/ptmx p",
      /devpts \(process\.terminal\): Inappropriate ioctl/,
    ],
    [
      "a link to another place",
      "umount /dev/pts; rmdir /dev/pts; ln -s /tmp /dev/pts",
      /devpts \(process\.terminal\): must be mounted on ordinary directory|Too many/,
    ],
    [
      "a file over ptmx",
      "touch /dev/file; mount -o bind /dev/file /dev/pts/ptmx",
      /devpts \(process\.terminal\): Invalid cross-device link/,
    ],
  ] as const
) {
  execTest(
    `CVE-2025-52565: no terminal is opened by ${what}`,
    mounting,
    async (container) => {
      await shell(container, script);
      using socket = new ConsoleSocket(`${container.folder}/console.sock`);
      const flags = ["-t", "-d", "--console-socket", socket.path];
      const result = await exec(container, flags, ["true"]);
      assertOneLine(result, cause);
      assertEquals(result.code, 255);
    },
  );
}

execTest(
  "a container with as many processes as it may have takes none",
  (config) => {
    config.linux.resources = { ...config.linux.resources, pids: { limit: 1 } };
  },
  async (container) => {
    const result = await exec(container, [], ["true"]);
    assertOneLine(
      result,
      /create the process: Resource temporarily unavailable/,
    );
    assertEquals(result.code, 255);
  },
);
