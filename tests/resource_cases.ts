/**
 * The table of resources: what a container is given, then updates of it, and
 * what the kernel is to have in its files after each.
 *
 * @module
 */

/** Files of a cgroup after the container's creation, then after each update. */
export type Files = Readonly<Record<string, readonly string[]>>;

/** What is to come of a case: files, or words of a refusal. */
export interface Outcome {
  readonly files?: Files;
  /** `create` fails with these words. */
  readonly refused?: RegExp;
  /** The last update fails with these words. */
  readonly updateRefused?: RegExp;
}

/** Why a peer does something else, and why Davit is right. */
export interface Difference {
  readonly peers: readonly ("runc" | "crun")[];
  /** The step and file, such as `update1 cpu.weight`; `!` for a failure. */
  readonly what: RegExp;
  readonly why: string;
}

/** One case of the table. */
export interface ResourceCase {
  readonly name: string;
  /** `linux.resources`. */
  readonly resources: object;
  /** Updates, one after the other: a file's object, or options. */
  readonly updates?: readonly (object | readonly string[])[];
  /** On hosts where it is on cgroup v1; absent: not run there. */
  readonly v1?: Outcome;
  readonly v2?: Outcome;
  /** What the host has to have, by paths of files; `*` stands for any text. */
  readonly needs?: readonly string[];
  readonly differs?: readonly Difference[];
}

/** A block device. */
export interface Disk {
  readonly major: number;
  readonly minor: number;
}

const M = 1 << 20;
const bytes = (mib: number) => `${mib * M}`;
/** What v1 has for "no limit": the largest number of whole pages. */
const UNLIMITED = "9223372036854771712";

const RUNC = ["runc"] as const;
const CRUN = ["crun"] as const;
const BOTH = ["runc", "crun"] as const;

/** The cases on a host that has this block device. */
export function resourceCases(disk: Disk): ResourceCase[] {
  return [
    ...memoryCases(),
    ...cpuCases(),
    ...blockIOCases(disk),
    ...otherCases(),
  ];
}

function memoryCases(): ResourceCase[] {
  return [
    {
      name: "memory, raised and lowered",
      resources: {
        memory: { limit: 30 * M, reservation: 20 * M, swap: 50 * M },
        pids: { limit: 20 },
      },
      updates: [
        { memory: { limit: 60 * M, reservation: 40 * M, swap: 80 * M } },
        [
          ..."--pids-limit -1 --memory".split(" "),
          bytes(30),
          "--memory-swap",
          bytes(30),
        ],
        { memory: { limit: 30 * M, swap: -1 } },
      ],
      v1: {
        files: {
          "memory.limit_in_bytes": [30, 60, 30, 30].map(bytes),
          "memory.soft_limit_in_bytes": [20, 40, 40, 40].map(bytes),
          "memory.memsw.limit_in_bytes": [
            ...[50, 80, 30].map(bytes),
            UNLIMITED,
          ],
          "pids.max": ["20", "20", "max", "max"],
        },
      },
      v2: {
        files: {
          "memory.max": [30, 60, 30, 30].map(bytes),
          "memory.low": [20, 40, 40, 40].map(bytes),
          "memory.swap.max": [bytes(20), bytes(20), "0", "max"],
          "pids.max": ["20", "20", "max", "max"],
        },
      },
      differs: [{
        peers: CRUN,
        what: /^update2 !$/,
        why: "crun before 1.13 writes -1 to pids.max on v1, which wants `max`",
      }],
    },
    {
      name: "memory, the limit of swap follows",
      resources: { memory: { limit: 30 * M, swap: 50 * M } },
      updates: [{ memory: { limit: 40 * M } }, ["--memory", "-1"]],
      v1: {
        files: {
          "memory.limit_in_bytes": [bytes(30), bytes(40), UNLIMITED],
          "memory.memsw.limit_in_bytes": [bytes(50), bytes(50), UNLIMITED],
        },
      },
      v2: {
        files: {
          "memory.max": [bytes(30), bytes(40), "max"],
          "memory.swap.max": [bytes(20), bytes(10), "max"],
        },
      },
      differs: [{
        peers: BOTH,
        what: /^update[12] (memory\.swap\.max|!)$/,
        why: "the limit is of memory and swap together: when that of memory " +
          "alone changes, the rest on v2 changes as well, as with the runc " +
          "of today; older ones and crun, which keeps no record, leave it",
      }],
    },
    {
      name: "memory, more than with swap",
      resources: { memory: { limit: 30 * M, swap: 50 * M } },
      updates: [{ pids: { limit: 9 }, memory: { limit: 60 * M } }],
      v1: {
        updateRefused: /memory and swap together cannot be limited to less/,
        files: {
          "memory.limit_in_bytes": [bytes(30), bytes(30)],
          "memory.memsw.limit_in_bytes": [bytes(50), bytes(50)],
          "pids.max": ["max", "max"],
        },
      },
      v2: {
        updateRefused: /memory\+swap limit should be >= memory limit/,
        files: {
          "memory.max": [bytes(30), bytes(30)],
          "memory.swap.max": [bytes(20), bytes(20)],
          "pids.max": ["max", "max"],
        },
      },
      differs: [{
        peers: BOTH,
        what: /^update1 !$/,
        why: "as the runc of today says; see above",
      }],
    },
    {
      name: "memory, more than is allowed is used",
      resources: { memory: { limit: 30 * M, swap: 50 * M } },
      updates: [{ memory: { limit: 1024, checkBeforeUpdate: true } }],
      v2: {
        updateRefused: /rejecting memory limit 1024 <= usage [0-9]+/,
        files: { "memory.max": [bytes(30), bytes(30)] },
      },
      differs: [{
        peers: RUNC,
        what: /^update1 !$/,
        why: "runc before 1.2 does not check",
      }],
    },
    {
      name: "memory, swappiness and no OOM killer",
      resources: {
        memory: { limit: 30 * M, swappiness: 20, disableOOMKiller: true },
      },
      updates: [{ memory: { swappiness: 0 } }],
      v1: {
        files: {
          "memory.swappiness": ["20", "0"],
          "memory.oom_control": [
            "oom_kill_disable 1|under_oom 0|oom_kill 0",
            "oom_kill_disable 1|under_oom 0|oom_kill 0",
          ],
        },
      },
      v2: { refused: /memory\.swappiness to 20: only cgroup v1 has/ },
      differs: [
        {
          peers: RUNC,
          what: /^update1 memory\.swappiness$/,
          why: "runc does not look at it in updates; what is given is set",
        },
        {
          peers: RUNC,
          what: /^create !$/,
          why: "on v2 runc leaves it out without a word",
        },
      ],
    },
  ];
}

