/** What is kept, what is parsed, and who may talk with it. Each attack is under its number. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { assertRefused, attack } from "../canary.ts";
import { change, command, script } from "../container.ts";
import { assertSuccess, readIfThere, REPO, run } from "../davit.ts";

for (const umask of ["0", "022", "077"]) {
  attack(
    `CVE-2021-41103, CVE-2024-25621: what is kept is root's alone under umask ${umask}`,
    command(["true"]),
    async (container) => {
      const words = container.words(
        "create",
        "--bundle",
        container.bundle,
        container.id,
      );
      assertSuccess(
        await run(["sh", "-c", `umask ${umask}; exec "$@"`, "sh", ...words]),
      );
      const mode = (path: string) => Deno.lstatSync(path).mode! & 0o7777;
      const folder = `${container.root}/${container.id}`;
      assertEquals(mode(container.root), 0o700);
      assertEquals(mode(folder), 0o700);
      for (const { name, isFile } of Deno.readDirSync(folder)) {
        const wanted = /^(start|delete|kill-.*)$/.test(name) ? 0o700 : 0o600;
        if (isFile) assertEquals(mode(`${folder}/${name}`), wanted, name);
        assertEquals(mode(`${folder}/${name}`) & 0o077, 0, name);
      }
      const mapping = `${container.root}/containers-mapping`;
      for (const path of [mapping, `${mapping}/${container.id}`]) {
        assertEquals(mode(path), 0o750);
      }
    },
  );
}

attack(
  "CVE-2020-15257: no abstract socket is bound",
  command(["true"]),
  async (container) => {
    const abstract = () =>
      readIfThere("/proc/net/unix").split("\n")
        .map((line) => line.split(" ").at(-1)!)
        .filter((path) => path.startsWith("@") && /davit|t-/.test(path));
    const before = abstract();
    assertSuccess(await container.create());
    assertEquals(abstract(), before);
    assertMatch(
      readIfThere("/proc/net/unix"),
      new RegExp(`${container.root}/${container.id}/`),
    );
  },
);

attack(
  "CVE-2026-57231: no variable of the host's comes by a name alone",
  command(["env"]),
  async (container) => {
    const env = { SECRET: "of-the-host", SECRET_TOO: "of-the-host" };
    for (const entry of ["SECRET", "SECRET*", "*", "=x", ""]) {
      change(container, (config) => config.process.env = ["A=1", entry]);
      const { stdout } = await container.run([], { env });
      assertEquals(stdout.includes("of-the-host"), false, entry);
    }
  },
);

for (const length of [2 ** 16 - 1, 2 ** 16, 2 ** 16 + 8, 2 ** 17 - 1]) {
  attack(
    `CVE-2021-43784: texts of ${length} bytes are whole, or refused`,
    script('printf %s "$1" | wc -c; printf %s "$BIG" | wc -c'),
    async (container) => {
      // What lies behind the first 65,536 bytes would be read as a setting.
      const text = "x".repeat(length);
      change(container, (config) => {
        config.process.args.push("sh", text);
        config.process.env.push(`BIG=${text}`);
      });
      const result = await container.run();
      const most = 32 * 4096 - 1; // MAX_ARG_STRLEN, with its NUL byte
      if (length + "BIG=".length <= most) {
        assertEquals(assertSuccess(result).stdout, `${length}\n${length}\n`);
      } else {
        assertRefused(container, result, /[Aa]rgument list too long/);
      }
      change(container, (config) => {
        config.process.args = ["true"];
        config.process.env.pop();
        config.mounts.push({
          destination: "/mnt",
          type: "bind",
          source: `/${text}`,
          options: ["bind"],
        });
      });
      assertRefused(container, await container.run(), /mounts\[\d+\]/);
    },
  );
}

/** Annotations that choose programs, files and settings elsewhere. */
const ELSEWHERE: Record<string, string> = {
  "io.katacontainers.config.hypervisor.path": "PROGRAM",
  "io.katacontainers.config.hypervisor.virtio_fs_daemon": "PROGRAM",
  "io.katacontainers.config.hypervisor.kernel": "PROGRAM",
  "io.katacontainers.config_path": "PROGRAM",
  "io.katacontainers.config.runtime.disable_guest_seccomp": "true",
  "io.katacontainers.volume.bind": "/:/mnt",
  "run.oci.handler": "krun",
  "run.oci.hooks.stderr": "FILE",
  "run.oci.hooks.stdout": "FILE",
  "run.oci.delegate-cgroup": "../../x",
  "run.oci.seccomp_fail_unknown_syscall": "1",
  "run.oci.mount_context_type": "context",
  "run.oci.keep_original_groups": "1",
  "run.oci.pidfd_receiver": "FILE",
  "run.oci.systemd.subgroup": "../x",
  "krun.use_passt": "1",
  "module.wasm.image/variant": "compat",
  "io.containerd.runc.v2.log": "binary:///PROGRAM",
  "binary.logger": "binary://PROGRAM",
  "org.opencontainers.runc.exec": "PROGRAM",
};
attack(
  "CVE-2020-27151, CVE-2026-44210, GHSA-7fhf-v3p3-rp56, CVE-2026-50540, CVE-2026-53488: annotations and variables choose nothing",
  script("id; pwd; cat /proc/self/mountinfo | cut -d' ' -f5-9; env; ls -A /"),
  async (container, canary) => {
    const program = `${container.folder}/program`;
    const file = `${container.folder}/made`;
    Deno.writeTextFileSync(program, `#!/bin/sh\necho ran >>'${file}'\n`);
    Deno.chmodSync(program, 0o755);
    const without = assertSuccess(await container.run()).stdout;
    change(container, (config) => {
      config.annotations = Object.fromEntries(
        Object.entries(ELSEWHERE).map(([name, value]) => [
          name,
          value.replace("PROGRAM", program).replace("FILE", file),
        ]),
      );
    });
    assertEquals(assertSuccess(await container.run()).stdout, without);
    assertEquals(readIfThere(file), "");
    canary.assertUntouched();
  },
);

