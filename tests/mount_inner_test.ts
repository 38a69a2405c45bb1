/** Mounts whose place, or whose source, is given by the host's path of root. */
import { assertEquals } from "@std/assert";
import type { Config } from "./config.ts";
import { change, type Container, containerTest, script } from "./container.ts";
import { assertSuccess } from "./davit.ts";
import { addMounts, bind, hostMounts, source } from "./mounts.ts";

type Patch = (config: Config) => void;

const VARIANTS: Record<string, Patch> = {
  "a mount namespace": () => {},
  "a user namespace": (config) => {
    const map = [{ containerID: 0, hostID: 0, size: 70000 }];
    config.linux.namespaces.push({ type: "user" });
    config.linux.uidMappings = config.linux.gidMappings = map;
  },
  "hooks that see the root at its path": (config) => {
    config.hooks = { prestart: [{ path: "/bin/true" }] };
  },
};

/** A mount over another one, and both bound elsewhere, as they are by then. */
function nest(container: Container): void {
  const outer = source(container, "outer");
  const { rootfs } = container;
  Deno.mkdirSync(`${outer}/in`);
  Deno.mkdirSync(`${rootfs}/mnt`);
  addMounts(
    container,
    bind("/mnt", outer, "bind"),
    bind(`${rootfs}/mnt/in`, source(container, "inner"), "bind"),
    bind("/all", `${rootfs}/mnt`, "rbind"),
    bind(`${rootfs}/one`, `${rootfs}/mnt/in`, "bind"),
  );
}

for (const [name, patch] of Object.entries(VARIANTS)) {
  containerTest(
    `mounts: paths of the host that lead into the root, with ${name}`,
    script(
      "cat /mnt/file /mnt/in/file /all/file /all/in/file /one/file; ls -d /tmp/*",
      (config) => {
        patch(config);
        // Nothing else is made at the path that the host has.
        config.mounts.push(
          { destination: "/tmp", type: "tmpfs", source: "tmpfs" },
        );
      },
    ),
    async (container) => {
      nest(container);
      change(container, (config) => config.root.readonly = false);
      const before = hostMounts(container);
      const { stdout } = await container.run();
      assertEquals(stdout, "outer\ninner\nouter\ninner\ninner\n");
      assertEquals(hostMounts(container), before);
      assertEquals(
        [...Deno.readDirSync(`${container.rootfs}/mnt`)].length,
        0,
        "the root file system has no more than it had",
      );
    },
  );
}

containerTest(
  "mounts: a source among the container's own mounts gets other owners",
  script("stat -c %u:%g /mnt/file /all/file", (config) => {
    const map = [{ containerID: 0, hostID: 0, size: 70000 }];
    config.linux.namespaces.push({ type: "user" });
    config.linux.uidMappings = config.linux.gidMappings = map;
  }),
  async (container) => {
    const path = source(container);
    Deno.chownSync(`${path}/file`, 5, 6);
    const map = [{ containerID: 0, hostID: 1000, size: 1000 }];
    addMounts(
      container,
      bind("/mnt", path, "bind"),
      {
        ...bind("/all", `${container.rootfs}/mnt`, "bind"),
        ...{ uidMappings: map, gidMappings: map },
      },
    );
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "5:6\n1005:1006\n",
    );
  },
);
