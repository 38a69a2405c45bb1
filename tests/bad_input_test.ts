import { assert, assertEquals } from "@std/assert";
import { readConfig, writeConfig } from "./bundle.ts";
import type { Config, Patch } from "./config.ts";
import { command, type Container, containerTest } from "./container.ts";
import { assertOneLine, assertSuccess, DAVIT, run } from "./davit.ts";

const idle = command(["sleep", "100"]);

/** `run` of a bundle that something is wrong with fails in one line. */
function refused(
  name: string,
  cause: RegExp,
  spoil: (container: Container) => void,
): void {
  const brief = command(["true"]);
  containerTest(`run refuses ${name}`, brief, async (container) => {
    spoil(container);
    assertOneLine(await container.run(), cause);
    assertEquals(container.leftovers(), []);
    const result = await container.create();
    if (result.code === 0) { // the cause is the program: start tells it
      assertOneLine(await container.start(), cause);
    } else {
      assertOneLine(result, cause);
      assertEquals(container.leftovers(), []);
    }
  });
}

function badFile(name: string, cause: RegExp, text: string | Uint8Array) {
  refused(name, cause, ({ bundle }) => {
    const bytes = typeof text === "string"
      ? new TextEncoder().encode(text)
      : text;
    Deno.writeFileSync(`${bundle}/config.json`, bytes);
  });
}

function badConfig(name: string, cause: RegExp, patch: Patch) {
  refused(name, cause, ({ bundle }) => {
    const config = readConfig(bundle);
    patch(config);
    writeConfig(bundle, config);
  });
}

/** Sets a property that the types of these tests do not allow. */
function set(object: unknown, name: string, value: unknown): void {
  (object as Record<string, unknown>)[name] = value;
}

refused("a bundle with no config.json", /config\.json.*no such file/i, (c) => {
  Deno.removeSync(`${c.bundle}/config.json`);
});
refused("a config.json that is a folder", /config\.json.*directory/i, (c) => {
  Deno.removeSync(`${c.bundle}/config.json`);
  Deno.mkdirSync(`${c.bundle}/config.json`);
});
refused("a config.json that is a dangling link", /config\.json/, (c) => {
  Deno.removeSync(`${c.bundle}/config.json`);
  Deno.symlinkSync("nowhere", `${c.bundle}/config.json`);
});
refused("a truncated config", /config\.json.*JSON|JSON.*config\.json/, (c) => {
  const file = `${c.bundle}/config.json`;
  const text = Deno.readTextFileSync(file);
  Deno.writeTextFileSync(file, text.slice(0, text.length / 2));
});
badFile("an empty config", /config\.json/, "");
badFile("a config that is no JSON", /config\.json/, "ociVersion: 1.0.0\n");
badFile(
  "a config of random bytes",
  /config\.json/,
  new Uint8Array(4096).fill(0xfe),
);
badFile("a config that is an array", /config\.json/, "[]");
badFile("a config that is null", /config\.json/, "null");
badFile("a config nested a million deep", /config\.json/, "[".repeat(1e6));
badFile(
  "a config of 100 MB",
  /config\.json.*(MB|bytes|large|size)/,
  `{"ociVersion": "1.0.2", "hostname": "${"x".repeat(100 << 20)}"}`,
);

