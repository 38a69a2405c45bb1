/** update, on the host. What the kernel makes of values: resource_table_test. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import {
  command,
  type Container,
  containerTest,
  idOf,
  script,
} from "./container.ts";
import { assertOneLine, assertSuccess, readIfThere, until } from "./davit.ts";
import { cgroupsOf } from "./leftovers.ts";

const M = 1 << 20;

const limited: Patch = (config) => {
  config.linux.cgroupsPath = `/${idOf(config)}`;
  config.linux.resources = {
    memory: { limit: 64 * M },
    cpu: { shares: 512, quota: 50_000, period: 200_000 },
    pids: { limit: 25 },
  };
};

const v1 = readIfThere("/proc/self/mountinfo").includes(" - cgroup cgroup ");

/** Reads a file of the container's cgroups. */
function file(container: Container, legacy: string, unified = legacy): string {
  return cgroupsOf(container)
    .filter((folder) => folder.endsWith(container.id))
    .map((folder) => readIfThere(`${folder}/${v1 ? legacy : unified}`).trim())
    .find((text) => text !== "") ?? "";
}

function memory(container: Container): string {
  return file(container, "memory.limit_in_bytes", "memory.max");
}

containerTest(
  "update: created, running and paused containers, and no stopped one",
  command(["sleep", "100"], limited),
  async (container) => {
    const { id } = container;
    const update = (limit: number) =>
      container.davit(["update", "--memory", `${limit}`, id]);
    assertSuccess(await container.create());
    assertSuccess(await update(65 * M));
    assertEquals(memory(container), `${65 * M}`);
    assertSuccess(await container.start());
    assertSuccess(await update(66 * M));
    assertSuccess(await container.davit(["pause", id]));
    assertSuccess(await update(67 * M));
    assertEquals(memory(container), `${67 * M}`);
    assertEquals((await container.state()).status, "paused");
    assertSuccess(await container.davit(["kill", id, "KILL"]));
    await until(
      "it stops",
      async () => (await container.state()).status === "stopped",
    );
    assertOneLine(
      await update(68 * M),
      /: container not running: it is stopped/,
    );
    assertOneLine(
      await container.davit(["update", "--memory", "1M", "nobody"]),
      /^Container ID \(nobody\) does not exist$/m,
    );
  },
);

containerTest(
  "update: what a file on stdin says, and what it does not say stays",
  command(["sleep", "100"], limited),
  async (container) => {
    assertSuccess(await container.create());
    const given = {
      memory: { limit: 40 * M },
      // As CRI sends them.
      devices: [{ allow: false, access: "rwm" }],
      pids: {},
      unknown: 5,
    };
    assertSuccess(
      await container.davit(["update", "--resources", "-", container.id], {
        stdin: JSON.stringify(given),
      }),
    );
    assertEquals(memory(container), `${40 * M}`);
    assertEquals(file(container, "pids.max"), "25");
    assertEquals(
      file(container, "cpu.cfs_quota_us", "cpu.max").split(" ")[0],
      "50000",
    );
  },
);

containerTest(
  "update: a file that is wrong changes nothing, and names what is wrong",
  command(["sleep", "100"], limited),
  async (container) => {
    assertSuccess(await container.create());
    const table: [string, RegExp][] = [
      ["", /stdin|"-"/],
      ["[]", /expected a JSON object/],
      ['{"memory":{"limit":"1"}}', /memory\.limit: expected an integer/],
      ['{"cpu":{"shares":-1}}', /cpu\.shares: expected an integer/],
      ['{"unified":{"../x":"1"}}', /unified/],
      [`{"memory":{"limit":1048576,"swap":4096}}`, /memory/],
    ];
    for (const [stdin, words] of table) {
      const result = await container.davit(
        ["update", "-r", "-", container.id],
        { stdin },
      );
      assertOneLine(result, words);
      assertEquals(memory(container), `${64 * M}`, stdin);
    }
    assertOneLine(
      await container.davit(["update", "-r", "/nowhere", container.id]),
      /Cannot read the resources from "\/nowhere": No such file/,
    );
  },
);

containerTest(
  "update: what cannot be done is undone, on the host and on record",
  command(["sleep", "100"], limited),
  async (container) => {
    assertSuccess(await container.create());
    const changes = {
      memory: { limit: 30 * M, reservation: 10 * M },
      pids: { limit: 3 },
      cpu: { shares: 1024, quota: 90_000, cpus: "4000" },
    };
    const before = ["memory.limit_in_bytes", "memory.soft_limit_in_bytes"];
    const look = () => [
      ...before.map((name) => file(container, name, "memory.max")),
      file(container, "pids.max"),
      file(container, "cpu.shares", "cpu.weight"),
      file(container, "cpu.cfs_quota_us", "cpu.max"),
    ];
    const seen = look();
    assertOneLine(
      await container.davit(["update", "-r", "-", container.id], {
        stdin: JSON.stringify(changes),
      }),
      /Cannot set linux\.resources\.cpu\.cpus/,
    );
    assertEquals(look(), seen);
    // The next one starts from what there is.
    assertSuccess(
      await container.davit(["update", "--cpu-period", "100000", container.id]),
    );
    assertEquals(file(container, "pids.max"), "25");
    assertMatch(file(container, "cpu.cfs_quota_us", "cpu.max"), /^50000/);
  },
);