Deno.test(
  "CVE-2020-27151: docs/security.md lists each annotation that is read",
  () => {
    const table = Deno.readTextFileSync(`${REPO}/docs/security.md`);
    const found = new Set<string>();
    for (const path of sources()) {
      const text = Deno.readTextFileSync(path);
      const names =
        /["'`]((?:org|io|run|com)\.(?:kubernetes|systemd|oci|kata|containerd|[a-z-]+\.[a-z-]+\.)[\w./-]+)["'`]/g;
      for (const [, name] of text.matchAll(names)) found.add(name!);
    }
    // The specification's own ones are told in features, not read.
    const read = [...found].filter((name) =>
      !/^org\.(opencontainers|freedesktop)\./.test(name)
    );
    assert(read.length >= 5, read.join());
    for (const name of read) assert(table.includes(`\`${name}`), name);
  },
);

Deno.test(
  "CVE-2020-15257: no source binds or connects to an abstract socket",
  () => {
    for (const path of sources()) {
      const text = Deno.readTextFileSync(path);
      // sun_path with a NUL byte first, or systemd's notation for it.
      const abstract = /["'`]\\(0|x00|u0000)[\w/-]+\.sock|sockaddr.*"@/;
      assert(!abstract.test(text), path);
    }
  },
);

const VM =
  "CVE-2020-2025, CVE-2020-28914, CVE-2026-24054, CVE-2026-24834, CVE-2026-41326, CVE-2026-47243: there is no guest machine";
attack(
  `${VM}: vm is refused`,
  script("exit 0"),
  async (container) => {
    change(container, (config) => {
      config.vm = {
        hypervisor: { path: "/bin/sh" },
        kernel: { path: "/boot/vmlinuz" },
      };
    });
    assertRefused(container, await container.run(), /vm: /);
  },
);

attack(
  "CVE-2020-28914: a volume that is read-only stays so, remounted or bound again",
  script(
    `for to in /vol/file /vol/new; do
      (echo x >$to) 2>/dev/null && echo wrote $to
    done
    mount -o remount,rw,bind /vol 2>/dev/null && echo remounted
    rm -rf /vol/deep 2>/dev/null; ls /vol`,
  ),
  async (container, canary) => {
    change(container, (config) => {
      config.mounts.push({
        destination: "/vol",
        type: "bind",
        source: canary.path,
        options: ["rbind", "ro"],
      });
    });
    const { stdout } = assertSuccess(await container.run());
    assertEquals(stdout, "deep\nnull\npasswd\nptmx\n");
  },
);

Deno.test(
  "opencontainers/cgroups#69: bpf(2) is always given a whole, zeroed attribute",
  () => {
    const calls = [...sources()].flatMap((path) =>
      Deno.readTextFileSync(path).match(/syscall\(\s*"bpf",[^)]*\)/g) ?? []
    );
    assert(calls.length >= 5, `${calls.length} calls`);
    for (const call of calls) {
      assertMatch(call, /, ATTR_SIZE\)$|^syscall\(\s*"bpf", -1/);
    }
  },
);

/** The product's own files. */
function* sources(): Generator<string> {
  for (
    const room of ["api", "cgroup", "cmd", "ffi", "launch", "mapping", "oci"]
  ) {
    yield* filesOf(`${REPO}/${room}`);
  }
}

function* filesOf(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory && name !== "testdata") yield* filesOf(path);
    else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) yield path;
  }
}