function cpuCases(): ResourceCase[] {
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
      updates: [{ cpu: { idle: 0, shares: 1024 } }],
      v1: {
        files: { "cpu.idle": ["1", "0"], "cpu.shares": ["3", "1024"] },
      },
      v2: {
        files: { "cpu.idle": ["1", "0"], "cpu.weight": ["0", "100"] },
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
          what: /^update1 !$/,
          why: "crun sets the weight first, which an idle cgroup does not take",
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
      name: "cpuset",
      resources: { cpu: { cpus: "0", mems: "0" } },
      updates: [{ cpu: { cpus: "0-1" } }],
      needs: ["/sys/fs/cgroup/cpuset*", "/sys/devices/system/cpu/cpu1"],
      v1: { files: { "cpuset.cpus": ["0", "0-1"], "cpuset.mems": ["0", "0"] } },
      v2: { files: { "cpuset.cpus": ["0", "0-1"], "cpuset.mems": ["0", "0"] } },
    },
  ];
}

function blockIOCases({ major, minor }: Disk): ResourceCase[] {
  const at = (rate: number) => [{ major, minor, rate }];
  const disk = `${major}:${minor}`;
  return [
    {
      name: "block devices, rates",
      resources: {
        blockIO: {
          throttleReadBpsDevice: at(1000),
          throttleWriteBpsDevice: at(2000),
          throttleReadIOPSDevice: at(300),
          throttleWriteIOPSDevice: at(400),
        },
      },
      updates: [{
        blockIO: {
          throttleReadBpsDevice: at(5000),
          throttleWriteIOPSDevice: at(0),
        },
      }],
      v1: {
        files: {
          "blkio.throttle.read_bps_device": [`${disk} 1000`, `${disk} 5000`],
          "blkio.throttle.write_bps_device": [`${disk} 2000`, `${disk} 2000`],
          "blkio.throttle.read_iops_device": [`${disk} 300`, `${disk} 300`],
          "blkio.throttle.write_iops_device": [`${disk} 400`, ""],
        },
      },
      v2: {
        files: {
          "io.max": [
            `${disk} rbps=1000 wbps=2000 riops=300 wiops=400`,
            `${disk} rbps=5000 wbps=2000 riops=300 wiops=max`,
          ],
        },
      },
      differs: [
        {
          peers: RUNC,
          what: /^update1 (blkio\.throttle\.\w+|io\.max|!)$/,
          why: "runc before 1.4 does not look at rates in updates",
        },
        {
          peers: CRUN,
          what: /^update1 !$/,
          why: "0 takes a rate back on v1; v2 has `max` for it, and no 0",
        },
      ],
    },
    {
      name: "block devices, weights",
      resources: { blockIO: { weight: 300 } },
      updates: [["--blkio-weight", "500"]],
      needs: ["/sys/fs/cgroup/blkio/blkio.bfq.io_serviced"],
      v1: { files: { "blkio.bfq.weight": ["300", "500"] } },
      v2: { refused: /"\/sys\/fs\/cgroup\/.*io\.bfq\.weight": ENOENT/ },
    },
  ];
}

