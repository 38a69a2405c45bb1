/**
 * The table of resources through systemd scopes, root's and a user's, beside
 * runc and crun; and what systemd makes of limits when it loads its units anew.
 */
import { assertEquals } from "@std/assert";
import type { ResourceCase } from "./resource_case.ts";
import { resourceCases } from "./resource_cases.ts";
import { checkTable, type Peer, writeCases } from "./resource_table.ts";
import type { Step } from "./systemd_job.ts";
import { DISK, HOST, USER } from "./systemd_vm.ts";
import { REPO } from "./davit.ts";

const PEERS: readonly Peer[] = ["runc", "crun"];

/**
 * The cases for which the machine has what they need, and the kernel values to
 * report. A scope for which no number of tasks is asked has systemd's default.
 */
const CASES = resourceCases(DISK).filter((one) =>
  one.v2 !== undefined && one.v2.refused === undefined &&
  one.needs === undefined &&
  // Refused before systemd hears of it.
  !one.name.startsWith("what v1 alone has")
).map((one): ResourceCase => {
  const { pids, unified = {} } = one.resources as Record<string, object>;
  if (pids !== undefined || "pids.max" in unified) return one;
  const { "pids.max": _, ...files } = one.v2!.files ?? {};
  return { ...one, v2: { ...one.v2, files } };
});

/** Enough to see that a user's own manager does the same. */
const USER_CASES = CASES.filter(({ name }) =>
  [
    "memory, raised and lowered",
    "memory, the limit of swap follows",
    "cpu, shares, quota and period",
    "cpu, quota and period alone",
    "pids, none",
  ].includes(name)
);

function tableStep(
  who: "root" | "user",
  cases: readonly ResourceCase[],
): Step {
  const id = `table-${who}`;
  const slice = who === "root" ? "system.slice" : "user.slice";
  const above = who === "root"
    ? ""
    : `/user.slice/user-${USER.uid}.slice/user@${USER.uid}.service`;
  const at = `/sys/fs/cgroup${above}/${slice}/limits-${id}.scope`;
  return {
    name: `the table of resources: ${who}`,
    asUser: who === "user",
    prepare: (folder, calledAs, config) => {
      config.linux.cgroupsPath = `${slice}:limits:${id}`;
      writeCases({ calledAs, config, folder }, cases, "v2");
    },
    script: `export AT=${at}
sh ${HOST}${REPO}/tests/resource_table.sh $B ${id} $D ${PEERS.join(" ")}
left limits-${id}`,
    check: (output) => checkTable(output, cases, "v2", PEERS),
  };
}

/** systemd has hundredths of a processor, and no period without a quota. */
const RELOADED = [
  "memory.max=33554432",
  "memory.low=16777216",
  "memory.high=29360128",
  "memory.swap.max=0",
  "cpu.weight=59",
  "cpu.max=13000 100000",
  "cpu.max.burst=5000",
  "pids.max=20",
];

export const LIMIT_STEPS: readonly Step[] = [
  tableStep("root", CASES),
  tableStep("user", USER_CASES),
  {
    name: "limits stay when systemd loads its units anew",
    bundles: {
      one: (config) => {
        config.linux.resources = {
          memory: { limit: 32 << 20, swap: 32 << 20, reservation: 16 << 20 },
          cpu: { shares: 512, quota: 12345, period: 100000, burst: 5000 },
          pids: { limit: 20 },
          unified: { "memory.high": `${28 << 20}` },
        };
      },
    },
    script: `$D --systemd-cgroup create --bundle $B/one r1; S=$(scope r1)
values $S cpu.max; systemctl daemon-reload
values $S ${RELOADED.map((line) => line.split("=")[0]).join(" ")}
$D delete -f r1`,
    check: (output) =>
      assertEquals(output.trimEnd().split("\n"), [
        "cpu.max=12345 100000",
        ...RELOADED,
      ]),
  },
];
