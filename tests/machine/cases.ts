/**
 * Rows of the table of resources for a kernel that has all controllers, two
 * processors, huge pages and an RDMA device.
 *
 * @module
 */

import {
  BOTH,
  bytes,
  CRUN,
  type Disk,
  M,
  type ResourceCase,
  RUNC,
} from "../resource_case.ts";

/** Rows for disks whose time nobody but the kernel's `io.cost` shares out. */
export function ioCostCases({ major, minor }: Disk): ResourceCase[] {
  const disk = `${major}:${minor}`;
  return [
    {
      name: "weights of io.cost",
      resources: { blockIO: { weight: 300 } },
      updates: [
        ["--blkio-weight", "500"],
        { blockIO: { weight: 10 } },
        { blockIO: { weight: 1000 } },
      ],
      v2: {
        files: {
          "io.weight": [
            "default 2930",
            "default 4950",
            "default 1",
            "default 10000",
          ],
        },
      },
    },
    {
      name: "weights of io.cost, of a device",
      resources: {
        blockIO: { weight: 300, weightDevice: [{ major, minor, weight: 500 }] },
      },
      updates: [{ blockIO: { weightDevice: [{ major, minor, weight: 20 }] } }],
      v2: {
        files: {
          "io.weight": [
            `default 2930|${disk} 4950`,
            `default 2930|${disk} 102`,
          ],
        },
      },
      differs: [
        {
          peers: RUNC,
          what: /^\w+ io\.weight$/,
          why: "runc gives devices weights in io.bfq.weight alone",
        },
        {
          peers: CRUN,
          what: /^create !$/,
          why: "crun 1.8 looks for io.weight in the wrong folder",
        },
      ],
    },
  ];
}

/** Rows for a disk that BFQ schedules. */
export function bfqCases({ major, minor }: Disk): ResourceCase[] {
  const disk = `${major}:${minor}`;
  const weights = (weight: number) => [{ major, minor, weight }];
  return [
    {
      name: "weights of BFQ",
      resources: { blockIO: { weight: 300 } },
      updates: [["--blkio-weight", "500"], { blockIO: { weight: 1000 } }],
      v1: { files: { "blkio.bfq.weight": ["300", "500", "1000"] } },
      v2: {
        files: {
          "io.bfq.weight": ["default 300", "default 500", "default 1000"],
        },
      },
      differs: [{
        peers: CRUN,
        what: /^create !$/,
        why: "crun 1.8 knows the file of CFQ alone on v1",
      }],
    },
    {
      name: "weights of BFQ, too large",
      resources: { blockIO: { weight: 1001 } },
      v1: { refused: /blockIO\.weight: write "1001".*, want 10 to 1000/ },
      v2: { refused: /blockIO\.weight to 1001: want 10 to 1000/ },
    },
    {
      name: "weights of BFQ, of a device",
      resources: { blockIO: { weight: 300, weightDevice: weights(500) } },
      updates: [{ blockIO: { weightDevice: weights(20) } }],
      v1: {
        files: {
          "blkio.bfq.weight_device": [
            `default 300|${disk} 500`,
            `default 300|${disk} 20`,
          ],
        },
      },
      v2: {
        files: {
          "io.bfq.weight": [
            `default 300|${disk} 500`,
            `default 300|${disk} 20`,
          ],
        },
      },
      differs: [{
        peers: RUNC,
        what: /^update1 (io|blkio)\.bfq/,
        why: "runc does not look at devices' weights in updates",
      }, {
        peers: CRUN,
        what: /^create !$/,
        why: "crun 1.8 knows the file of CFQ alone on v1",
      }],
    },
  ];
}

