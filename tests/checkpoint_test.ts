/** Checkpoint and restore, with criu and with what only talks as it does. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  change,
  command,
  type Container,
  containerTest,
  onPath,
  script,
} from "./container.ts";
import { env, fakeCriu, WORKING, working } from "./criu.ts";
import { assertOneLine, assertSuccess, readIfThere, until } from "./davit.ts";

const COUNTS = script(
  "i=0; while :; do i=$((i+1)); echo $i >/tmp/count; sleep 0.05; done",
  (config) => {
    config.root.readonly = false;
    config.mounts.push({
      destination: "/bound",
      type: "bind",
      source: "/usr",
      options: ["bind", "ro"],
    });
  },
);

function count(container: Container): number {
  return Number(readIfThere(`${container.rootfs}/tmp/count`));
}

/** Waits until the program has counted on. */
async function counts(container: Container, from: number): Promise<number> {
  await until("it counts", () => count(container) > from + 1);
  return count(container);
}

const ID = (container: Container) => container.id;

containerTest(
  "checkpoint: a container goes on where it was",
  COUNTS,
  async (container) => {
    const id = ID(container);
    const images = `${container.folder}/images`;
    assertSuccess(await container.run(["--detach"]));
    const before = await counts(container, 3);
    const flags = ["--image-path", images];
    assertSuccess(
      await container.davit(
        ["checkpoint", ...flags, "--leave-running", id],
        { env },
      ),
    );
    await counts(container, before);
    assertEquals((await container.state()).status, "running");
    // A paused one can be saved, too.
    assertSuccess(await container.davit(["pause", id]));
    const last = count(container);
    assertSuccess(
      await container.davit(["checkpoint", ...flags, id], { env }),
    );
    assertEquals(container.leftovers(), []);
    const words = ["restore", ...flags, "--bundle", container.bundle];
    assertSuccess(
      await container.davit([...words, "--detach", id], { env }),
    );
    assert(count(container) >= last, "it has not begun anew");
    await counts(container, last);
    const { stdout } = assertSuccess(
      await container.davit(["exec", id, "sh", "-c", "ls /bound; ip addr"]),
    );
    assertMatch(stdout, /^bin$/m);
    assertMatch(stdout, /lo: <LOOPBACK,UP/);
    const table = readIfThere("/proc/self/mountinfo");
    assert(!table.includes(container.folder), "no mount is left on the host");
    assertSuccess(await container.davit(["delete", "--force", id]));
    assertEquals(container.leftovers(), []);
  },
  WORKING,
);

containerTest(
  "checkpoint: restore in the foreground ends as the program does",
  script("while ! test -e /tmp/go; do sleep 0.05; done; exit 7", (config) => {
    config.root.readonly = false;
  }),
  async (container) => {
    const id = ID(container);
    const flags = ["--image-path", `${container.folder}/images`];
    assertSuccess(await container.run(["--detach"]));
    assertSuccess(
      await container.davit(["checkpoint", ...flags, id], { env }),
    );
    const words = ["restore", ...flags, "--bundle", container.bundle, id];
    using restored = container.spawn(words, { env });
    await until(
      "it runs",
      async () => (await container.davit(["state", id])).code === 0,
    );
    Deno.writeTextFileSync(`${container.rootfs}/tmp/go`, "");
    assertEquals((await restored.end()).code, 7);
    assertEquals(container.leftovers(), []);
  },
  WORKING,
);

containerTest(
  "checkpoint: a criu that cannot leaves the container as it was",
  COUNTS,
  async (container) => {
    const id = ID(container);
    const images = `${container.folder}/images`;
    assertSuccess(await container.run(["--detach"]));
    assertOneLine(
      await container.davit(["checkpoint", "--image-path", images, id]),
      /Cannot checkpoint container ".*": criu failed.*; the end of its log: .*Error/,
    );
    await counts(container, count(container));
    assertEquals(readIfThere(`${images}/dump.log`), "");
  },
  {
    programs: ["criu"],
    missing: working ? "a kernel that criu fails on" : undefined,
  },
);

