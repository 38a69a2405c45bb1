/** Processes that an ordinary user adds to his containers. */
import { assertEquals, assertMatch } from "@std/assert";
import { rootTest } from "./container.ts";
import { assertOneLine, assertSuccess } from "./davit.ts";
import { needs, UID, UserContainer, withRanges } from "./user.ts";

const LOOK = `id -u; cat /proc/self/setgroups; hostname; pwd
for kind in mnt pid user uts ipc net; do
  test "$(readlink /proc/1/ns/$kind)" = "$(readlink /proc/self/ns/$kind)" ||
    echo $kind differs; done`;

rootTest(
  "exec, rootless: in the namespaces of the user's container",
  async () => {
    await using container = new UserContainer();
    await container.rootlessConfig((config) => {
      config.process.args = ["sleep", "100"];
    });
    const exec = (...args: string[]) => container.asUser(["exec", ...args]);
    assertSuccess(await container.asUser(["create", "r1"]));
    assertOneLine(
      await exec("r1", "true"),
      /Permission denied: before "davit start" only root may/,
    );
    assertSuccess(await container.asUser(["start", "r1"]));
    const { stdout } = assertSuccess(await exec("r1", "sh", "-c", LOOK));
    assertEquals(stdout, "0\ndeny\ndavit\n/\n");
    assertEquals((await exec("r1", "sh", "-c", "exit 7")).code, 7);
    assertOneLine(
      await exec("--user", "1", "r1", "true"),
      /process\.user\.uid: 1 is not one of the IDs that linux\.uidMappings maps/,
    );
    assertOneLine(
      await exec("-g", "0", "r1", "true"),
      /additional groups .*: the container's user namespace denies setgroups/,
    );
    const file = `${container.folder}/home/pid`;
    assertSuccess(await exec("-d", "--pid-file", file, "r1", "sleep", "50"));
    const pid = Deno.readTextFileSync(file);
    assertMatch(
      Deno.readTextFileSync(`/proc/${pid}/status`),
      new RegExp(`^Uid:\t${UID}\t`, "m"),
    );
    Deno.kill(Number(pid), "SIGKILL");
    assertSuccess(await container.asUser(["delete", "--force", "r1"]));
    assertEquals(container.leftovers(), []);
  },
  needs(),
);

rootTest(
  "exec, rootless: as a user of the ranges that he was given",
  async () => {
    await using container = new UserContainer();
    await container.rootlessConfig((config) => {
      const map = [
        { containerID: 0, hostID: UID, size: 1 },
        { containerID: 1, hostID: 200000, size: 1000 },
      ];
      config.linux.uidMappings = config.linux.gidMappings = map;
      config.process.user = { uid: 5, gid: 6 };
      config.process.args = ["sleep", "100"];
    });
    await withRanges(container.folder, async (ranges) => {
      assertSuccess(await container.asUser(["run", "-d", "r1"], ranges));
    });
    const look = ["r1", "sh", "-c", "id -u; id -G"];
    const exec = (...args: string[]) => container.asUser(["exec", ...args]);
    assertEquals(assertSuccess(await exec(...look)).stdout, "5\n6\n");
    const flags = ["-u", "7:8", "-g", "9"];
    assertEquals(
      assertSuccess(await exec(...flags, ...look)).stdout,
      "7\n8 9\n",
    );
    assertSuccess(await container.asUser(["delete", "--force", "r1"]));
    assertEquals(container.leftovers(), []);
  },
  needs("newuidmap", "newgidmap", "unshare", "mount"),
);

rootTest(
  "exec, rootless: root of a namespace in which Davit runs as well",
  async () => {
    await using container = new UserContainer();
    await container.rootlessConfig((config) => {
      const { linux } = config;
      linux.namespaces = linux.namespaces.filter(({ type }) => type !== "user");
      delete linux.uidMappings;
      delete linux.gidMappings;
      config.process.args = ["sleep", "100"];
    });
    const davit = `$0 --root ${container.folder}/home/root`;
    const script = `set -e; ${davit} run -d r1
      ${davit} exec r1 sh -c 'id -u; cat /proc/1/comm'
      ${davit} delete --force r1`;
    const { stdout } = assertSuccess(
      await container.asUser([], [], [
        ...["unshare", "--user", "--map-root-user", "--mount"],
        ...["sh", "-c", script],
      ]),
    );
    assertEquals(stdout, "0\nsleep\n");
    assertEquals(container.leftovers(), []);
  },
  needs("unshare"),
);
