/**
 * What mounts have on the host stays when the root of a container's user
 * namespace, who may change mounts, wants otherwise: mount_namespaces(7).
 */
import { assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import { change, type Container, containerTest, script } from "./container.ts";
import { assertSuccess, readIfThere, run } from "./davit.ts";
import { setHooks, shell } from "./hooks.ts";
import { addMounts, bind } from "./mounts.ts";

/** Tries to make the mounts at /data and / writable, and to write. */
const ATTACK = script(`
  for place in /data /; do
    mount -o remount,bind,rw,dev,suid $place 2>/dev/null && echo "$place is open"
    umount $place/inner 2>/dev/null && echo "$place/inner is gone"
  done
  (echo x >/data/file) 2>/dev/null && echo "wrote to /data"
  (echo x >/new) 2>/dev/null && echo "wrote to /"
  cut -d' ' -f5-6 /proc/self/mountinfo | grep -E '^/(data)? '
`);

const MAP = [{ containerID: 0, hostID: 0, size: 65536 }];

function mighty(more: Patch): Patch {
  return (config) => {
    ATTACK(config);
    config.root.readonly = false;
    const { capabilities } = config.process;
    for (const set of ["bounding", "effective", "permitted"] as const) {
      capabilities[set].push("CAP_SYS_ADMIN");
    }
    more(config);
  };
}

const newUsers: Patch = ({ linux }) => {
  linux.namespaces.push({ type: "user" });
  linux.uidMappings = linux.gidMappings = MAP;
};

/** Runs it where its root and the source of /data may only be read. */
async function attack(container: Container): Promise<void> {
  const { folder, rootfs, bundle, id } = container;
  const data = `${folder}/data`;
  Deno.mkdirSync(`${data}/inner`, { recursive: true });
  Deno.writeTextFileSync(`${data}/file`, "before\n");
  Deno.mkdirSync(`${rootfs}/data`);
  addMounts(container, bind("/data", data, "rbind"));
  // A link to the root is followed.
  change(container, (config) => config.root.path = "link");
  Deno.symlinkSync("rootfs", `${bundle}/link`);
  const closed = [data, rootfs].map((path) =>
    `mount --bind ${path} ${path}; mount -o remount,bind,ro,nodev,nosuid ${path}`
  );
  const { stdout } = assertSuccess(
    await run([
      "unshare",
      "--mount",
      "--propagation",
      "private",
      "sh",
      "-ec",
      `${closed.join("\n")}
      mount -t tmpfs tmpfs ${data}/inner
      exec "$@"`,
      "sh",
      ...container.words("run", "--bundle", bundle, id),
    ]),
  );
  assertMatch(stdout, /^\/ ro,nosuid,nodev,\w+\n\/data ro,nosuid,nodev,\w+\n$/);
  assertEquals(readIfThere(`${data}/file`), "before\n");
  assertEquals(readIfThere(`${rootfs}/new`), "");
  assertEquals(container.leftovers(), []);
}

const needs = { programs: ["unshare"] };

containerTest(
  "locked: with a user namespace",
  mighty(newUsers),
  attack,
  needs,
);

containerTest(
  "locked: with a user namespace and hooks, for which the root is at its path",
  mighty(newUsers),
  async (container) => {
    const folder = `${container.folder}/told`;
    Deno.mkdirSync(folder);
    setHooks(container, {
      createRuntime: [shell(`echo runtime >${folder}/runtime`)],
      createContainer: [
        shell(`grep -c ' ${container.rootfs} ' /proc/self/mountinfo >&2`),
      ],
    });
    await attack(container);
    assertEquals(readIfThere(`${folder}/runtime`), "runtime\n");
  },
  needs,
);

containerTest(
  "locked: with a user namespace that is joined",
  mighty(() => {}),
  async (container) => {
    await using holder = new Deno.Command("unshare", {
      args: ["--user", "--map-root-user", "sleep", "1000"],
    }).spawn();
    try {
      const path = `/proc/${holder.pid}/ns/user`;
      const own = Deno.readLinkSync("/proc/self/ns/user");
      while (Deno.readLinkSync(path) === own) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      change(container, ({ linux, mounts }) => {
        linux.namespaces.push({ type: "user", path });
        for (const mount of mounts) { // it has no other group
          mount.options = mount.options?.filter((o) => o !== "gid=5") ?? [];
        }
      });
      await attack(container);
    } finally {
      holder.kill("SIGKILL");
    }
  },
  needs,
);