containerTest(
  "checkpoint: criu is told what is outside of the container",
  COUNTS,
  async (container) => {
    const id = ID(container);
    const fake = fakeCriu(container, "ok");
    change(container, (config) => {
      config.annotations = { "org.criu.config": "/etc/mine.conf" };
    });
    assertSuccess(await container.run(["--detach"]));
    const { pid } = await container.state();
    const flags = [
      "--image-path",
      `${container.folder}/images`,
      "--work-path",
      `${container.folder}/work`,
      "--shell-job",
      "--leave-running",
      "--manage-cgroups-mode=full",
    ];
    assertSuccess(
      await container.davit(["checkpoint", ...flags, id], { env: fake.env }),
    );
    const { external, freezer, ...asked } = fake.asked();
    assertEquals(asked, {
      type: 1,
      pid,
      leaveRunning: 1,
      shellJob: 1,
      root: container.rootfs,
      cgroupsMode: 4,
      emptyNamespaces: 0x40000000,
      config: "/etc/mine.conf",
    });
    assert(external.includes("mnt[/bound]:/bound"), external.join(" "));
    assert(external.includes("mnt[/proc/keys]:/dev/null"), external.join(" "));
    assertMatch(freezer, new RegExp(id));
    assertEquals((await container.state()).status, "running");
    const names = readIfThere(`${container.folder}/images/descriptors.json`);
    assertEquals(JSON.parse(names).length, 3);
    assertMatch(readIfThere(`${container.folder}/work/dump.log`), /moon/);

    assertOneLine(
      await container.davit(["checkpoint", "--pre-dump", id], {
        env: fake.env,
        cwd: container.folder,
      }),
      /--pre-dump: criu is missing features: memTrack/,
    );
  },
);

containerTest(
  "checkpoint: a failure tells the end of criu's log, and undoes",
  COUNTS,
  async (container) => {
    const id = ID(container);
    const { env } = fakeCriu(container, "fail");
    const images = `${container.folder}/images`;
    assertSuccess(await container.run(["--detach"]));
    const failed =
      /criu failed \(error number 52\); the end of its log: Error \(criu\/x\.c:1\): the moon is full$/m;
    assertOneLine(
      await container.davit(["checkpoint", "--image-path", images, id], {
        env,
      }),
      failed,
    );
    assertEquals(readIfThere(`${images}/dump.log`), "");
    await counts(container, count(container));
    assertSuccess(await container.davit(["delete", "--force", id]));

    Deno.mkdirSync(images);
    const words = ["restore", "--bundle", container.bundle, "--image-path"];
    assertOneLine(
      await container.davit([...words, images, id], { env }),
      /it holds no checkpoint/,
    );
    Deno.writeTextFileSync(`${images}/descriptors.json`, '["","",""]');
    assertOneLine(
      await container.davit([...words, images, "--detach", id], { env }),
      /Cannot restore container ".*": criu failed.*log ".*restore\.log": Error .*moon/,
    );
    assertEquals(container.leftovers(), []);
  },
);

containerTest(
  "checkpoint: what cannot be is refused in one line",
  command(["sleep", "100"]),
  async (container) => {
    const id = ID(container);
    assertSuccess(await container.create());
    assertOneLine(
      await container.davit(["checkpoint", id]),
      /Container cannot be checkpointed in created state/,
    );
    assertSuccess(await container.start());
    const bin = `${container.folder}/bin`;
    Deno.mkdirSync(bin);
    Deno.symlinkSync("/bin/sh", `${bin}/sh`);
    const nowhere = { env: { PATH: bin }, cwd: container.folder };
    assertOneLine(
      await container.davit(["checkpoint", id], nowhere),
      /Cannot find criu/,
    );
    for (
      const [flags, cause] of [
        [["--parent-path", "/a"], /must be relative/],
        [["--page-server", "x"], /Use --page-server ADDRESS:PORT/],
        [["--page-server", "x:99999"], /Use --page-server ADDRESS:PORT/],
        [["--status-fd", "x"], /invalid --status-fd/],
        [["--status-fd", "77"], /no such descriptor/],
        [["--manage-cgroups-mode", "x"], /invalid manage-cgroups-mode/],
        [["--empty-ns", "pid"], /namespace "pid" is not supported/],
      ] as const
    ) {
      assertOneLine(await container.davit(["checkpoint", ...flags, id]), cause);
    }
    assertOneLine(await container.davit(["checkpoint", "none"]), /not exist/);
    const words = ["restore", "--bundle", container.bundle];
    const { folder } = container;
    assertOneLine(
      await container.davit([...words, "--image-path", "/none", "other"], {
        cwd: folder,
      }),
      onPath("criu") ? /Cannot use --image-path "\/none"/ : /Cannot find criu/,
    );
    assertOneLine(await container.davit([...words, id]), /ID already in use/);
  },
);
