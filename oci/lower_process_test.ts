import { assertEquals, assertThrows } from "@std/assert";
import { getLimit } from "../ffi/process.ts";
import { RuntimeError } from "./errors.ts";
import {
  checkPreserved,
  lowerProcess,
  unraisableAmbient,
} from "./lower_process.ts";
import { CAPABILITIES, RLIMITS } from "./names.ts";
import type { Process } from "./spec.ts";

const context = {
  rootfs: "/no/such/rootfs",
  mounts: [],
  ownDevpts: true,
  setGroups: "needed" as const,
};

function lowered(more: Partial<Process> = {}, ownDevpts = true) {
  const process = { args: ["sh"], cwd: "/", env: ["HOME=/h"], ...more };
  return lowerProcess(process, { ...context, ownDevpts });
}

Deno.test("lowerProcess() fills in the defaults", () => {
  const none = 0n;
  assertEquals(lowered(), {
    args: ["sh"],
    env: ["HOME=/h"],
    cwd: "/",
    uid: 0,
    gid: 0,
    groups: [],
    setGroups: "needed",
    umask: 0o022,
    capabilities: {
      bounding: none,
      effective: none,
      inheritable: none,
      permitted: none,
      ambient: none,
    },
    rlimits: [],
    noNewPrivileges: false,
  });
});

Deno.test("lowerProcess() takes the user's IDs, groups and umask", () => {
  const { uid, gid, groups, umask } = lowered({
    user: { uid: 4294967294, gid: 7, additionalGids: [9, 8, 9], umask: 0 },
  });
  assertEquals([uid, gid, groups, umask], [4294967294, 7, [9, 8, 9], 0]);
});

Deno.test("lowerProcess() adds HOME when it is unset or empty", () => {
  assertEquals(lowered({ env: ["A=1"] }).env, ["A=1", "HOME=/"]);
  assertEquals(lowered({ env: ["HOME="] }).env, ["HOME=/"]);
  assertEquals(lowered({ env: ["HOME=/h", "A=", "HOME="] }).env, [
    "A=",
    "HOME=/",
  ]);
  assertEquals(lowered({ env: ["HOMER=x"] }).env, ["HOMER=x", "HOME=/"]);
  const { env } = lowerProcess({ args: ["sh"], cwd: "/" }, context);
  assertEquals(env, ["HOME=/"]);
});

Deno.test("lowerProcess() takes the last setting of a variable", () => {
  const env = ["A=1", "HOME=/h", "A=2", "B=", "A=3=4"];
  assertEquals(lowered({ env }).env, ["A=3=4", "HOME=/h", "B="]);
});

Deno.test("lowerProcess() hands on no variable of this process", () => {
  Deno.env.set("DAVIT_UNIT_TEST_SECRET", "secret");
  const { env } = lowered({ env: ["PATH=/bin"] });
  assertEquals(env, ["PATH=/bin", "HOME=/"]);
  Deno.env.delete("DAVIT_UNIT_TEST_SECRET");
});

Deno.test("lowerProcess() makes masks of capability names", () => {
  const { capabilities } = lowered({
    capabilities: {
      bounding: CAPABILITIES.map((name) => `CAP_${name}`),
      effective: ["CAP_CHOWN", "CAP_CHOWN"],
      permitted: ["CAP_KILL", "CAP_CHECKPOINT_RESTORE"],
      inheritable: ["CAP_KILL", "CAP_SYS_ADMIN"],
      ambient: ["CAP_KILL"],
    },
  });
  assertEquals(capabilities, {
    bounding: (1n << 41n) - 1n,
    effective: 1n,
    permitted: 1n << 5n | 1n << 40n,
    inheritable: 1n << 5n | 1n << 21n,
    ambient: 1n << 5n,
  });
});

Deno.test("lowerProcess() leaves unknown capabilities out", () => {
  const { capabilities } = lowered({
    capabilities: {
      bounding: ["CAP_UNKNOWN", "KILL", "cap_kill", "", "CAP_", "CAP_CAP_KILL"],
    },
  });
  assertEquals(capabilities.bounding, 0n);
});

Deno.test("lowerProcess() raises ambient ones only where the kernel would", () => {
  const sets = {
    permitted: ["CAP_KILL", "CAP_CHOWN"],
    inheritable: ["CAP_KILL", "CAP_SETUID"],
    ambient: ["CAP_KILL", "CAP_CHOWN", "CAP_SETUID", "CAP_NONE"],
  };
  assertEquals(lowered({ capabilities: sets }).capabilities.ambient, 1n << 5n);
  assertEquals(unraisableAmbient(sets), ["CAP_CHOWN", "CAP_SETUID"]);
  assertEquals(unraisableAmbient(undefined), []);
  assertEquals(unraisableAmbient({ ambient: ["CAP_KILL"] }), ["CAP_KILL"]);
});

Deno.test("lowerProcess() gives rlimits their numbers, as 64 bits", () => {
  const max = 2n ** 64n - 1n;
  const { rlimits } = lowered({
    rlimits: [
      { type: "RLIMIT_CPU", soft: 1, hard: 2 },
      { type: "RLIMIT_RTTIME", soft: max, hard: max },
      { type: "RLIMIT_NOFILE", soft: 0, hard: 0 },
    ],
  });
  assertEquals(
    rlimits.map(({ resource, soft, hard }) => [resource, soft, hard]),
    [[0, 1n, 2n], [15, max, max], [7, 0n, 0n]],
  );
  assertEquals(rlimits[1]!.pointer, "/process/rlimits/1");
  const own = getLimit(0, 7).hard;
  for (const [hard, raises] of [[own, false], [own + 1n, true]] as const) {
    const [limit] = lowered({
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 0, hard }],
    }).rlimits;
    assertEquals(limit!.raises, raises);
  }
});

Deno.test("names of rlimits are in getrlimit(2)'s order", () => {
  assertEquals(RLIMITS.length, 16);
  assertEquals(RLIMITS.indexOf("NOFILE"), 7);
  assertEquals(RLIMITS.indexOf("AS"), 9);
  assertEquals(RLIMITS.indexOf("RTTIME"), 15);
});

Deno.test("lowerProcess() has a terminal where it is asked for", () => {
  const size = { height: 10n, width: 70_000 };
  assertEquals(lowered({ consoleSize: size }).terminal, undefined);
  assertEquals(lowered({ terminal: true }).terminal, { from: "container" });
  assertEquals(lowered({ terminal: true }, false).terminal, { from: "host" });
  assertEquals(lowered({ terminal: true, consoleSize: size }).terminal, {
    from: "container",
    rows: 10,
    columns: 65535,
  });
});

Deno.test("lowerProcess() keeps oomScoreAdj, 0 too", () => {
  for (const oomScoreAdj of [-1000, 0, 1000]) {
    assertEquals(lowered({ oomScoreAdj }).oomScoreAdj, oomScoreAdj);
  }
});

Deno.test("checkPreserved() wants descriptors handed over on purpose", () => {
  checkPreserved(0, () => undefined);
  checkPreserved(2, () => false);
  for (const closes of [true, undefined]) {
    const error = assertThrows(
      () => checkPreserved(3, (fd) => fd === 5 ? closes : false),
      RuntimeError,
    );
    assertEquals(error.code, "usage");
    assertEquals(
      error.message,
      "Cannot preserve 3 descriptors: descriptor 5 is not open",
    );
  }
});
