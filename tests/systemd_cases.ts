/**
 * Limits of a config.json, and what the kernel is to report of them in the
 * cgroup of a systemd scope.
 */

/** Limits to make a container with, then to update it to. */
export interface LimitCase {
  readonly name: string;
  readonly create: Record<string, unknown>;
  /** As `update --resources` takes it. */
  readonly update: Record<string, unknown>;
  /** Files of the cgroup, and their values after each. */
  readonly files: Readonly<Record<string, readonly [string, string]>>;
  /** What of them is another when systemd has loaded its units anew. */
  readonly reloaded?: Readonly<Record<string, string>>;
  /** Peers that do not know what it asks for. */
  readonly without?: readonly string[];
  /**
   * Files of which a peer reports other values than Davit, and why Davit's are
   * the right ones.
   */
  readonly peers?: Readonly<
    Record<string, { readonly files: readonly string[]; readonly why: string }>
  >;
}

const MIB = 1 << 20;

/** What the peers of Debian 12 report. */
const OLD = {
  files: ["cpu.weight", "cpu.max.burst"],
  why:
    "runc since 1.3.2 and crun since 1.23 give 1024 shares the weight 100; " +
    "runc 1.1 and crun 1.8 do not know cpu.burst",
};

export const CASES: readonly LimitCase[] = [
  {
    name: "numbers",
    create: {
      memory: { limit: 32 * MIB, reservation: 16 * MIB, swap: 64 * MIB },
      cpu: { shares: 512, quota: 20000, period: 50000, burst: 5000 },
      pids: { limit: 20 },
    },
    update: {
      memory: { limit: 48 * MIB, reservation: 8 * MIB, swap: 96 * MIB },
      cpu: { shares: 1024, quota: 30000, period: 100000, burst: 6000 },
      pids: { limit: 30 },
    },
    files: {
      "memory.max": [`${32 * MIB}`, `${48 * MIB}`],
      "memory.low": [`${16 * MIB}`, `${8 * MIB}`],
      "memory.swap.max": [`${32 * MIB}`, `${48 * MIB}`],
      "cpu.weight": ["59", "100"],
      "cpu.max": ["20000 50000", "30000 100000"],
      "cpu.max.burst": ["5000", "6000"],
      "pids.max": ["20", "30"],
    },
    peers: { runc: OLD, crun: OLD },
  },
  {
    name: "no limits",
    create: {
      memory: { limit: -1, swap: -1 },
      cpu: { quota: -1, period: 40000 },
      pids: { limit: -1 },
    },
    update: {
      memory: { limit: 16 * MIB, swap: 16 * MIB },
      cpu: { quota: 12345, period: 100000 },
      pids: { limit: 5 },
    },
    files: {
      "memory.max": ["max", `${16 * MIB}`],
      "memory.swap.max": ["max", "0"],
      // What systemd rounds is exact all the same.
      "cpu.max": ["max 40000", "12345 100000"],
      "pids.max": ["max", "5"],
    },
    // systemd knows hundredths of a processor.
    reloaded: { "cpu.max": "13000 100000" },
  },
  {
    name: "unified",
    create: {
      unified: {
        "memory.high": `${20 * MIB}`,
        "memory.min": `${MIB}`,
        "memory.oom.group": "1",
        "cpu.max": "7000 70000",
        "cpu.weight": "70",
        "pids.max": "15",
      },
    },
    update: {
      unified: {
        "memory.high": "max",
        "memory.min": "0",
        "memory.oom.group": "0",
        "cpu.max": "max 70000",
        "cpu.weight": "80",
        "pids.max": "max",
      },
    },
    files: {
      "memory.high": [`${20 * MIB}`, "max"],
      "memory.min": [`${MIB}`, "0"],
      "memory.oom.group": ["1", "0"],
      "cpu.max": ["7000 70000", "max 70000"],
      "cpu.weight": ["70", "80"],
      "pids.max": ["15", "max"],
    },
    // systemd has no period without a quota.
    reloaded: { "cpu.max": "max 100000" },
  },
  {
    name: "idle",
    create: { cpu: { idle: 1 } },
    update: { cpu: { idle: 0, shares: 2048 } },
    files: { "cpu.idle": ["1", "0"], "cpu.weight": ["0", "174"] },
    without: ["runc", "crun"],
  },
];