function otherCases(): ResourceCase[] {
  const unified = { "memory.high": bytes(20), "pids.max": "9" };
  return [
    {
      name: "pids, none",
      resources: { pids: { limit: 0 } },
      updates: [{ pids: { limit: 7 } }],
      v1: { files: { "pids.max": ["1", "7"] } },
      v2: { files: { "pids.max": ["1", "7"] } },
      differs: [{
        peers: BOTH,
        what: /^create pids\.max$/,
        why: "since specification 1.3 a limit of 0 is one; runc since 1.4",
      }],
    },
    {
      name: "huge pages",
      resources: { hugepageLimits: [{ pageSize: "2MB", limit: 4 * M }] },
      updates: [{ hugepageLimits: [{ pageSize: "2MB", limit: 0 }] }],
      needs: ["/sys/kernel/mm/hugepages/hugepages-2048kB"],
      v1: {
        files: {
          "hugetlb.2MB.max": [bytes(4), "0"],
          "hugetlb.2MB.rsvd.max": [bytes(4), "0"],
        },
      },
      differs: [{
        peers: RUNC,
        what: /^create !$/,
        why: "on a hybrid host runc uses no controller of v2",
      }],
    },
    {
      name: "unified",
      resources: { pids: { limit: 20 }, unified },
      updates: [{ unified: { "memory.high": "max" } }],
      v1: {
        refused: /invalid configuration: cannot use unified on cgroup v1/,
      },
      v2: {
        files: { "memory.high": [bytes(20), "max"], "pids.max": ["9", "9"] },
      },
      differs: [{
        peers: CRUN,
        what: /^(update1|create) !$/,
        why: "crun refuses it on v1 only after the container was made",
      }],
    },
    {
      name: "network",
      resources: { network: { classID: 0x100001 } },
      v1: {
        refused: /network\.classID: the cgroup controller "net_cls" is not/,
      },
      v2: { refused: /network\.classID to 1048577: only cgroup v1 has/ },
      differs: [{
        peers: RUNC,
        what: /^create !$/,
        why: "on v2 runc leaves it out without a word",
      }],
    },
    {
      name: "what engines send as unset",
      resources: {
        memory: { limit: 0, reservation: 0, swap: 0, disableOOMKiller: false },
        cpu: { shares: 0, quota: 0, period: 0, cpus: "", mems: "" },
        blockIO: { weight: 0 },
        hugepageLimits: [],
        network: {},
        devices: [{ allow: false, access: "rwm" }],
      },
      updates: [{
        memory: { limit: 0 },
        cpu: { shares: 0 },
        devices: [{ allow: false, access: "rwm" }],
      }],
      v1: {
        files: {
          "memory.limit_in_bytes": [UNLIMITED, UNLIMITED],
          "cpu.shares": ["1024", "1024"],
          "cpu.cfs_quota_us": ["-1", "-1"],
        },
      },
      v2: {
        files: {
          "memory.max": ["max", "max"],
          "memory.low": ["0", "0"],
          "cpu.weight": ["100", "100"],
          "cpu.max": ["max 100000", "max 100000"],
        },
      },
      differs: [{
        peers: CRUN,
        what: /^create !$/,
        why: "crun takes 0 for a limit, and an empty object for a wish",
      }],
    },
    {
      name: "limits of kernel memory, which there are no more",
      resources: { memory: { limit: 30 * M, kernel: 20 * M, kernelTCP: M } },
      updates: [
        ["--kernel-memory", bytes(25), "--kernel-memory-tcp", bytes(1)],
      ],
      v1: { files: { "memory.limit_in_bytes": [bytes(30), bytes(30)] } },
      v2: { files: { "memory.max": [bytes(30), bytes(30)] } },
      differs: [{
        peers: CRUN,
        what: /^create !$/,
        why: "engines of today still send them; runc takes no notice either",
      }],
    },
  ];
}
