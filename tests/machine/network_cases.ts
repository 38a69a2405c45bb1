/**
 * Rows of the table for a kernel that has `net_cls` and `net_prio` on cgroup
 * v1, and an interface `dummy0` beside `lo`.
 *
 * @module
 */

import {
  CRUN,
  type Difference,
  type ResourceCase,
  RUNC,
} from "../resource_case.ts";

/** Priorities of some interfaces, in this order. */
function priorities(given: Readonly<Record<string, number>>) {
  return Object.entries(given).map(([name, priority]) => ({ name, priority }));
}

/** `runc update` has no option for it, and leaves it out of a file. */
const NOT_IN_UPDATES: Difference = {
  peers: RUNC,
  what: /^update\d (net_(cls\.classid|prio\.ifpriomap)|!)$/,
  why: "runc does not look at the network in updates, without a word",
};

const MISSING =
  /network\.priorities\[1\]\.priority: write "nosuch0 7" .*: ENODEV: No such device, is there such a network interface\? see \/sys\/class\/net$/;

/** Rows of `linux.resources.network`. */
export function networkCases(): ResourceCase[] {
  return [
    {
      name: "a class and priorities of packets",
      resources: {
        network: {
          classID: 0x100001,
          priorities: priorities({ lo: 5, dummy0: 7 }),
        },
      },
      updates: [
        { network: { classID: 0x100002, priorities: priorities({ lo: 1 }) } },
        { network: { priorities: priorities({ dummy0: 0, lo: 9 }) } },
        // What engines send as unset.
        { network: { classID: 0, priorities: [] } },
        { network: { classID: 0xffffffff } },
      ],
      v1: {
        files: {
          "net_cls.classid": [
            "1048577",
            "1048578",
            "1048578",
            "1048578",
            "4294967295",
          ],
          "net_prio.ifpriomap": [
            "lo 5|dummy0 7",
            "lo 1|dummy0 7",
            "lo 9|dummy0 0",
            "lo 9|dummy0 0",
            "lo 9|dummy0 0",
          ],
        },
      },
      differs: [
        NOT_IN_UPDATES,
        {
          peers: CRUN,
          what: /^update4 !$/,
          why: "crun 1.8 writes it as a number below zero, the kernel refuses",
        },
      ],
    },
    {
      name: "the highest priority, and two of one interface",
      resources: {
        network: {
          priorities: [
            ...priorities({ lo: 6 }),
            ...priorities({ lo: 0xffffffff }),
          ],
        },
      },
      v1: {
        files: {
          "net_cls.classid": ["0"],
          "net_prio.ifpriomap": ["lo 4294967295|dummy0 0"],
        },
      },
      differs: [{
        peers: CRUN,
        what: /^create !$/,
        why: "crun 1.8 writes it as a number below zero, the kernel refuses",
      }],
    },
    {
      name: "a class and priorities of packets, only in an update",
      resources: {},
      updates: [
        { network: { classID: 4, priorities: priorities({ dummy0: 6 }) } },
      ],
      v1: {
        files: {
          "net_cls.classid": ["0", "4"],
          "net_prio.ifpriomap": ["lo 0|dummy0 0", "lo 0|dummy0 6"],
        },
      },
      differs: [NOT_IN_UPDATES],
    },
    {
      name: "an interface that there is not",
      resources: {
        network: { classID: 3, priorities: priorities({ lo: 5, nosuch0: 7 }) },
      },
      v1: { refused: MISSING },
    },
    {
      name: "an interface that there is not, in an update",
      resources: {
        network: { classID: 3, priorities: priorities({ lo: 5 }) },
      },
      updates: [{
        network: { classID: 4, priorities: priorities({ lo: 6, nosuch0: 7 }) },
      }],
      v1: {
        updateRefused: MISSING,
        files: {
          "net_cls.classid": ["3", "3"],
          "net_prio.ifpriomap": ["lo 5|dummy0 0", "lo 5|dummy0 0"],
        },
      },
      differs: [
        NOT_IN_UPDATES,
        {
          peers: CRUN,
          what: /^update1 net_/,
          why: "crun puts nothing back after a failure",
        },
      ],
    },
    {
      name: "an interface of no possible name",
      resources: { network: { priorities: priorities({ "a b": 5 }) } },
      v1: { refused: /network\.priorities\[0\]\.name to "a b": want the name/ },
    },
  ];
}
