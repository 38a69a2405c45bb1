import {
  BOTH,
  bytes,
  CRUN,
  type Disk,
  M,
  type ResourceCase,
  RUNC,
  UNLIMITED,
} from "./resource_case.ts";

/** Block devices. */
export function blockIOCases({ major, minor }: Disk): ResourceCase[] {
  const at = (rate: number) => [{ major, minor, rate }];
  const disk = `${major}:${minor}`;
  const line = (rate: number) => `${disk} ${rate}`;
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
      }, {
        blockIO: {
          throttleWriteBpsDevice: at(6000),
          throttleReadIOPSDevice: at(700),
        },
      }],
      v1: {
        files: {
          "blkio.throttle.read_bps_device": [1000, 5000, 5000].map(line),
          "blkio.throttle.write_bps_device": [2000, 2000, 6000].map(line),
          "blkio.throttle.read_iops_device": [300, 300, 700].map(line),
          "blkio.throttle.write_iops_device": [line(400), "", ""],
        },
      },
      v2: {
        files: {
          "io.max": [
            `${disk} rbps=1000 wbps=2000 riops=300 wiops=400`,
            `${disk} rbps=5000 wbps=2000 riops=300 wiops=max`,
            `${disk} rbps=5000 wbps=6000 riops=700 wiops=max`,
          ],
        },
      },
      differs: [
        {
          peers: RUNC,
          what: /^update[12] (blkio\.throttle\.\w+|io\.max|!)$/,
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

/** Everything else. */
export function otherCases(): ResourceCase[] {
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
      name: "pids, more than there can be",
      resources: { pids: { limit: 5_000_000 } },
      v1: { refused: /pids\.limit: .*EINVAL.*, want at most 4194304, or -1/ },
      v2: { refused: /pids\.limit: .*EINVAL.*, want at most 4194304, or -1/ },
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
