import { bytes, CRUN, M, type ResourceCase, RUNC } from "./resource_case.ts";

/** What cgroup v1 alone has, and what v2 is to say of it in an update. */
const ONLY_V1: readonly (readonly [object, RegExp])[] = [
  [
    { network: { classID: 0x100001 } },
    /network\.classID to 1048577: only cgroup v1 has .*"net_cls"/,
  ],
  [
    { network: { priorities: [{ name: "lo", priority: 5 }] } },
    /network\.priorities\[0\]\.priority to 5: only cgroup v1 has .*"net_prio"/,
  ],
  [
    { cpu: { realtimeRuntime: 5000 } },
    /cpu\.realtimeRuntime to 5000: only cgroup v1 has/,
  ],
  [
    { memory: { swappiness: 20 } },
    /memory\.swappiness to 20: only cgroup v1 has/,
  ],
  [
    { memory: { disableOOMKiller: true } },
    /memory\.disableOOMKiller to true: only cgroup v1 has/,
  ],
  [
    { blockIO: { leafWeight: 300 } },
    /blockIO\.leafWeight to 300: only cgroup v1 has/,
  ],
];

/** What is on one of the layouts alone. */
export function legacyCases(): ResourceCase[] {
  return [
    {
      name: "what v1 alone has, in updates",
      resources: { pids: { limit: 5 } },
      updates: ONLY_V1.map(([resources]) => ({
        pids: { limit: 7 },
        ...resources,
      })),
      v2: {
        updateRefused: ONLY_V1.map(([, words]) => words),
        files: { "pids.max": Array(ONLY_V1.length + 1).fill("5") },
      },
      differs: [
        {
          peers: RUNC,
          what: /^update1 !$/,
          why: "on v2 runc leaves it out without a word",
        },
        {
          peers: CRUN,
          what: /^update\d pids\.max$/,
          why: "crun puts nothing back after a failure",
        },
      ],
    },
    {
      name: "leaf weights, which went with CFQ",
      resources: { blockIO: { leafWeight: 300 } },
      v1: { refused: /blockIO\.leafWeight: .*this kernel has no such limit/ },
      v2: { refused: /blockIO\.leafWeight to 300: only cgroup v1 has/ },
      differs: [{
        peers: RUNC,
        what: /^create !$/,
        why: "on v2 runc leaves it out without a word",
      }],
    },
    {
      name: "no OOM killer, in updates",
      resources: { memory: { limit: 30 * M } },
      updates: [
        { memory: { disableOOMKiller: true } },
        { memory: { limit: 40 * M } },
        { memory: { disableOOMKiller: false } },
      ],
      v1: {
        files: {
          "memory.limit_in_bytes": [30, 30, 40, 40].map(bytes),
          "memory.oom_control": [0, 1, 1, 0].map((disabled) =>
            `oom_kill_disable ${disabled}|under_oom 0|oom_kill 0`
          ),
        },
      },
      differs: [
        {
          peers: RUNC,
          what: /^update[12] memory\.oom_control$/,
          why: "runc does not look at it in updates; what is given is set",
        },
        {
          peers: CRUN,
          what: /^update3 memory\.oom_control$/,
          why: "crun does not turn it on again without a word",
        },
      ],
    },
    {
      name: "unified on v1, in an update",
      resources: { pids: { limit: 20 } },
      updates: [{ pids: { limit: 7 }, unified: { "pids.max": "9" } }],
      v1: {
        updateRefused: /invalid configuration: cannot use unified on cgroup v1/,
        files: { "pids.max": ["20", "20"] },
      },
      differs: [{
        peers: CRUN,
        what: /^update1 pids\.max$/,
        why: "crun puts nothing back after a failure",
      }],
    },
    {
      name: "devices",
      resources: {
        devices: [
          { allow: false, access: "rwm" },
          { allow: true, type: "c", major: 1, minor: 11, access: "r" },
          { allow: true, type: "b", major: 8, minor: 0, access: "rw" },
        ],
      },
      updates: [{
        devices: [
          { allow: false, access: "rwm" },
          { allow: true, type: "c", major: 1, minor: 11, access: "rw" },
          { allow: true, type: "b", major: 8, access: "r" },
        ],
      }],
      v1: {
        files: {
          "devices.list": [
            devices("b 8:0 rw", "c 1:11 r"),
            devices("b 8:* r", "c 1:11 rw"),
          ],
        },
      },
      differs: [
        {
          peers: RUNC,
          what: /^update1 devices\.list$/,
          why: "runc does not look at devices in updates",
        },
        {
          peers: CRUN,
          what: /^\w+ devices\.list$/,
          why: "of its own crun 1.8 has 5:1, and not 10:200, as runc has",
        },
      ],
    },
  ];
}

/** A list with what every container may do; the script sorts it. */
function devices(...own: readonly string[]): string {
  const common = "b *:* m|c *:* m|c 10:200 rwm|c 136:* rwm|c 1:3 rwm|" +
    "c 1:5 rwm|c 1:7 rwm|c 1:8 rwm|c 1:9 rwm|c 5:0 rwm|c 5:2 rwm";
  return [...common.split("|"), ...own].sort().join("|");
}
