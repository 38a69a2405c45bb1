/** Davit's own binary, its descriptors and its working directory. Each attack is under its number. */
import { assert, assertEquals } from "@std/assert";
import { Handle, O, open } from "../../ffi/fd.ts";
import { syscall } from "../../ffi/syscall.ts";
import { attack, sha256 } from "../canary.ts";
import { change, command, script } from "../container.ts";
import { assertSuccess, DAVIT, readIfThere, run } from "../davit.ts";

const F_GET_SEALS = 1034;
/** F_SEAL_SEAL, F_SEAL_SHRINK and F_SEAL_GROW: also against other seals. */
const SEAL_SHRINK_GROW = 7, SEAL_WRITE = 8, SEAL_FUTURE_WRITE = 16;

attack(
  "CVE-2019-5736: /proc/self/exe is nothing of the host's",
  command(["/evil"]),
  async (container) => {
    const before = await sha256(DAVIT);
    const evil = `${container.rootfs}/evil`;
    Deno.writeTextFileSync(evil, "#!/proc/self/exe\n");
    Deno.chmodSync(evil, 0o755);
    await container.run();
    assertEquals(await sha256(DAVIT), before);
    change(
      container,
      script(
        `for exe in /proc/[0-9]*/exe /proc/self/exe; do
          readlink $exe; (true >>$exe) 2>/dev/null && echo wrote $exe
        done; exit 0`,
        (config) => config.root.readonly = true,
      ),
    );
    const { stdout } = assertSuccess(await container.run());
    assertEquals(stdout.includes("wrote"), false, stdout);
    assertEquals(stdout.includes(DAVIT), false, stdout);
    assertEquals(await sha256(DAVIT), before);
  },
);

attack(
  "CVE-2019-5736: an init that waits is a sealed file in memory",
  command(["true"]),
  async (container) => {
    assertSuccess(await container.create());
    const { pid } = await container.state();
    const exe = `/proc/${pid}/exe`;
    assert(Deno.readLinkSync(exe) !== DAVIT);
    let opened = true;
    try {
      Deno.openSync(exe, { write: true }).close();
    } catch {
      opened = false;
    }
    assertEquals(opened, false);
    using file = new Handle(open(exe, O.RDONLY));
    const seals = syscall("fcntl", file.fd, F_GET_SEALS, 0);
    assertEquals(seals & SEAL_SHRINK_GROW, SEAL_SHRINK_GROW);
    assert((seals & (SEAL_WRITE | SEAL_FUTURE_WRITE)) !== 0, `seals: ${seals}`);
    // A copy of it is open nowhere either.
    for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
      const link = Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
      assertEquals(/memfd|davit$/.test(link), false, link);
    }
  },
);

attack(
  "CVE-2024-21626: the working directory cannot be a descriptor's",
  script("pwd; ls ../../../../..; exit 0"),
  async (container) => {
    for (let fd = 0; fd <= 30; fd++) {
      change(
        container,
        (config) => config.process.cwd = `/proc/self/fd/${fd}`,
      );
      const result = await container.run();
      assert(result.code !== 0, `${fd}: ${result.stdout}`);
      assertEquals(result.stdout, "");
    }
    for (let fd = 3; fd <= 12; fd++) {
      const link = `${container.rootfs}/work`;
      Deno.symlinkSync(`/proc/self/fd/${fd}`, link);
      change(container, (config) => config.process.cwd = "/work");
      const result = await container.run();
      assert(result.code !== 0, `${fd}: ${result.stdout}`);
      assertEquals(result.stdout, "");
      Deno.removeSync(link);
    }
  },
);

attack(
  "CVE-2024-21626: nor one that is preserved",
  script("pwd; ls; exit 0"),
  async (container, canary) => {
    change(container, (config) => config.process.cwd = "/proc/self/fd/3");
    const words = container.words(
      "run",
      "--preserve-fds",
      "1",
      "--bundle",
      container.bundle,
      container.id,
    );
    const result = await run([
      "sh",
      "-c",
      'd=$1; shift; exec "$@" 3<"$d"',
      "sh",
      canary.path,
      ...words,
    ]);
    assert(result.code !== 0);
    assertEquals(result.stdout, "");
  },
);

attack(
  "CVE-2026-84042: no program of the image's runs but the process",
  script("exit 0"),
  async (container) => {
    const names = "newuidmap newgidmap criu sh modprobe mount nsenter davit";
    for (const name of names.split(" ")) {
      const path = `${container.rootfs}/bin/${name}`;
      if (name !== "sh" && name !== "mount") {
        Deno.writeTextFileSync(path, "#!/bin/sh\necho x >/home/ran\n");
        Deno.chmodSync(path, 0o755);
      }
    }
    change(container, (config) => {
      config.root.readonly = false;
      config.process.env = ["PATH=/bin", "LD_PRELOAD=/bin/evil.so"];
    });
    assertSuccess(await container.run());
    assertEquals(readIfThere(`${container.rootfs}/home/ran`), "");
  },
);
