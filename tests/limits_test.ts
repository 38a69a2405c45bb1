/** Limits, as the kernel reports them on the host. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { hostLayout } from "../cgroup/layout.ts";
import type { Patch } from "./config.ts";
import {
  command,
  Container,
  containerTest,
  idOf,
  rootTest,
  script,
} from "./container.ts";
import { assertSuccess, readIfThere, run, until } from "./davit.ts";
import { cgroupsOf } from "./leftovers.ts";

const MIB = 1 << 20;
const FILES = [
  "memory.limit_in_bytes",
  "memory.max",
  "cpu.shares",
  "cpu.weight",
  "cpu.cfs_quota_us",
  "cpu.cfs_period_us",
  "cpu.max",
  "pids.max",
];

/** What the limit files of a container's cgroups hold. */
function limits(container: Container, end = container.id) {
  const found: Record<string, string> = {};
  for (const folder of cgroupsOf(container)) {
    if (!folder.endsWith(end)) continue;
    for (const file of FILES) {
      const text = readIfThere(`${folder}/${file}`).trim();
      if (text !== "") found[file] = text;
    }
  }
  return found;
}

const limited: Patch = (config) => {
  config.linux.cgroupsPath = `/${idOf(config)}`;
  config.linux.resources = {
    memory: { limit: 64 * MIB },
    cpu: { shares: 512, quota: 50_000, period: 200_000 },
    pids: { limit: 25 },
  };
};

/** Whether the host's controllers are on cgroup v1. */
const v1 = readIfThere("/proc/self/mountinfo").includes(" - cgroup cgroup ");

const expected: Record<string, string> = v1
  ? {
    "memory.limit_in_bytes": `${64 * MIB}`,
    "cpu.shares": "512",
    "cpu.cfs_quota_us": "50000",
    "cpu.cfs_period_us": "200000",
    "pids.max": "25",
  }
  : {
    "memory.max": `${64 * MIB}`,
    "cpu.weight": "59", // 10^((l^2 + 125 l) / 612 - 7 / 34), l = log2(512)
    "cpu.max": "50000 200000",
    "pids.max": "25",
  };

containerTest(
  "limits of the config are the kernel's",
  command(["sleep", "100"], limited),
  async (container) => {
    assertSuccess(await container.create());
    assertEquals(limits(container), expected);
    const { pid } = await container.state();
    const memberships = readIfThere(`/proc/${pid}/cgroup`).split("\n");
    for (const controller of v1 ? ["memory", "cpu", "pids"] : [""]) {
      const line = memberships.find((line) =>
        line.split(":")[1]!.split(",").includes(controller)
      );
      assertMatch(line!, new RegExp(`:/${container.id}$`));
    }
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    assertEquals(cgroupsOf(container), []);
  },
);

rootTest("limits are those that runc sets", async () => {
  await using own = new Container(command(["sleep", "100"], limited));
  await using peer = new Container(command(["sleep", "100"], limited), "runc");
  const runc = ["runc", "--root", `${peer.folder}/runc`];
  assertSuccess(await own.create());
  try {
    assertSuccess(
      await run([...runc, "create", "--bundle", peer.bundle, peer.id]),
    );
    // Before 1.4 runc made less of the same shares on cgroup v2.
    const compared = (container: Container) => {
      const { ["cpu.weight"]: _, ...rest } = limits(container);
      return rest;
    };
    assertEquals(compared(own), compared(peer));
  } finally {
    await run([...runc, "delete", "--force", peer.id]);
  }
}, { programs: ["runc"] });

/** Reads a file of the container's cgroups. */
function cgroupFile(container: Container, file: string): string {
  return cgroupsOf(container)
    .map((folder) => readIfThere(`${folder}/${file}`).trim())
    .find((text) => text !== "") ?? "";
}

containerTest(
  "limits: processors, memory nodes, reservation and swappiness",
  command(["sleep", "100"], (config) => {
    limited(config);
    config.linux.resources = {
      memory: {
        limit: 64 * MIB,
        reservation: 32 * MIB,
        ...(v1 && { swappiness: 7 }),
      },
      cpu: { cpus: "0", mems: "0", idle: 1 },
    };
  }),
  async (container) => {
    assertSuccess(await container.create());
    const { pid } = await container.state();
    const status = readIfThere(`/proc/${pid}/status`);
    assertMatch(status, /^Cpus_allowed_list:\t0$/m);
    assertMatch(status, /^Mems_allowed_list:\t0$/m);
    const soft = v1 ? "memory.soft_limit_in_bytes" : "memory.low";
    assertEquals(cgroupFile(container, soft), `${32 * MIB}`);
    assertEquals(cgroupFile(container, "cpu.idle"), "1");
    if (v1) assertEquals(cgroupFile(container, "memory.swappiness"), "7");
  },
);