badConfig("a missing rootfs", /no such file or directory/i, (config) => {
  config.root.path = "elsewhere";
});
badConfig("a rootfs that is a file", /not a directory/i, (config) => {
  config.root.path = "config.json";
});
badConfig("no root", /root/, (config) => set(config, "root", undefined));
badConfig(
  "no ociVersion",
  /ociVersion/,
  (config) => set(config, "ociVersion", undefined),
);
badConfig(
  "an ociVersion of nonsense",
  /ociVersion.*"nonsense"/,
  (config) => config.ociVersion = "nonsense",
);
const wrong: [name: string, pointer: RegExp, spoil: Patch][] = [
  ["a number as ociVersion", /ociVersion/, (config) => {
    set(config, "ociVersion", 1);
  }],
  ["args that are no list", /process\.args/, (config) => {
    set(config.process, "args", "sh");
  }],
  ["no args", /process\.args/, (config) => config.process.args = []],
  ["env that is an object", /process\.env/, (config) => {
    set(config.process, "env", { A: "b" });
  }],
  ["a number as cwd", /process\.cwd/, (config) => {
    set(config.process, "cwd", 7);
  }],
  ["a relative cwd", /process\.cwd/, (config) => {
    config.process.cwd = "relative";
  }],
  ["a name as uid", /process\.user\.uid/, (config) => {
    set(config.process.user, "uid", "root");
  }],
  ["a negative uid", /process\.user\.uid/, (config) => {
    config.process.user.uid = -1;
  }],
  ["half a gid", /process\.user\.gid/, (config) => {
    config.process.user.gid = 0.5;
  }],
  ["yes as terminal", /process\.terminal/, (config) => {
    set(config.process, "terminal", "yes");
  }],
  ["rlimits that are no list", /process\.rlimits/, (config) => {
    set(config.process, "rlimits", "all");
  }],
  ["an unknown rlimit", /process\.rlimits\[\d\]\.type/, (config) => {
    config.process.rlimits.push({ type: "RLIMIT_LUCK", hard: 1, soft: 1 });
  }],
  ["mounts that are no list", /mounts/, (config) => {
    set(config, "mounts", "all");
  }],
  ["a number as mount destination", /mounts\[0\]\.destination/, (config) => {
    set(config.mounts[0], "destination", 3);
  }],
  ["namespaces that are no list", /linux\.namespaces/, (config) => {
    set(config.linux, "namespaces", "pid");
  }],
  ["an unknown namespace", /linux\.namespaces\[\d\]\.type/, (config) => {
    config.linux.namespaces.push({ type: "luck" });
  }],
  ["text as memory limit", /linux\.resources\.memory\.limit/, (config) => {
    config.linux.resources = { memory: { limit: "1G" } };
  }],
  ["maskedPaths that are no list", /linux\.maskedPaths/, (config) => {
    set(config.linux, "maskedPaths", "all");
  }],
  ["a list as hostname", /hostname/, (config) => {
    set(config, "hostname", ["a"]);
  }],
  ["a number in annotations", /annotations/, (config) => {
    set(config, "annotations", { a: 1 });
  }],
];
for (const [name, pointer, spoil] of wrong) badConfig(name, pointer, spoil);
badConfig("a namespace path that is not there", /\/no\/such\/ns/, (config) => {
  config.linux.namespaces = config.linux.namespaces
    .filter(({ type }) => type !== "network");
  config.linux.namespaces.push({ type: "network", path: "/no/such/ns" });
});
badConfig(
  "a namespace path of another type",
  /\/proc\/1\/ns\/uts/,
  (config) => {
    config.linux.namespaces = config.linux.namespaces
      .filter(({ type }) => type !== "network");
    config.linux.namespaces.push({ type: "network", path: "/proc/1/ns/uts" });
  },
);
badConfig("a mount of an unknown type", /\/data/, (config) => {
  config.mounts.push({
    destination: "/data",
    type: "nosuchfs",
    source: "nosuchfs",
  });
});
badConfig(
  "what the host cannot do: linux.intelRdt",
  /linux\.intelRdt: no resctrl file system is mounted/,
  (config) => {
    config.linux.intelRdt = { closID: "guaranteed" };
  },
);
badConfig(
  "a cwd that is a file",
  /\/etc\/passwd.*not a directory/i,
  (config) => {
    config.process.cwd = "/etc/passwd";
  },
);
badConfig(
  "a program that is not on PATH",
  /exec: "no-such-program": executable file not found in \$PATH/,
  (config) => config.process.args = ["no-such-program"],
);
badConfig(
  "a program that does not exist",
  /\/no\/such\/program.*no such file or directory/i,
  (config) => config.process.args = ["/no/such/program"],
);
badConfig(
  "a program that is not executable",
  /\/etc\/passwd.*permission denied/i,
  (config) => config.process.args = ["/etc/passwd"],
);
badConfig(
  "a program that is a folder",
  /\/etc.*(permission denied|is a directory)/i,
  (config) => config.process.args = ["/etc"],
);
refused(
  "a program of no known format",
  /\/bin\/odd.*exec format error/i,
  (c) => {
    Deno.writeFileSync(`${c.rootfs}/bin/odd`, new Uint8Array([0, 1, 2, 3]));
    Deno.chmodSync(`${c.rootfs}/bin/odd`, 0o755);
    const config: Config = readConfig(c.bundle);
    config.process.args = ["/bin/odd"];
    writeConfig(c.bundle, config);
  },
);

containerTest(
  "run makes a cwd that is missing, inside",
  command(["pwd"], (config) => {
    config.process.cwd = "/made/for/it";
    config.root.readonly = false;
  }),
  async (container) => {
    assertEquals(assertSuccess(await container.run()).stdout, "/made/for/it\n");
    assert(Deno.statSync(`${container.rootfs}/made/for/it`).isDirectory);
  },
);

