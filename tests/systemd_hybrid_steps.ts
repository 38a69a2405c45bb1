/** Hosts on which systemd has cgroup v1 for limits and v2 beside it. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Step } from "./systemd_job.ts";

const lines = (output: string) => output.trimEnd().split("\n");

const FILES = [
  "memory/memory.limit_in_bytes",
  "cpu,cpuacct/cpu.shares",
  "cpu,cpuacct/cpu.cfs_quota_us",
  "cpu,cpuacct/cpu.cfs_period_us",
  "pids/pids.max",
];

/** What each of the runtimes does: they are to agree. */
const look = (call: string, name: string) =>
  `R="${call}"
$R --systemd-cgroup create --bundle $B/one h1 >out 2>&1 || cat out
S=system.slice/${name}-h1.scope
show() { for f in ${FILES.join(" ")}; do
  cat /sys/fs/cgroup/\${f%%/*}/$S/\${f#*/}; done; }
show
echo '{"memory": {"limit": 20971520}, "cpu": {"quota": 12345, "period": 100000}}' |
  $R update --resources - h1
show
echo '{"cpu": {"period": 200000}}' | $R update --resources - h1
show
$R update --cpu-quota 30000 h1
show
sed 's/.*://; s/${name}/runtime/' /proc/$(field pid h1)/cgroup | sort -u
$R delete -f h1
left ${name}-h1`;

const EXPECTED = [
  ...["33554432", "512", "20000", "50000", "20"],
  ...["20971520", "512", "12345", "100000", "20"],
  // systemd has one property for both: what is not given is not lost.
  ...["20971520", "512", "12345", "200000", "20"],
  ...["20971520", "512", "30000", "200000", "20"],
  "/system.slice/runtime-h1.scope",
];

export const HYBRID_STEPS: readonly Step[] = [
  ...([["$D", "davit"], ["runc", "runc"]] as const).map((
    [call, name],
  ): Step => ({
    name: `limits of v1, and every hierarchy: ${name}`,
    bundles: {
      one: (config) => {
        config.linux.resources = {
          memory: { limit: 32 << 20 },
          cpu: { shares: 512, quota: 20000, period: 50000 },
          pids: { limit: 20 },
        };
      },
    },
    script: look(call, name),
    check: (output) => assertEquals(lines(output), EXPECTED),
  })),
  {
    name: "a user's manager has no cgroups of v1",
    asUser: true,
    bundles: { one: () => {} },
    script: "$D --systemd-cgroup create --bundle $B/one h2; echo $?; left h2",
    check(output) {
      const [error = "", ...rest] = lines(output);
      assertMatch(error, /cannot use rootless systemd cgroups manager on/);
      assertEquals(rest, ["1"]);
    },
  },
];