containerTest(
  "limits: processors that are not there are refused by name",
  command(["true"], (config) => {
    limited(config);
    config.linux.resources = { cpu: { cpus: "4000" } };
  }),
  async (container) => {
    const { code, stderr } = await container.run();
    assertEquals(code, 1);
    assertMatch(stderr, /linux\.resources\.cpu\.cpus/);
  },
);

const cpuset = hostLayout().hierarchies
  .find(({ controllers }) => controllers.includes("cpuset"))?.mountPoint;

rootTest("limits: a processor that the cgroup above has not", async () => {
  await using container = new Container(command(["true"], (config) => {
    config.linux.cgroupsPath = `/${idOf(config)}-above/c`;
    config.linux.resources = { cpu: { cpus: "1" } };
  }));
  const above = `${cpuset}/${container.id}-above`;
  Deno.mkdirSync(above);
  try {
    Deno.writeTextFileSync(`${above}/cpuset.cpus`, "0");
    const { stderr } = await container.run();
    assertMatch(
      stderr,
      /^Cannot set linux\.resources\.cpu\.cpus: write "1" .*: EACCES: .*, the cgroup above has not all of them, which cgroup v1 wants\n$/,
    );
    assertEquals(names(above), []);
  } finally {
    for (const name of names(above)) Deno.removeSync(`${above}/${name}`);
    Deno.removeSync(above);
  }
}, {
  missing: cpuset === undefined
    ? "cpuset of cgroup v1"
    : navigator.hardwareConcurrency < 2
    ? "a second processor"
    : undefined,
});

/** The cgroups right below one. */
function names(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder))
    .filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
}

containerTest(
  "limits: a quota of -1 and a pids limit of 0 or less mean none",
  command(["sleep", "100"], (config) => {
    limited(config);
    config.linux.resources = { cpu: { quota: -1 }, pids: { limit: -1 } };
  }),
  async (container) => {
    assertSuccess(await container.create());
    const found = limits(container);
    assertEquals(found["pids.max"] ?? "max", "max");
    if (v1) assertEquals(found["cpu.cfs_quota_us"] ?? "-1", "-1");
    else assertMatch(found["cpu.max"] ?? "max", /^max/);
  },
);

containerTest(
  "limits: memory over the limit is not had",
  script(
    "dd if=/dev/zero of=/dev/null bs=200M count=1 2>/dev/null; echo status $?",
    limited,
  ),
  async (container) => {
    assertMatch((await container.run()).stdout, /^status 137\n$|^$/);
  },
);

containerTest(
  "limits: no more processes than pids.limit",
  script(
    `i=0; while [ $i -lt 40 ]; do sleep 3 & i=$((i + 1)); done 2>/dev/null
    echo all`,
    limited,
  ),
  async (container) => {
    const { code, stdout } = await container.run();
    assert(code !== 0, "the shell could not fork");
    assertEquals(stdout, "");
  },
);

containerTest(
  "limits: a path of several new folders is gone after delete",
  command(["sleep", "100"], (config) => {
    limited(config);
    config.linux.cgroupsPath = `/${idOf(config)}-parent/child`;
  }),
  async (container) => {
    assertSuccess(await container.create());
    assertEquals(limits(container, "child"), expected);
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    const left = cgroupsOf(container).filter((path) => path.endsWith("child"));
    assertEquals(left, []);
    // What lies above a container's own cgroup is not the runtime's to remove.
    for (const path of cgroupsOf(container)) Deno.removeSync(path);
  },
);

containerTest(
  "limits: a container with its cgroup's children still running is deleted",
  script("sleep 1000 & sleep 1000 & sleep 1000 & sleep 1000", (config) => {
    limited(config);
    config.linux.namespaces = config.linux.namespaces.filter(({ type }) =>
      type !== "pid"
    );
  }),
  async (container) => {
    assertSuccess(await container.create());
    assertSuccess(await container.start());
    assertSuccess(await container.davit(["delete", "--force", container.id]));
    await until("nothing is left", () => container.leftovers().length === 0);
  },
);
