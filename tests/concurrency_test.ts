/** Many commands at once, some of them killed: nothing is left, or crossed. */
import { assert, assertEquals } from "@std/assert";
import { command, Container, rootTest, script } from "./container.ts";
import {
  assertSuccess,
  DAVIT,
  readIfThere,
  type Result,
  run,
  Running,
  until,
} from "./davit.ts";
import { randomNumbers } from "./mutate.ts";
import { needs, UserContainer } from "./user.ts";

rootTest("of 64 creates of one ID, one wins", async () => {
  await using container = new Container(command(["true"]));
  const { bundle, id } = container;
  const results = await Promise.all(
    Array.from(
      { length: 64 },
      () => container.davit(["create", "--bundle", bundle, id]),
    ),
  );
  assertEquals(results.filter(({ code }) => code === 0).length, 1);
  for (const { code, stderr } of results) {
    if (code !== 0) assert(/ID already in use/.test(stderr), stderr);
  }
  assertEquals((await container.state()).status, "created");
  assertSuccess(await container.davit(["delete", "--force", id]));
  assertEquals(container.leftovers(), []);
});

/** How many containers the workers make; CONCURRENCY=all makes all. */
const CONTAINERS = Deno.env.get("CONCURRENCY") === "all" ? 200 : 40;
const WORKERS = 8;

rootTest(
  "workers under random kills leave nothing and cross nothing",
  async () => {
    // The container says who it is: an exec must never land in another.
    await using base = new Container(
      script('echo "$HOSTNAME_OF" >/tmp/who; exec sleep 1000', (config) => {
        config.mounts.push({ destination: "/tmp", type: "tmpfs" });
      }),
    );
    const random = randomNumbers(Date.now() % 2 ** 31);
    let next = 0, kills = 0, crossed = 0;
    const ids: string[] = [];

    /** Runs a command, and kills it at some time, perhaps. */
    async function davit(...args: string[]) {
      using running = new Running(base.words(...args));
      if (random(4) === 0) {
        kills++;
        setTimeout(() => {
          try {
            running.kill("SIGKILL");
          } catch {
            // It has ended already.
          }
        }, random(60));
      }
      return await running.end();
    }

    async function work() {
      while (next < CONTAINERS) {
        const id = `${base.id}-${next++}`;
        ids.push(id);
        const bundle = `${base.folder}/${id}`;
        Deno.mkdirSync(bundle);
        Deno.symlinkSync(base.rootfs, `${bundle}/rootfs`);
        const config = JSON.parse(readIfThere(`${base.bundle}/config.json`));
        config.root.path = base.rootfs;
        config.process.env.push(`HOSTNAME_OF=${id}`);
        Deno.writeTextFileSync(`${bundle}/config.json`, JSON.stringify(config));
        await davit("create", "--bundle", bundle, id);
        await davit("start", id);
        const { code, stdout } = await davit("exec", id, "cat", "/tmp/who");
        if (code === 0 && stdout !== "" && stdout !== `${id}\n`) crossed++;
        await davit("list");
        await davit("kill", id, "KILL");
        await davit("delete", "--force", id);
      }
    }

    await Promise.all(Array.from({ length: WORKERS }, work));
    for (const id of ids) {
      const { code, stderr } = await run(
        base.words("delete", "--force", id),
      );
      assertEquals(code, 0, `${id}: ${stderr}`);
    }
    assertEquals(crossed, 0);
    const { stdout } = assertSuccess(await base.davit(["list", "--quiet"]));
    assertEquals(stdout, "");
    assertEquals(base.leftovers(), []);
    console.log(`${ids.length} containers, ${kills} kills, survivors: 0`);
  },
);