containerTest(
  "update: a quota and its period within what a pod has",
  command(["sleep", "100"], (config) => {
    limited(config);
    config.linux.cgroupsPath = `/pod-${idOf(config)}/${idOf(config)}`;
    config.linux.resources = { cpu: { quota: 40_000, period: 100_000 } };
  }),
  async (container) => {
    assertSuccess(await container.create());
    const pod = cgroupsOf(container)
      .filter((folder) => folder.endsWith(`/pod-${container.id}`));
    for (const folder of pod) {
      for (
        const [name, value] of [["cpu.cfs_quota_us", "50000"], [
          "cpu.max",
          "50000 100000",
        ]]
      ) {
        if (readIfThere(`${folder}/${name}`) === "") continue;
        Deno.writeTextFileSync(`${folder}/${name}`, value!, { create: false });
      }
    }
    const update = (quota: number, period: number) =>
      container.davit([
        "update",
        ...["--cpu-quota", `${quota}`, "--cpu-period", `${period}`],
        container.id,
      ]);
    const found = () =>
      v1
        ? `${file(container, "cpu.cfs_quota_us")} ` +
          file(container, "cpu.cfs_period_us")
        : file(container, "cpu.max");
    // Each of the two alone would be more than the pod has.
    assertSuccess(await update(3000, 10_000));
    assertEquals(found(), "3000 10000");
    assertSuccess(await update(400_000, 1_000_000));
    assertEquals(found(), "400000 1000000");
    assertSuccess(await update(4000, 10_000));
    if (v1) assertOneLine(await update(6000, 10_000), /cpu\.quota/);
    assertEquals(found(), v1 ? "4000 10000" : found());
  },
);

const KMSG = { path: "/dev/kmsg", type: "c", major: 1, minor: 11 };
const USES_KMSG = "dd if=/dev/kmsg of=/dev/null bs=8k count=1 2>&1";

/** Whether a process of the container may read /dev/kmsg. */
async function readsKmsg(container: Container): Promise<boolean> {
  const { code } = await container.davit(
    ["exec", container.id, "sh", "-c", USES_KMSG],
  );
  return code === 0;
}

containerTest(
  "update: devices are those of the new rules, and stay without any",
  script(
    // What was allowed before and after is allowed at every moment.
    'while :; do echo x 2>/tmp/e >/dev/null || echo "denied"; done',
    (config) => {
      limited(config);
      config.root.readonly = false;
      config.linux.devices = [KMSG];
      for (const set of ["bounding", "effective", "permitted"] as const) {
        config.process.capabilities[set]?.push("CAP_SYSLOG");
      }
    },
  ),
  async (container) => {
    const creation = container.spawn([
      "create",
      "--bundle",
      container.bundle,
      container.id,
    ]);
    assertSuccess(await creation.end());
    assertSuccess(await container.start());
    const deny = { allow: false, access: "rwm" };
    const kmsg = { allow: true, type: "c", major: 1, minor: 11, access: "r" };
    const everything = { allow: true, access: "rwm" };
    const update = async (devices: object[], more: object = {}) =>
      assertSuccess(
        await container.davit(["update", "-r", "-", container.id], {
          stdin: JSON.stringify({ devices, ...more }),
        }),
      );
    assert(!await readsKmsg(container), "denied by default");
    await update([deny, kmsg]);
    assert(await readsKmsg(container), "allowed");
    await update([deny], { pids: { limit: 20 } });
    assert(await readsKmsg(container), "what engines send changes nothing");
    await update([everything]);
    assert(await readsKmsg(container), "everything is allowed");
    await update([deny, { ...kmsg, major: 9 }]);
    assert(!await readsKmsg(container), "denied again");
    assertEquals(creation.stdout, "");
    creation[Symbol.dispose]();
  },
);

containerTest(
  "update: options of Intel RDT want resctrl and a group",
  command(["sleep", "100"], limited),
  async (container) => {
    assertSuccess(await container.create());
    for (
      const [option, words] of [
        [
          "--l3-cache-schema",
          /Intel RDT\/CAT|updating a non-existent Intel RDT/,
        ],
        ["--mem-bw-schema", /Intel RDT\/MBA|updating a non-existent Intel RDT/],
      ] as const
    ) {
      assertOneLine(
        await container.davit(["update", option, "L3:0=f", container.id]),
        words,
      );
    }
    assertEquals(memory(container), `${64 * M}`);
  },
);

containerTest(
  "update: options of single limits are not looked at beside a file",
  command(["sleep", "100"], limited),
  async (container) => {
    assertSuccess(await container.create());
    const { stderr } = assertSuccess(
      await container.davit(
        ["update", "--memory", "1M", "-r", "-", container.id],
        { stdin: '{"pids":{"limit":9}}' },
      ),
    );
    assertMatch(stderr, /--memory: not looked at beside --resources/);
    assertEquals(memory(container), `${64 * M}`);
    assertEquals(file(container, "pids.max"), "9");
  },
);
