import {
  BOTH,
  bytes,
  CRUN,
  M,
  type ResourceCase,
  RUNC,
  UNLIMITED,
} from "./resource_case.ts";

/** Memory and swap. */
export function memoryCases(): ResourceCase[] {
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
      v1: {
        updateRefused: /unable to set memory limit to 1024 \(current usage: /,
        files: {
          "memory.limit_in_bytes": [bytes(30), bytes(30)],
          "memory.memsw.limit_in_bytes": [bytes(50), bytes(50)],
        },
      },
      v2: {
        updateRefused: /rejecting memory limit 1024 <= usage [0-9]+/,
        files: { "memory.max": [bytes(30), bytes(30)] },
      },
      differs: [{
        peers: RUNC,
        what: /^update1 (memory\.max|!)$/,
        why: "runc before 1.2 does not check, and the kernel kills; systemd " +
          "removes the scope then",
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