rootTest("list, state and delete race with create and exit", async () => {
  await using base = new Container(script("sleep 0.05"));
  const { bundle, id, root } = base;
  Deno.mkdirSync(root);
  let makers = 2, looks = 0, deleted = 0, ran = 0;
  /** One line, of a container that came or went meanwhile. */
  const assertTold = ({ code, stderr }: Result, text: RegExp) => {
    if (code === 0 || stderr === "") return;
    assert(/^[^\n]+\n$/.test(stderr) && text.test(stderr), stderr);
  };
  const maker = async (name: string) => {
    for (let i = 0; i < 12; i++) {
      const result = await base.davit([
        "run",
        "--bundle",
        bundle,
        `${name}${i}`,
      ]);
      if (result.code === 0) ran++;
      assertTold(result, new RegExp(name));
    }
    makers--;
  };
  const looker = async () => {
    while (makers > 0) {
      const list = assertSuccess(await base.davit(["list", "--format=json"]));
      assertEquals(list.stderr, "");
      for (const { id, status } of JSON.parse(list.stdout) ?? []) {
        assert(
          /^(creating|created|running|stopped)$/.test(status),
          list.stdout,
        );
        const state = await base.davit(["state", id]);
        if (state.code === 0) assertEquals(JSON.parse(state.stdout).id, id);
        else assertTold(state, /does not exist/);
        looks++;
      }
    }
  };
  const deleter = async () => {
    while (makers > 0) {
      const { stdout } = assertSuccess(await base.davit(["list", "--quiet"]));
      const ids = stdout.split("\n").filter((line) => line !== "");
      for (const any of ids) {
        // Those of one maker come to their own end.
        const force = any > `${id}-b`;
        const result = await base.davit(
          ["delete", ...force ? ["--force"] : [], any],
        );
        assertTold(result, /does not exist|not stopped/);
        if (force && assertSuccess(result)) deleted++;
      }
    }
  };
  await Promise.all([maker(`${id}-a`), maker(`${id}-b`), looker(), deleter()]);
  assertEquals(base.leftovers(), []);
  assert(looks > 0 && deleted > 0 && ran >= 12, `${looks} ${deleted} ${ran}`);
  console.log(`${looks} looks, ${deleted} deleted, ${ran} ran to their end`);
});

rootTest("two users, one of them root, do not meet", async () => {
  await using container = new Container(command(["sleep", "1000"]));
  const { id, folder } = container;
  assertSuccess(await container.run(["--detach"]));
  const other = `${folder}/other`;
  Deno.mkdirSync(other);
  Deno.chownSync(other, 65534, 65534);
  const asNobody = (...args: string[]) =>
    run([
      "setpriv",
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      DAVIT,
      ...args,
    ], { env: { XDG_RUNTIME_DIR: other } });
  // His own state root knows nothing of root's container.
  const { stderr } = await asNobody("state", id);
  assert(/does not exist/.test(stderr), stderr);
  assertSuccess(await asNobody("delete", "--force", id));
  assertEquals((await container.state()).status, "running");
  // Root's state is closed to him.
  for (const word of [["state", id], ["kill", id], ["delete", "--force", id]]) {
    const result = await asNobody("--root", container.root, ...word);
    assert(
      result.code !== 0 &&
        /Permission denied|does not exist/.test(result.stderr),
      `${word}: ${result.code} ${result.stderr}`,
    );
  }
  assertEquals((await container.state()).status, "running");
});

rootTest("two users have containers of one ID at one time", async () => {
  await using roots = new Container(command(["sleep", "1000"]));
  await using users = new UserContainer();
  await users.rootlessConfig((config) => {
    config.process.args = ["sleep", "1000"];
  });
  const { id } = roots;
  const status = ({ stdout }: Result) => JSON.parse(stdout).status;
  const his = async () => status(await users.asUser(["state", id]));
  // The second of them finds a cgroup of that name, which is not his.
  assertSuccess(await roots.run(["--detach"]));
  assertSuccess(await users.asUser(["run", id, "--detach"]));
  for (const one of [roots.davit.bind(roots), users.asUser.bind(users)]) {
    assertSuccess(await one(["delete", "--force", id]));
  }
  await Promise.all([
    roots.run(["--detach"]).then(assertSuccess),
    users.asUser(["run", "--detach", id]).then(assertSuccess),
  ]);
  const pids = [
    await roots.state(),
    JSON.parse(
      (await users.asUser(["state", id])).stdout,
    ),
  ].map(({ pid }) => pid);
  assert(pids[0] !== pids[1], `${pids}`);
  assertSuccess(await users.asUser(["kill", id, "KILL"]));
  await until("his ends", async () => await his() === "stopped");
  assertEquals((await roots.state()).status, "running");
  assertSuccess(await users.asUser(["delete", id]));
  assertSuccess(await users.asUser(["create", id]));
  assertSuccess(await roots.davit(["delete", "--force", id]));
  assertEquals(await his(), "created");
  assertSuccess(await users.asUser(["start", id]));
  assertEquals(await his(), "running");
  assertSuccess(await users.asUser(["delete", "--force", id]));
  assertEquals([...roots.leftovers(), ...users.leftovers()], []);
}, needs());
