import { assertEquals } from "@std/assert";
import { existing, withRoot } from "../fake_cgroups.ts";
import { statistics } from "./statistics.ts";
import type { Statistics } from "./types.ts";

const NOTHING: Statistics = {
  cpu: { usage: { kernel: 0n, user: 0n }, throttling: {} },
  cpuset: {
    cpu_exclusive: 0n,
    mem_hardwall: 0n,
    mem_exclusive: 0n,
    memory_migrate: 0n,
    memory_spread_page: 0n,
    memory_spread_slab: 0n,
    memory_pressure: 0n,
    sched_load_balance: 0n,
    sched_relax_domain_level: 0n,
  },
  memory: {
    usage: { limit: 0n, failcnt: 0n },
    swap: { limit: 0n, failcnt: 0n },
    kernel: { limit: 0n, failcnt: 0n },
    kernelTCP: { limit: 0n, failcnt: 0n },
  },
  pids: {},
  blkio: {},
  hugetlb: {},
};

const PRESSURE = `\
some avg10=0.50 avg60=1.25 avg300=0.00 total=5432
full avg10=0.00 avg60=0.00 avg300=0.00 total=813
`;
const PSI = {
  some: { avg10: 0.5, avg60: 1.25, avg300: 0, total: 5432n },
  full: { avg10: 0, avg60: 0, avg300: 0, total: 813n },
};

Deno.test("statistics() of no cgroups, or of some that are gone, is zeros", () => {
  assertEquals(statistics([], "/nowhere"), NOTHING);
  assertEquals(statistics(["/nowhere/c1"], "/nowhere"), NOTHING);
});

Deno.test(
  "statistics() reads each of v1's hierarchies, and pressure from v2's",
  withRoot((root) => {
    const directories = [
      ..."cpu cpuacct cpuset memory pids blkio hugetlb unified".split(" "),
    ].map((name) => `${root}/${name}`);
    const put = (name: string, files: Record<string, string>) =>
      existing(`${root}/${name}`, files);
    put("cpu", {
      "cpu.stat": "nr_periods 7\nnr_throttled 3\nthrottled_time 90000\n",
    });
    put("cpuacct", {
      "cpuacct.stat": "user 12\nsystem 5\n",
      "cpuacct.usage": "175000000\n",
      "cpuacct.usage_percpu": "100000000 75000000 \n",
      "cpuacct.usage_all": "cpu user system\n0 60 40\n1 61 14\n",
    });
    put("cpuset", {
      "cpuset.cpus": "0-2,5\n",
      "cpuset.mems": "0\n",
      "cpuset.mem_exclusive": "1\n",
      "cpuset.sched_load_balance": "1\n",
      "cpuset.sched_relax_domain_level": "-1\n",
    });
    put("memory", {
      "memory.stat": "rss 8192\ncache 4096\npgfault 3\n",
      "memory.usage_in_bytes": "12288\n",
      "memory.max_usage_in_bytes": "16384\n",
      "memory.limit_in_bytes": "9223372036854771712\n",
      "memory.failcnt": "2\n",
      "memory.memsw.usage_in_bytes": "0\n",
      "memory.memsw.max_usage_in_bytes": "0\n",
      "memory.memsw.limit_in_bytes": "20480\n",
      "memory.memsw.failcnt": "0\n",
      // Without a limit, as newer kernels have it.
      "memory.kmem.usage_in_bytes": "-4096\n",
      "memory.kmem.max_usage_in_bytes": "1\n",
      "memory.kmem.failcnt": "0\n",
      "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
    });
    put("pids", { "pids.current": "3\n", "pids.max": "max\n" });
    put("blkio", {
      "blkio.bfq.io_serviced_recursive": "Total 0\n",
      "blkio.throttle.io_serviced_recursive":
        "8:0 Read 4\n8:0 Write 0\n8:0 Total 4\nTotal 4\n",
      "blkio.throttle.io_service_bytes_recursive":
        "8:0 Read 4096\n8:16 Discard 18446744073709551615\nTotal 4096\n",
    });
    put("hugetlb", {
      "hugetlb.2MB.rsvd.usage_in_bytes": "2097152\n",
      "hugetlb.2MB.rsvd.max_usage_in_bytes": "4194304\n",
      "hugetlb.2MB.rsvd.failcnt": "5\n",
      "hugetlb.2MB.usage_in_bytes": "0\n",
      "hugetlb.64KB.usage_in_bytes": "65536\n",
      "hugetlb.64KB.max_usage_in_bytes": "65536\n",
      "hugetlb.64KB.failcnt": "0\n",
    });
    put("unified", {
      "cpu.stat": "usage_usec 1\nuser_usec 1\nsystem_usec 1\n",
      "cpu.pressure": PRESSURE,
      "memory.pressure": PRESSURE,
      "io.pressure": PRESSURE,
      "cgroup.procs": "1\n",
    });
    for (const size of [2048, 64, 1048576]) {
      Deno.mkdirSync(`${root}/hugepages/hugepages-${size}kB`, {
        recursive: true,
      });
    }
    const expected: Statistics = {
      cpu: {
        usage: {
          total: 175_000_000n,
          percpu: [100_000_000n, 75_000_000n],
          percpu_kernel: [40n, 14n],
          percpu_user: [60n, 61n],
          kernel: 50_000_000n,
          user: 120_000_000n,
        },
        throttling: {
          periods: 7n,
          throttledPeriods: 3n,
          throttledTime: 90_000n,
        },
        psi: PSI,
      },
      cpuset: {
        ...NOTHING.cpuset,
        cpus: [0n, 1n, 2n, 5n],
        mems: [0n],
        mem_exclusive: 1n,
        sched_load_balance: 1n,
        sched_relax_domain_level: -1n,
      },
      memory: {
        cache: 4096n,
        usage: {
          limit: 9223372036854771712n,
          usage: 12288n,
          max: 16384n,
          failcnt: 2n,
        },
        swap: { limit: 20480n, failcnt: 0n },
        kernel: { limit: 0n, max: 1n, failcnt: 0n },
        kernelTCP: { limit: 0n, failcnt: 0n },
        raw: { cache: 4096n, pgfault: 3n, rss: 8192n },
        psi: PSI,
        events: { kill: 1n },
      },
      pids: { current: 3n },
      blkio: {
        ioServiceBytesRecursive: [
          { major: 8n, op: "Read", value: 4096n },
          { major: 8n, minor: 16n, op: "Discard", value: 2n ** 64n - 1n },
        ],
        ioServicedRecursive: [
          { major: 8n, op: "Read", value: 4n },
          { major: 8n, op: "Write" },
          { major: 8n, op: "Total", value: 4n },
        ],
        psi: PSI,
      },
      hugetlb: {
        "2MB": { usage: 2097152n, max: 4194304n, failcnt: 5n },
        "64KB": { usage: 65536n, max: 65536n, failcnt: 0n },
      },
    };
    assertEquals(statistics(directories, `${root}/hugepages`), expected);
  }),
);

