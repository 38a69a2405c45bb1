/**
 * Layouts of cgroups that are not the host's: made of its own in a mount
 * namespace of the test's, or under another kernel.
 *
 * @module
 */

import { assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import { command, Container, idOf, rootTest } from "./container.ts";
import { assertSuccess, DAVIT, readIfThere, run, until } from "./davit.ts";
import { cgroupsOf } from "./leftovers.ts";
import { umlMissing, underUml } from "./uml.ts";

const mounts = readIfThere("/proc/self/mountinfo");

/** Where a controller of v1 is mounted on this host. */
function mountOf(controller: string): string | undefined {
  const line = mounts.split("\n").find((line) =>
    line.includes(" - cgroup ") &&
    line.split(" ").at(-1)!.split(",").includes(controller)
  );
  return line?.split(" ")[4];
}

function limited(resources: Record<string, unknown>): Patch {
  return (config) => {
    config.linux.cgroupsPath = `/${idOf(config)}`;
    config.linux.resources = resources;
  };
}

const pids = mountOf("pids");
const noPids = pids === undefined ? "cgroup v1 with pids" : undefined;

/** Runs Davit where the mounts are other ones. */
function elsewhere(script: string, ...words: string[]) {
  return run([
    "unshare",
    "--mount",
    "sh",
    "-c",
    `${script} || exit 99; exec "$@"`,
    "sh",
    ...words,
  ]);
}

for (
  const [what, script, words] of [
    [
      "read-only",
      `mount --bind ${pids} ${pids} && mount -o remount,bind,ro ${pids}`,
      /make cgroup "[^"]*pids[^"]*": read-only file system/,
    ],
    [
      "missing",
      `umount ${pids}`,
      /pids\.limit: the cgroup controller "pids" is not mounted, mount it/,
    ],
  ] as const
) {
  rootTest(
    `layouts: a controller that is ${what} is needed by who asks for it`,
    async () => {
      const resources = { memory: { limit: 64 << 20 } };
      await using idle = new Container(command(["true"], limited(resources)));
      const flags = ["run", "--bundle"];
      assertSuccess(
        await elsewhere(
          script,
          ...idle.words(...flags, idle.bundle, idle.id),
        ),
      );
      await using asking = new Container(
        command(["true"], limited({ ...resources, pids: { limit: 9 } })),
      );
      const { code, stderr } = await elsewhere(
        script,
        ...asking.words(...flags, asking.bundle, asking.id),
      );
      assertEquals(code, 1);
      assertMatch(stderr, words);
      assertEquals([...cgroupsOf(idle), ...cgroupsOf(asking)], []);
    },
    { missing: noPids },
  );
}

/** Which hierarchy has net_prio, as /proc/cgroups counts; 0: none. */
function netHierarchy(): string | undefined {
  return /^net_prio\t([0-9]+)/m.exec(readIfThere("/proc/cgroups"))?.[1];
}

/**
 * Waits until the kernel has forgotten a hierarchy: that needs an unmount
 * while nothing of its cgroups is left, which takes a while.
 */
async function forgetHierarchy(mount: string, at: string): Promise<void> {
  await until("the hierarchy is gone", async () => {
    if (netHierarchy() === "0") return true;
    await elsewhere(`${mount} ${at} && umount ${at} && sleep 0.2`, "true");
    return netHierarchy() === "0";
  }, 60);
}

rootTest(
  "layouts: classes and priorities of packets, by controllers of v1",
  async () => {
    const network = {
      classID: 0x100001,
      priorities: [{ name: "lo", priority: 5 }],
    };
    await using container = new Container(
      command(["sleep", "100"], limited({ network })),
    );
    const { bundle, folder, id } = container;
    Deno.mkdirSync(`${folder}/net`);
    const davit = container.words().join(" ");
    const look = `cat ${folder}/net/${id}/net_cls.classid; ` +
      `grep ^lo ${folder}/net/${id}/net_prio.ifpriomap`;
    const mount = "mount -t cgroup -o net_cls,net_prio cgroup";
    const changed = {
      network: { classID: 7, priorities: [{ name: "lo", priority: 0 }] },
    };
    Deno.writeTextFileSync(`${folder}/update.json`, JSON.stringify(changed));
    const { code, stdout, stderr } = await elsewhere(
      `${mount} ${folder}/net`,
      "sh",
      "-ec",
      `${davit} create --bundle ${bundle} ${id} </dev/null; ${look}
     ${davit} update --resources ${folder}/update.json ${id}; ${look}
     ${davit} delete --force ${id}; ls -d ${folder}/net/${id} 2>&1 || true`,
    );
    await forgetHierarchy(mount, `${folder}/net`);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(stdout.split("\n").slice(0, 4), [
      "1048577",
      "lo 5",
      "7",
      "lo 0",
    ]);
    assertMatch(stdout, /No such file/);
  },
  {
    missing: netHierarchy() === undefined || mountOf("net_prio")
      ? "net_prio, mounted nowhere"
      : undefined,
  },
);

rootTest(
  "layouts: v1 and v2 each have controllers, in one container",
  async () => {
    await using container = new Container(command(
      ["sleep", "100"],
      limited({
        memory: { limit: 32 << 20, swap: 64 << 20 },
        cpu: { shares: 512 },
        pids: { limit: 20 },
        unified: { "memory.high": "20971520" },
      }),
    ));
    const { bundle, id } = container;
    // What no hierarchy of v1 has is v2's.
    const script = `
    cd /sys/fs/cgroup
    umount memory pids && rmdir memory pids
    davit() { ${DAVIT} --root /run/davit "$@"; }
    look() {
      cat unified/$1/memory.max unified/$1/memory.swap.max \\
        unified/$1/memory.high unified/$1/pids.max cpu,cpuacct/$1/cpu.shares
    }
    davit create --bundle ${bundle} ${id} </dev/null && look ${id}
    davit update --memory 40M --pids-limit 9 --cpu-share 1024 ${id} && look ${id}
    davit delete --force ${id} && ls -d */${id} 2>&1`;
    const { stdout } = await underUml("hybrid", ["sh", "-c", script]);
    const found = stdout.split("\n").filter((line) => /^[0-9]+$/.test(line));
    assertEquals(found, [
      ...["33554432", "33554432", "20971520", "20", "512"],
      ...["41943040", "25165824", "20971520", "9", "1024"],
    ], stdout);
    assertMatch(stdout, /No such file/);
  },
  { missing: umlMissing() },
);
