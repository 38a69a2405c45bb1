/** What is kept of kata-runtime's OCI layer, through the command line. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { readConfig, writeConfig } from "./bundle.ts";
import type { Patch } from "./config.ts";
import { command, Container, containerTest, rootTest } from "./container.ts";
import { assertOneLine, assertSuccess, DAVIT, run } from "./davit.ts";

/** Annotations of containerd, and of CRI-O. */
const ENGINES = {
  containerd: (type: string, sandbox: string) => ({
    "io.kubernetes.cri.container-type": type,
    "io.kubernetes.cri.sandbox-id": sandbox,
  }),
  "CRI-O": (type: string, sandbox: string) => ({
    "io.kubernetes.cri-o.ContainerType": type,
    "io.kubernetes.cri-o.SandboxID": sandbox,
  }),
};

function change(container: Container, patch: Patch): void {
  const config = readConfig(container.bundle);
  patch(config);
  writeConfig(container.bundle, config);
}

/** The tree of the mapping: container to sandboxes. */
function mapping(root: string): Record<string, string[]> {
  const names = (path: string) =>
    [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  const folder = `${root}/containers-mapping`;
  return Object.fromEntries(
    names(folder).map((id) => [id, names(`${folder}/${id}`)]),
  );
}

for (const [engine, annotations] of Object.entries(ENGINES)) {
  rootTest(`kata: the containers of a pod of ${engine}`, async () => {
    await using pod = new Container(command(["sleep", "100"], (config) => {
      config.hostname = "the-pod";
    }));
    await using one = new Container(command(["sleep", "100"]));
    await using two = new Container(command(["sleep", "100"]));
    const members = [one, two];
    const on = (c: Container, ...args: string[]) =>
      run([DAVIT, "--root", pod.root, ...args, c.id]);
    try {
      change(
        pod,
        (config) => config.annotations = annotations("sandbox", pod.id),
      );
      assertSuccess(await pod.create());
      assertSuccess(await pod.start());
      const { pid } = await pod.state();
      for (const member of members) {
        change(member, (config) => {
          config.annotations = annotations("container", pod.id);
          delete (config as Record<string, unknown>).hostname;
          for (const entry of config.linux.namespaces) {
            const file = { network: "net", ipc: "ipc", uts: "uts" }[entry.type];
            if (file !== undefined) entry.path = `/proc/${pid}/ns/${file}`;
          }
        });
        assertSuccess(await on(member, "create", "--bundle", member.bundle));
        assertSuccess(await on(member, "start"));
      }
      const all = [pod, one, two].map(({ id }) => id);
      assertEquals(
        mapping(pod.root),
        Object.fromEntries(all.toSorted().map((id) => [id, [pod.id]])),
      );
      const listed = assertSuccess(
        await run([DAVIT, "--root", pod.root, "list", "--quiet"]),
      ).stdout.trim().split("\n");
      assertEquals(listed.toSorted(), all.toSorted());
      for (const member of members) {
        const state = JSON.parse(
          assertSuccess(await on(member, "state")).stdout,
        );
        assertEquals(state.status, "running");
        assertEquals(state.annotations, annotations("container", pod.id));
        for (const name of ["net", "ipc", "uts"]) {
          assertEquals(
            Deno.readLinkSync(`/proc/${state.pid}/ns/${name}`),
            Deno.readLinkSync(`/proc/${pid}/ns/${name}`),
          );
        }
      }
      // One member's end is not the others'.
      assertSuccess(await on(one, "delete", "--force"));
      assertEquals(Object.keys(mapping(pod.root)), [pod.id, two.id].toSorted());
      assertEquals((await pod.state()).status, "running");
      // Nor is the sandbox's: its members keep their namespaces.
      assertSuccess(await on(pod, "delete", "--force"));
      assertEquals(mapping(pod.root), { [two.id]: [pod.id] });
      const state = JSON.parse(assertSuccess(await on(two, "state")).stdout);
      assertEquals(state.status, "running");
      assertSuccess(await on(two, "delete", "--force"));
      assertEquals(mapping(pod.root), {});
      for (const container of [pod, one, two]) {
        assertEquals(container.leftovers(), []);
      }
    } finally {
      for (const member of members) await on(member, "delete", "--force");
    }
  });
}

containerTest(
  "kata: a container without its sandbox's ID is refused",
  command(["true"], (config) => {
    config.annotations = { "io.kubernetes.cri.container-type": "container" };
  }),
  async (container) => {
    assertOneLine(await container.create(), /Missing sandbox ID/);
    assertEquals(container.leftovers(), []);
  },
);

for (
  const id of ["", "..", ".", "a/b", "../../x", "a".repeat(300), "a\nb"]
) {
  containerTest(
    `kata: the sandbox's ID ${JSON.stringify(id.slice(0, 10))} is refused`,
    command(["true"], (config) => {
      config.annotations = ENGINES.containerd("container", id);
    }),
    async (container) => {
      assertOneLine(await container.create(), /sandbox/);
      assertEquals(container.leftovers(), []);
    },
  );
}

containerTest(
  "kata: create's checks, in their order and words",
  command(["sleep", "100"]),
  async (container) => {
    const create = (id: string, bundle: string) =>
      container.davit(["create", "--bundle", bundle, id]);
    const none = `${container.folder}/none`;
    assertOneLine(await create("", none), /Missing container ID/);
    assertSuccess(await container.create());
    assertOneLine(
      await create(container.id, none),
      /ID already in use, unique ID should be provided/,
    );
    const other = `${container.id}-2`;
    assertOneLine(
      await create(other, none),
      new RegExp(`Invalid bundle path '${none}': No such file or directory`),
    );
    const file = `${container.bundle}/config.json`;
    assertOneLine(
      await create(other, file),
      new RegExp(`Invalid bundle path '${file}', it should be a directory`),
    );
    assertEquals(container.leftovers().some((l) => l.includes(other)), false);
  },
);

containerTest(
  "kata: a bundle behind symbolic links",
  command(["true"]),
  async (container) => {
    Deno.symlinkSync("bundle", `${container.folder}/link`);
    assertSuccess(
      await container.davit([
        "create",
        "--bundle",
        `${container.folder}/link`,
        container.id,
      ]),
    );
    const { bundle } = await container.state();
    assert([container.bundle, `${container.folder}/link`].includes(bundle));
  },
);

containerTest(
  "kata: looking up what must exist fails in Kata's words",
  command(["true"]),
  async (container) => {
    const long = "x".repeat(300);
    for (const id of ["none", "..", "a/b", "containers-mapping", long]) {
      for (const words of [["state"], ["start"], ["kill"], ["delete"]]) {
        const result = await container.davit([...words, id]);
        assertOneLine(result, /Container ID \(.*\) does not exist/);
      }
      assertSuccess(await container.davit(["delete", "--force", id]));
    }
  },
);

containerTest(
  "kata: list and state of a container whose mapping is damaged",
  command(["sleep", "100"]),
  async (container) => {
    assertSuccess(await container.create());
    const folder = `${container.root}/containers-mapping/${container.id}`;
    Deno.mkdirSync(`${folder}/second`);
    const result = await container.davit(["state", container.id]);
    assertEquals(result.code, 1);
    assertMatch(result.stderr, /2 entries/);
    assertMatch(result.stderr, new RegExp(folder));
    assertEquals(/internal error/.test(result.stderr), false, result.stderr);
    assertSuccess(await container.davit(["list"]));
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "kata: init outlives the create that made it, each time",
  command(["sleep", "100"]),
  async (container) => {
    for (let i = 0; i < 40; i++) {
      assertSuccess(await container.create());
      assertEquals([i, (await container.state()).status], [i, "created"]);
      assertSuccess(await container.davit(["delete", "--force", container.id]));
    }
  },
);