Deno.test(
  "statistics() tells of v2 what v1 would",
  withRoot((root) => {
    existing(root, {
      "cgroup.procs": "10\n11\n",
      "cpu.stat":
        "usage_usec 175\nuser_usec 120\nsystem_usec 55\nnr_periods 7\n" +
        "nr_throttled 3\nthrottled_usec 90\nnr_bursts 0\nburst_usec 0\n",
      "cpu.pressure": PRESSURE,
      "cpuset.cpus": "0-1\n",
      "memory.stat": "anon 8192\nfile 4096\nslab 1\n",
      "memory.current": "12288\n",
      "memory.max": "max\n",
      "memory.peak": "16384\n",
      "memory.swap.current": "4096\n",
      "memory.swap.max": "8192\n",
      "memory.events": "low 0\nhigh 0\nmax 4\noom 1\noom_kill 1\n",
      "io.stat": "8:16 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n" +
        "7:0 rbytes=1 cost.usage=5\n254:0 \n",
      "hugetlb.2MB.current": "2097152\n",
      "hugetlb.2MB.events": "max 6\n",
    });
    Deno.mkdirSync(`${root}/hugepages/hugepages-2048kB`, { recursive: true });
    const expected: Statistics = {
      cpu: {
        usage: { total: 175_000n, kernel: 55_000n, user: 120_000n },
        throttling: {
          periods: 7n,
          throttledPeriods: 3n,
          throttledTime: 90_000n,
        },
        psi: PSI,
      },
      cpuset: NOTHING.cpuset,
      memory: {
        cache: 4096n,
        usage: {
          limit: 2n ** 64n - 1n,
          usage: 12288n,
          max: 16384n,
          failcnt: 0n,
        },
        // Memory and swap together, and no more than 64 bits.
        swap: { limit: 2n ** 64n - 1n, usage: 16384n, failcnt: 0n },
        kernel: { limit: 0n, failcnt: 0n },
        kernelTCP: { limit: 0n, failcnt: 0n },
        raw: { anon: 8192n, file: 4096n, slab: 1n },
        events: { high: 0n, kill: 1n, low: 0n, max: 4n, out_of_memory: 1n },
      },
      // Without the controller they are counted.
      pids: { current: 2n },
      blkio: {
        ioServiceBytesRecursive: [
          { major: 8n, minor: 16n, op: "Read", value: 4096n },
          { major: 8n, minor: 16n, op: "Write" },
          { major: 7n, op: "Read", value: 1n },
        ],
        ioServicedRecursive: [
          { major: 8n, minor: 16n, op: "Read", value: 1n },
          { major: 8n, minor: 16n, op: "Write" },
        ],
      },
      hugetlb: { "2MB": { usage: 2097152n, failcnt: 6n } },
    };
    assertEquals(statistics([root], `${root}/hugepages`), expected);
    existing(root, { "pids.current": "3\n", "pids.max": "25\n" });
    existing(root, { "memory.max": "65536\n" });
    const { memory, pids } = statistics([root], "/nowhere");
    assertEquals(pids, { current: 3n, limit: 25n });
    assertEquals(memory.swap.limit, 73728n);
  }),
);

Deno.test(
  "statistics() leaves out pressure that is turned off",
  withRoot((root) => {
    existing(root, { "cpu.pressure": "" });
    assertEquals(statistics([root], "/nowhere"), NOTHING);
    // As older kernels have it.
    existing(root, { "cpu.pressure": PRESSURE.split("\n")[0]! });
    const none = { avg10: 0, avg60: 0, avg300: 0, total: 0n };
    assertEquals(
      statistics([root], "/nowhere").cpu.psi,
      { some: PSI.some, full: none },
    );
  }),
);
