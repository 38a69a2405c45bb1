/** Propagation of mounts, and of the root. */
import { assert, assertEquals } from "@std/assert";
import { containerTest, script } from "./container.ts";
import { assertSuccess, readIfThere, run, until } from "./davit.ts";
import { addMounts, bind, hostMounts, mounts, source } from "./mounts.ts";

containerTest(
  "mounts: propagation is visible in mountinfo",
  script("true"),
  async (container) => {
    const path = source(container);
    // A mount of the host that is shared, whatever the host's others are.
    assertSuccess(await run(["mount", "--bind", path, path]));
    try {
      assertSuccess(await run(["mount", "--make-shared", path]));
      addMounts(
        container,
        bind("/none", path, "bind"),
        bind("/private", path, "rbind", "rprivate"),
        bind("/slave", path, "rbind", "rslave"),
        bind("/shared", path, "rbind", "rshared"),
        bind("/unbindable", path, "bind", "unbindable"),
      );
      const seen = await mounts(container);
      const of = (name: string) => seen.get(name)!.propagation;
      assertEquals(of("/private"), []);
      assertEquals(of("/slave"), ["master"]);
      assert(of("/shared").includes("shared"), of("/shared").join());
      assertEquals(of("/unbindable"), ["unbindable"]);
      assertEquals(of("/none").includes("shared"), false, "none reaches out");
    } finally {
      await run(["umount", path]);
    }
  },
);

const PROPAGATION: Record<string, (tags: string[]) => boolean> = {
  private: (tags) => tags.length === 0,
  rprivate: (tags) => tags.length === 0,
  unbindable: (tags) => tags.includes("unbindable"),
  shared: (tags) => tags.includes("shared"),
  rshared: (tags) => tags.includes("shared"),
  slave: (tags) => !tags.includes("shared"),
  rslave: (tags) => !tags.includes("shared"),
};

for (const [name, fits] of Object.entries(PROPAGATION)) {
  containerTest(
    `mounts: rootfsPropagation ${name}`,
    script("true", (config) => config.linux["rootfsPropagation"] = name),
    async (container) => {
      const { propagation } = (await mounts(container)).get("/")!;
      assert(fits(propagation), propagation.join());
    },
  );
}

containerTest(
  "mounts: with rshared, as for a storage driver, the container's reach it",
  script("mount -t tmpfs tmpfs /in/new && sleep 100", (config) => {
    config.linux["rootfsPropagation"] = "rshared";
    for (const set of ["bounding", "effective", "permitted"] as const) {
      config.process.capabilities[set].push("CAP_SYS_ADMIN");
    }
  }),
  async (container) => {
    const path = source(container);
    Deno.mkdirSync(`${path}/new`);
    assertSuccess(await run(["mount", "--bind", path, path]));
    try {
      assertSuccess(await run(["mount", "--make-shared", path]));
      addMounts(container, bind("/in", path, "rbind", "rshared"));
      assertSuccess(await container.create());
      assertSuccess(await container.start());
      await until(
        "the host has the container's mount",
        () => readIfThere("/proc/self/mountinfo").includes(`${path}/new `),
      );
      assertSuccess(await container.davit(["delete", "--force", container.id]));
    } finally {
      await run(["umount", "-R", path]);
    }
  },
);

containerTest(
  "mounts: what a container mounts does not reach the host",
  script(
    "mount -t tmpfs tmpfs /in && mount -t tmpfs tmpfs /tmp && echo mounted",
    (config) => {
      for (const set of ["bounding", "effective", "permitted"] as const) {
        config.process.capabilities[set].push("CAP_SYS_ADMIN");
      }
    },
  ),
  async (container) => {
    const path = source(container);
    addMounts(container, bind("/in", path, "rbind"));
    const before = hostMounts(container);
    assertEquals(assertSuccess(await container.run()).stdout, "mounted\n");
    assertEquals(hostMounts(container), before);
  },
);

containerTest(
  "mounts: with rootfsPropagation slave the host's later mounts come in",
  script("sleep 100", (config) => config.linux["rootfsPropagation"] = "rslave"),
  async (container) => {
    const path = source(container), other = source(container, "other");
    Deno.mkdirSync(`${path}/later`);
    assertSuccess(await run(["mount", "--bind", path, path]));
    try {
      assertSuccess(await run(["mount", "--make-shared", path]));
      addMounts(container, bind("/in", path, "rbind", "rslave"));
      assertSuccess(await container.create());
      assertSuccess(await container.start());
      const { pid } = await container.state();
      const inside = `/proc/${pid}/root/in/later/file`;
      assertEquals(readIfThere(inside), "");
      assertSuccess(await run(["mount", "--bind", other, `${path}/later`]));
      assertEquals(readIfThere(inside), "other\n");
      assertSuccess(await run(["umount", `${path}/later`]));
      assertEquals(readIfThere(inside), "");
      assertSuccess(await container.davit(["delete", "--force", container.id]));
    } finally {
      await run(["umount", "-R", path]);
    }
  },
);
