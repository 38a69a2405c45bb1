import { BOTH, CRUN, type ResourceCase, RUNC } from "./resource_case.ts";

/** Processor time, processors and nodes. */
export function cpuCases(): ResourceCase[] {
  return [
    {
      name: "cpu, shares, quota and period",
      resources: { cpu: { shares: 512, quota: 50_000, period: 200_000 } },
      updates: [
        [
          ..."--cpu-share 2048 --cpu-quota 3000 --cpu-period 10000".split(" "),
        ],
        { cpu: { shares: 1024, quota: 500_000, period: 1_000_000 } },
      ],
      v1: {
        files: {
          "cpu.shares": ["512", "2048", "1024"],
          "cpu.cfs_quota_us": ["50000", "3000", "500000"],
          "cpu.cfs_period_us": ["200000", "10000", "1000000"],
        },
      },
      v2: {
        files: {
          "cpu.weight": ["59", "174", "100"],
          "cpu.max": ["50000 200000", "3000 10000", "500000 1000000"],
        },
      },
      differs: [{
        peers: BOTH,
        what: /^\w+ cpu\.weight$/,
        why:
          "before runc 1.3.2 and crun 1.23 the default shares, 1024, became " +
          "39 instead of the default weight, 100",
      }],
    },
    {
      name: "cpu, quota and period alone",
      resources: { cpu: { quota: 50_000 } },
      updates: [
        { cpu: { period: 200_000 } },
        { cpu: { quota: 60_000 } },
        ["--cpu-quota", "-1"],
      ],
      v1: {
        files: {
          "cpu.cfs_quota_us": ["50000", "50000", "60000", "-1"],
          "cpu.cfs_period_us": ["100000", "200000", "200000", "200000"],
        },
      },
      v2: {
        files: {
          "cpu.max": [
            "50000 100000",
            "50000 200000",
            "60000 200000",
            "max 200000",
          ],
        },
      },
      differs: [{
        peers: CRUN,
        what: /^update[123] (cpu\.max|!)$/,
        why: "crun keeps no record, so that the other one of the two is lost",
      }],
    },
    {
      name: "cpu, bursts",
      resources: { cpu: { quota: 50_000, period: 100_000, burst: 20_000 } },
      updates: [
        { cpu: { quota: 90_000, burst: 80_000 } },
        { cpu: { burst: 0 } },
      ],
      v1: { files: { "cpu.cfs_burst_us": ["20000", "80000", "0"] } },
      v2: { files: { "cpu.max.burst": ["20000", "80000", "0"] } },
      differs: [{
        peers: BOTH,
        what: /^\w+ cpu\.(cfs_burst_us|max\.burst)$/,
        why: "runc before 1.2 and crun before 1.11 have no bursts",
      }],
    },
    {
      name: "cpu, idle",
      resources: { cpu: { idle: 1, shares: 512 } },
      updates: [
        { cpu: { idle: 0 } },
        { cpu: { idle: 1 } },
        { cpu: { idle: 0, shares: 1024 } },
      ],
      v1: {
        files: {
          "cpu.idle": ["1", "0", "1", "0"],
          "cpu.shares": ["3", "512", "3", "1024"],
        },
      },
      v2: {
        files: {
          "cpu.idle": ["1", "0", "1", "0"],
          "cpu.weight": ["0", "59", "0", "100"],
        },
      },
      differs: [
        {
          peers: RUNC,
          what: /^\w+ (cpu\.(idle|shares|weight)|!)$/,
          why:
            "runc before 1.2 does not know it, and later ones set it before " +
            "the weight, which the kernel then refuses",
        },
        {
          peers: CRUN,
          what: /^update3 !$/,
          why: "crun sets the weight first, which an idle cgroup does not take",
        },
        {
          peers: CRUN,
          what: /^update[13] cpu\.(shares|weight)$/,
          why:
            "crun keeps no record, so that what is idle no more has nobody's " +
            "weight in particular",
        },
      ],
    },
    {
      name: "cpu, real-time",
      resources: { cpu: { realtimePeriod: 900_000, realtimeRuntime: 5000 } },
      updates: [{ cpu: { realtimePeriod: 10_000, realtimeRuntime: 3000 } }],
      needs: ["/sys/fs/cgroup/cpu/cpu.rt_runtime_us"],
      v1: {
        files: {
          "cpu.rt_period_us": ["900000", "10000"],
          "cpu.rt_runtime_us": ["5000", "3000"],
        },
      },
      v2: { refused: /cpu\.realtimePeriod to 900000: only cgroup v1 has/ },
      differs: [{
        peers: RUNC,
        what: /^create !$/,
        why: "on v2 runc leaves it out without a word",
      }],
    },
    {
      name: "cpu, a quota that is too small",
      resources: { cpu: { quota: 500 } },
      v1: { refused: /cpu\.quota: write "500" .*a quota of at least 1000/ },
      v2: {
        refused: /cpu\.quota: write "500 100000" .*a quota of at least 1000/,
      },
    },
    {
      name: "cpu, a quota below the burst",
      resources: { cpu: { quota: 50_000, burst: 40_000 } },
      updates: [{ cpu: { quota: 20_000 } }],
      v1: {
        updateRefused: /cpu\.quota: write "20000" .*burst of at most the quota/,
        files: {
          "cpu.cfs_quota_us": ["50000", "50000"],
          "cpu.cfs_burst_us": ["40000", "40000"],
        },
      },
      v2: {
        updateRefused: /cpu\.quota: write "20000 1.*burst of at most the quota/,
        files: {
          "cpu.max": ["50000 100000", "50000 100000"],
          "cpu.max.burst": ["40000", "40000"],
        },
      },
      differs: [{
        peers: BOTH,
        what: /^(create cpu\.(cfs_burst_us|max\.burst)|update1 !)$/,
        why: "runc before 1.2 and crun before 1.11 have no bursts",
      }],
    },
    {
      name: "cpuset",
      resources: { cpu: { cpus: "0", mems: "0" } },
      updates: [{ cpu: { cpus: "0-1" } }],
      needs: ["/sys/fs/cgroup/cpuset*", "/sys/devices/system/cpu/cpu1"],
      v1: { files: { "cpuset.cpus": ["0", "0-1"], "cpuset.mems": ["0", "0"] } },
      v2: { files: { "cpuset.cpus": ["0", "0-1"], "cpuset.mems": ["0", "0"] } },
    },
  ];
}
