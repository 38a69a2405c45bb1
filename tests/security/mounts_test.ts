/** Mount points in a hostile root file system. Each attack is under its number. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { attack, type Canary, Swapper } from "../canary.ts";
import { change, command, type Container, script } from "../container.ts";
import { assertSuccess, readIfThere } from "../davit.ts";

attack(
  "CVE-2019-18837: mount points behind links are inside",
  script("cat /d/x/file; ls -d $HOST/x && echo inside"),
  async (container, canary) => {
    Deno.symlinkSync(`/../..${canary.path}`, `${container.rootfs}/d`);
    Deno.mkdirSync(`${container.rootfs}${canary.path}`, { recursive: true });
    const source = `${container.folder}/source`;
    Deno.mkdirSync(source);
    Deno.writeTextFileSync(`${source}/file`, "from the source\n");
    change(container, (config) => {
      config.process.env.push(`HOST=${canary.path}`);
      config.mounts.push({
        destination: "/d/x",
        type: "bind",
        source,
        options: ["bind"],
      });
    });
    const { stdout } = assertSuccess(await container.run());
    assertMatch(stdout, /^from the source\n.*\ninside\n$/);
  },
);

/** Mounts below a shared folder in which a name is now a link, now not. */
async function race(
  container: Container,
  canary: Canary,
  destination: string,
  type: "tmpfs" | "file",
): Promise<void> {
  const volume = `${container.folder}/volume`;
  Deno.mkdirSync(`${volume}/a/deep/er`, { recursive: true });
  Deno.symlinkSync(`/../../../../../..${canary.path}`, `${volume}/b`);
  change(container, (config) => {
    config.process.args = ["true"];
    config.mounts.push(
      {
        destination: "/vol",
        type: "bind",
        source: volume,
        options: ["rbind"],
      },
      type === "tmpfs" ? { destination, type, source: "tmpfs" } : {
        destination,
        type: "bind",
        source: `${container.bundle}/config.json`,
        options: ["bind"],
      },
    );
  });
  using swapper = new Swapper(`${volume}/a`, `${volume}/b`);
  for (let i = 0; i < 40; i++) {
    await container.run();
    for (const name of ["a", "b"]) {
      try {
        Deno.removeSync(`${volume}/${name}/new`, { recursive: true });
      } catch {
        // it was not made
      }
    }
    canary.assertUntouched();
  }
  assert(swapper.swaps > 1000, `${swapper.swaps} swaps`);
}

attack(
  "CVE-2021-30465: a mount point that is swapped for a link meanwhile",
  script("exit 0"),
  (container, canary) => race(container, canary, "/vol/a/deep/er", "tmpfs"),
);

attack(
  "CVE-2024-45310: so for one that has to be made",
  script("exit 0"),
  (container, canary) => race(container, canary, "/vol/a/new/x/y", "tmpfs"),
);

attack(
  "CVE-2024-45310: so for a file that has to be made",
  script("exit 0"),
  (container, canary) => race(container, canary, "/vol/a/new/x/file", "file"),
);

attack(
  "CVE-2025-24965: a mount point that is a link to a host's file",
  script("cat /etc/resolv.conf"),
  async (container, canary) => {
    const source = `${container.folder}/resolv.conf`;
    Deno.writeTextFileSync(source, "nameserver\n");
    Deno.symlinkSync(
      `${canary.path}/passwd`,
      `${container.rootfs}/etc/resolv.conf`,
    );
    change(container, (config) => {
      config.mounts.push({
        destination: "/etc/resolv.conf",
        type: "bind",
        source,
        options: ["bind", "ro"],
      });
    });
    const { code, stdout } = await container.run();
    // The link leads to nowhere inside: it may be refused.
    if (code === 0) assertEquals(stdout, "nameserver\n");
  },
);

attack(
  "CVE-2026-55686: a working directory is not made behind a link",
  script("pwd -P", (config) => {
    config.root.readonly = false;
    config.process.cwd = "/w/new";
  }),
  async (container, canary) => {
    Deno.symlinkSync(`../../outside`, `${container.rootfs}/w`);
    await container.run();
    Deno.removeSync(`${container.rootfs}/w`);
    Deno.symlinkSync(canary.path, `${container.rootfs}/w`);
    await container.run();
    change(container, (config) => config.process.cwd = "/w");
    await container.run();
  },
);

attack(
  "CVE-2020-2024, CVE-2020-2026: delete follows no link that replaced the state folder",
  command(["true"]),
  async (container, canary) => {
    assertSuccess(await container.create());
    const folder = `${container.root}/${container.id}`;
    const { pid } = await container.state();
    Deno.renameSync(folder, `${container.folder}/moved`);
    Deno.symlinkSync(canary.path, folder);
    await container.davit(["delete", "--force", container.id]);
    canary.assertUntouched();
    Deno.removeSync(folder);
    Deno.renameSync(`${container.folder}/moved`, folder);
    // A link inside the folder, and one over the bundle's root.
    Deno.symlinkSync(canary.path, `${folder}/link`);
    Deno.renameSync(container.rootfs, `${container.folder}/rootfs`);
    Deno.symlinkSync(canary.path, container.rootfs);
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    Deno.removeSync(container.rootfs);
    Deno.renameSync(`${container.folder}/rootfs`, container.rootfs);
    assertMatch(readIfThere(`/proc/${pid}/stat`), /^$|\) [ZX] /);
  },
);