/** Rows of the other controllers. */
export function controllerCases(): ResourceCase[] {
  const max = "hca_handle=max hca_object=max";
  return [
    {
      name: "processors and nodes",
      resources: { cpu: { cpus: "0", mems: "0" } },
      updates: [
        { cpu: { cpus: "0-1" } },
        ["--cpuset-cpus", "1"],
        ["--cpuset-mems", "0", "--cpuset-cpus", "0,1"],
      ],
      v1: {
        files: {
          "cpuset.cpus": ["0", "0-1", "1", "0-1"],
          "cpuset.mems": ["0", "0", "0", "0"],
        },
      },
      v2: {
        files: {
          "cpuset.cpus": ["0", "0-1", "1", "0-1"],
          "cpuset.cpus.effective": ["0", "0-1", "1", "0-1"],
          "cpuset.mems": ["0", "0", "0", "0"],
        },
      },
    },
    {
      name: "processors that there are not",
      resources: { cpu: { cpus: "0" } },
      updates: [["--cpuset-cpus", "0-7"]],
      v1: {
        updateRefused: /cpu\.cpus: write "0-7".*which processors are there\?/,
        files: { "cpuset.cpus": ["0", "0"] },
      },
      v2: {
        updateRefused: /cpu\.cpus: write "0-7".*which processors are there\?/,
        files: { "cpuset.cpus": ["0", "0"] },
      },
    },
    {
      name: "huge pages of 2 MiB",
      resources: { hugepageLimits: [{ pageSize: "2MB", limit: 4 * M }] },
      updates: [
        { hugepageLimits: [{ pageSize: "2MB", limit: 8 * M }] },
        { hugepageLimits: [{ pageSize: "2MB", limit: 0 }] },
      ],
      v1: {
        files: {
          "hugetlb.2MB.limit_in_bytes": [bytes(4), bytes(8), "0"],
          "hugetlb.2MB.rsvd.limit_in_bytes": [bytes(4), bytes(8), "0"],
        },
      },
      v2: {
        files: {
          "hugetlb.2MB.max": [bytes(4), bytes(8), "0"],
          "hugetlb.2MB.rsvd.max": [bytes(4), bytes(8), "0"],
        },
      },
      differs: [
        {
          peers: BOTH,
          what: /^\w+ hugetlb\.2MB\.rsvd/,
          why: "runc before 1.2 and crun 1.8 limit no reservations",
        },
        {
          peers: RUNC,
          what: /^update[12] hugetlb/,
          why: "runc does not look at huge pages in updates",
        },
      ],
    },
    {
      name: "huge pages of 1 GiB beside others",
      resources: {
        hugepageLimits: [
          { pageSize: "2MB", limit: 4 * M },
          { pageSize: "1GB", limit: 1024 * M },
        ],
      },
      updates: [{ hugepageLimits: [{ pageSize: "1GB", limit: 0 }] }],
      v1: {
        files: {
          "hugetlb.2MB.limit_in_bytes": [bytes(4), bytes(4)],
          "hugetlb.1GB.limit_in_bytes": [bytes(1024), "0"],
        },
      },
      v2: {
        files: {
          "hugetlb.2MB.max": [bytes(4), bytes(4)],
          "hugetlb.1GB.max": [bytes(1024), "0"],
        },
      },
      differs: [{
        peers: RUNC,
        what: /^update1 hugetlb/,
        why: "runc does not look at huge pages in updates",
      }],
    },
    {
      name: "huge pages of a size that there is not",
      resources: { hugepageLimits: [{ pageSize: "3MB", limit: 3 * M }] },
      v1: { refused: /hugepageLimits/ },
      v2: { refused: /hugepageLimits/ },
    },
    {
      name: "an RDMA device",
      resources: { rdma: { rxe0: { hcaHandles: 3, hcaObjects: 10_000 } } },
      updates: [{ rdma: { rxe0: { hcaHandles: 5 } } }],
      v1: {
        files: {
          "rdma.max": [
            "rxe0 hca_handle=3 hca_object=10000 ",
            "rxe0 hca_handle=5 hca_object=10000 ",
          ],
        },
      },
      v2: {
        files: {
          "rdma.max": [
            "rxe0 hca_handle=3 hca_object=10000 ",
            "rxe0 hca_handle=5 hca_object=10000 ",
          ],
        },
      },
      differs: [
        {
          peers: RUNC,
          what: /^update1 rdma/,
          why: "runc does not look at RDMA in updates",
        },
        {
          peers: CRUN,
          what: /^\w+ rdma/,
          why: "crun 1.8 takes no notice of it",
        },
      ],
    },
    {
      name: "an RDMA device that there is not",
      resources: { rdma: { mlx5_9: { hcaHandles: 3 } } },
      v1: { refused: /is there such an RDMA device\?/ },
      v2: { refused: /is there such an RDMA device\?/ },
      differs: [{
        peers: CRUN,
        what: /^create !$/,
        why: "crun 1.8 takes no notice of it",
      }],
    },
    {
      name: "unified, files of these controllers",
      resources: {
        unified: {
          "cpuset.cpus": "1",
          "hugetlb.2MB.max": bytes(2),
          "rdma.max": "rxe0 hca_handle=7",
          "io.max": "254:0 rbps=1000",
        },
      },
      v2: {
        files: {
          "cpuset.cpus": ["1"],
          "hugetlb.2MB.max": [bytes(2)],
          "rdma.max": ["rxe0 hca_handle=7 hca_object=max "],
          "io.max": ["254:0 rbps=1000 wbps=max riops=max wiops=max"],
        },
      },
    },
    {
      name: "unified, misc without a resource",
      resources: { unified: { "misc.max": "sev 5" } },
      v2: { refused: /misc\.max/ },
    },
    {
      name: "none of them",
      resources: {},
      v2: {
        files: {
          "cpuset.cpus": [""],
          "hugetlb.2MB.max": ["max"],
          "rdma.max": [`rxe0 ${max} `],
        },
      },
    },
  ];
}