const badIds: [name: string, id: string, cause: RegExp][] = [
  ["a slash", "a/b", /"a\/b"/],
  ["a path upwards", "../escape", /"\.\.\/escape"/],
  ["..", "..", /"\.\."/],
  [".", ".", /"\."/],
  ["1025 characters", "x".repeat(1025), /1024/],
  ["a space", "a b", /"a b"/],
  ["a line break", "a\nb", /a\\nb/],
  ["nothing", "", /Missing container ID/],
];
for (const [name, id, cause] of badIds) {
  containerTest(`every command refuses an ID of ${name}`, idle, async (c) => {
    for (
      const words of [
        ["create", "--bundle", c.bundle, id],
        ["run", "--bundle", c.bundle, id],
      ]
    ) {
      assertOneLine(await c.davit(words), cause);
    }
    for (
      const words of [
        ["start", id],
        ["state", id],
        ["kill", id, "TERM"],
        ["delete", id],
      ]
    ) {
      const unknown = /Missing container ID|Container ID \(.*\) does not exist/;
      assertOneLine(await c.davit(words), unknown);
    }
    const root = (await run(["find", c.folder, "-name", "escape"])).stdout;
    assertEquals(root, "");
  });
}

containerTest(
  "an ID of 1024 characters is no longer than it may be",
  idle,
  async (c) => {
    // A file name ends at 255 bytes: that long an ID may fail, in one line.
    const id = "x".repeat(1024);
    const result = await c.davit(["run", "--bundle", c.bundle, id]);
    if (result.code !== 0) assertOneLine(result, /too long|255/i);
  },
);

containerTest("create refuses a terminal with no console", idle, async (c) => {
  const config = readConfig(c.bundle);
  config.process.terminal = true;
  writeConfig(c.bundle, config);
  assertOneLine(await c.create(), /console/);
  assertOneLine(await c.run(["--detach"]), /console/);
  assertEquals(c.leftovers(), []);
});

containerTest("create refuses a bundle that is not there", idle, async (c) => {
  assertOneLine(
    await c.davit(["create", "--bundle", "/no/such/bundle", c.id]),
    /Invalid bundle path '\/no\/such\/bundle': /,
  );
  assertOneLine(
    await c.davit(["create", "--bundle", `${c.bundle}/config.json`, c.id]),
    /Invalid bundle path '.*config\.json', it should be a directory/,
  );
});

containerTest("a second create of an ID fails", idle, async (c) => {
  assertSuccess(await c.create());
  const state = await c.state();
  assertOneLine(
    await c.create(),
    /ID already in use, unique ID should be provided/,
  );
  assertEquals(await c.state(), state);
});

containerTest("start of a running container fails", idle, async (c) => {
  assertSuccess(await c.create());
  assertSuccess(await c.start());
  assertOneLine(await c.start(), /running/);
});

containerTest("delete of a running container fails", idle, async (c) => {
  assertSuccess(await c.create());
  assertSuccess(await c.start());
  assertOneLine(await c.davit(["delete", c.id]), /running/);
  assertEquals((await c.state()).status, "running");
});

containerTest("kill refuses an unknown signal", idle, async (c) => {
  assertSuccess(await c.create());
  for (const signal of ["NOPE", "0x9", "-1", "65", "SIG", "1.5", ""]) {
    assertOneLine(
      await c.davit(
        ["kill", c.id, "--", signal].filter((word) =>
          word !== "--" || signal.startsWith("-")
        ),
      ),
      new RegExp(`"${signal}"|signal`),
    );
  }
  assertEquals((await c.state()).status, "created");
});

const badLines: [words: string[], cause: RegExp][] = [
  [["nonsense"], /No help topic for 'nonsense'/],
  [["--nonsense", "list"], /--nonsense/],
  [["run", "--nonsense", "ID"], /--nonsense/],
  [["create", "--bundel", "/", "ID"], /--bundel/],
  [["start", "-x", "ID"], /-x/],
  [["state"], /ID/],
  [["start"], /ID/],
  [["kill"], /ID/],
  [["delete"], /ID/],
  [["create"], /ID/],
  [["run"], /ID/],
  [["state", "one", "two"], /found 2/],
  [["list", "--format", "yaml"], /yaml/],
  [["--root", "/no/such/root", "list"], /--root "\/no\/such\/root": No such/],
  [["--log-format", "xml", "list"], /xml/],
  [["--cgroup-manager", "v2", "list"], /cgroup-manager: "v2"/],
  [["create", "--preserve-fds", "many", "ID"], /preserve-fds/],
  [["--log", "/no/such/folder/log", "list"], /\/no\/such\/folder\/log/],
  [["create", "--bundle"], /bundle/],
];
for (const [words, cause] of badLines) {
  containerTest(`davit ${words.join(" ")} is refused`, idle, async (c) => {
    const extra = words[0] === "run" || words[0] === "create"
      ? { cwd: c.bundle }
      : {};
    assertOneLine(await c.davit(words, extra), cause);
  });
}

containerTest("output that cannot be written is an error", idle, async (c) => {
  assertSuccess(await c.create());
  assertOneLine(
    await run([
      "sh",
      "-c",
      'exec "$@" >/dev/full',
      "sh",
      DAVIT,
      "--root",
      c.root,
      "state",
      c.id,
    ]),
    /no space left/i,
  );
});
