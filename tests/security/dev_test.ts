/** /dev in a hostile root file system. Each attack is under its number. */
import { assert, assertEquals } from "@std/assert";
import { assertRefused, attack, replaceByLink } from "../canary.ts";
import type { Patch } from "../config.ts";
import { change, type Container, script } from "../container.ts";
import { assertSuccess, readIfThere, run } from "../davit.ts";
import { ConsoleSocket } from "../terminal.ts";

/** Binds a folder of the attacker's on /dev or below it. */
function bindDev(
  container: Container,
  destination: string,
  links: Record<string, string>,
): void {
  const source = `${container.folder}/dev`;
  Deno.mkdirSync(source);
  for (const [name, to] of Object.entries(links)) {
    Deno.symlinkSync(to, `${source}/${name}`);
  }
  change(container, (config) => {
    config.mounts = config.mounts.filter((mount) =>
      !mount.destination.startsWith(destination)
    );
    config.mounts.push({
      destination,
      type: "bind",
      source,
      options: ["rbind"],
    });
  });
}

for (const present of [true, false]) {
  attack(
    `CVE-2025-31133, CVE-2025-62161: /dev/null ${
      present ? "is a link" : "is missing"
    }`,
    script(
      `stat -c '%F %t:%T' /masked
      (echo x >/proc/sys/kernel/core_pattern) 2>/dev/null && echo wrote
      (echo x >/masked) 2>/dev/null; cat /masked; exit 0`,
    ),
    async (container) => {
      const pattern = readIfThere("/proc/sys/kernel/core_pattern");
      bindDev(
        container,
        "/dev",
        present ? { null: "/proc/sys/kernel/core_pattern" } : {},
      );
      change(container, (config) => {
        config.linux.maskedPaths = ["/masked"];
        Deno.writeTextFileSync(`${container.rootfs}/masked`, "secret\n");
      });
      const { code, stdout } = await container.run();
      if (code === 0) {
        assertEquals(stdout, "character special file 1:3\n");
      }
      assertEquals(readIfThere("/proc/sys/kernel/core_pattern"), pattern);
    },
  );
}

attack(
  "CVE-2025-52565: /dev/pts/N is a link",
  script(
    "stat -L -c 'console %t' /dev/console; cat /secret",
    (config) => config.process.terminal = true,
  ),
  async (container) => {
    Deno.writeTextFileSync(`${container.rootfs}/secret`, "as it was\n");
    const names = ["ptmx", ...Array.from({ length: 64 }, (_, i) => `${i}`)];
    bindDev(
      container,
      "/dev/pts",
      Object.fromEntries(names.map((name) => [name, "/secret"])),
    );
    using socket = new ConsoleSocket(`${container.folder}/console.sock`);
    using creation = container.spawn([
      "create",
      "--bundle",
      container.bundle,
      "--console-socket",
      socket.path,
      container.id,
    ]);
    const { master } = socket.receive();
    using _ = master;
    assertSuccess(await creation.end());
    assertSuccess(await container.start());
    master.expect(/console 88\r\nas it was\r\n/); // major 136
  },
);

attack(
  "CVE-2025-52565: a devpts that is covered by a folder is refused",
  script("exit 0", (config) => config.process.terminal = true),
  async (container) => {
    const source = `${container.folder}/pts`;
    Deno.mkdirSync(source);
    Deno.symlinkSync("/dev/null", `${source}/ptmx`);
    change(container, (config) => {
      config.mounts.push({
        destination: "/dev/pts",
        type: "bind",
        source,
        options: ["bind"],
      });
    });
    const result = await container.create([
      "--console-socket",
      `${container.folder}/none.sock`,
    ]);
    assertRefused(container, result, /terminal|dev\/pts|console/);
  },
);

for (const mounted of [true, false]) {
  for (const relative of [true, false]) {
    attack(
      `CVE-2026-41579, CVE-2026-47766: /dev is a ${
        relative ? "relative" : "absolute"
      } link out, ${mounted ? "with" : "without"} mounts on it`,
      script("exit 0", (config) => {
        config.root.readonly = false;
        if (mounted) return;
        config.mounts = config.mounts.filter(({ destination }) =>
          !destination.startsWith("/dev")
        );
      }),
      async (container, canary) => {
        const to = relative ? "../../../outside" : canary.path;
        replaceByLink(container, "dev", to);
        // The same path inside, too: it is no excuse.
        Deno.mkdirSync(`${container.rootfs}${canary.path}`, {
          recursive: true,
        });
        const result = await container.run();
        assert(result.code !== 0);
        assertEquals(container.leftovers(), []);
      },
    );
  }
}

attack(
  "CVE-2026-47766: a device's path cannot leave /dev",
  script("exit 0", (config) => {
    config.linux.devices = [{
      type: "c",
      path: "/dev/../../x",
      major: 1,
      minor: 3,
    }];
  }),
  async (container) => {
    const { code } = await container.run();
    const made = [`${container.bundle}/x`, `${container.folder}/x`, "/x"]
      .filter((path) => readIfThere(path) !== "");
    assertEquals(made, []);
    assert(code === 0 || code === 1);
  },
);

/** Leaves /dev as the image has it: no mount covers it. */
const bare: Patch = (config) => {
  config.mounts = config.mounts.filter(({ destination }) =>
    !destination.startsWith("/dev")
  );
};

for (const readonly of [true, false]) {
  for (const name of ["passwd", "new"]) {
    attack(
      `CVE-2026-88264, GHSA-j87h-qqch-77vc: /dev/console is a link to ${
        name === "new" ? "a file that is missing" : "a file"
      } outside, in a ${readonly ? "read-only" : "writable"} root`,
      script("exit 0", (config) => {
        bare(config);
        config.process.terminal = true;
        config.root.readonly = readonly;
      }),
      async (container, canary) => {
        const link = `${container.rootfs}/dev/console`;
        const up = "../".repeat(12);
        const ways = [canary.path, `${up}${canary.path}`];
        for (const [i, to] of ways.entries()) {
          Deno.symlinkSync(`${to}/${name}`, link);
          using socket = new ConsoleSocket(`${container.folder}/${i}.sock`);
          const flags = ["--console-socket", socket.path];
          const created = await container.create(flags);
          if (created.code === 0) await container.start();
          await container.davit(["delete", "--force", container.id]);
          canary.assertUntouched();
          Deno.removeSync(link);
        }
      },
    );
  }
}

attack(
  "CVE-2026-88265, GHSA-5j66-q287-fhqw: /dev/null is a link to a file outside: stdio is not it",
  script("readlink /proc/self/fd/0; echo x; echo y >/dev/null", (config) => {
    bare(config);
    config.process.user = { uid: 1000, gid: 1000 };
  }),
  async (container, canary) => {
    const link = `${container.rootfs}/dev/null`;
    for (const to of [`${canary.path}/null`, "../../../outside/null"]) {
      Deno.symlinkSync(to, link);
      // stdin is the host's null device; each of them may be closed as well.
      for (const closed of ["", "<&-", ">&-", "2>&-", "<&- >&- 2>&-"]) {
        const words = container.words("run", "-b", container.bundle);
        const text = `exec "$@" ${closed}`;
        const line = ["sh", "-c", text, "sh", ...words, container.id];
        const { code, stdout } = await run(line);
        assert(code !== 0);
        assertEquals(stdout, "");
        canary.assertUntouched();
        await container.davit(["delete", "--force", container.id]);
      }
      Deno.removeSync(link);
    }
  },
);
