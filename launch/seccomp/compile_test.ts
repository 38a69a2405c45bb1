import { assert, assertEquals, assertThrows } from "@std/assert";
import { allowsAll, runFilter } from "./run_filter.ts";
import { ARCHES, type CallArch, callNumbers } from "./architectures.ts";
import { compileSeccomp } from "./compile.ts";
import type { Profile, ProfileArg } from "./profile.ts";

const ALLOW = 0x7fff0000, ERRNO = 0x50000, KILL = 0;

function verdict(
  profile: Profile,
  name: string,
  args: readonly bigint[] = [],
  arch: CallArch = "X86_64",
): number {
  const { filter } = compileSeccomp(profile, "x86_64");
  const number = callNumbers(arch).get(name)!;
  return runFilter(filter, { audit: ARCHES[arch].audit, number, args }).value;
}

const allowing = (...names: string[]): Profile => ({
  defaultAction: "SCMP_ACT_ERRNO",
  syscalls: [{ names, action: "SCMP_ACT_ALLOW" }],
});

function testing(...args: ProfileArg[]): Profile {
  const rule = { names: ["read"], action: "SCMP_ACT_ALLOW", args };
  return { defaultAction: "SCMP_ACT_ERRNO", syscalls: [rule] };
}

Deno.test("compileSeccomp() returns the action of the call's rule", () => {
  const profile: Profile = {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: 13,
    syscalls: [
      { names: ["read", "write"], action: "SCMP_ACT_ALLOW" },
      { names: ["mkdir"], action: "SCMP_ACT_ERRNO", errnoRet: 5 },
      { names: ["getppid"], action: "SCMP_ACT_ERRNO" },
      { names: ["reboot"], action: "SCMP_ACT_KILL_PROCESS" },
    ],
  };
  assertEquals(verdict(profile, "write"), ALLOW);
  assertEquals(verdict(profile, "open"), ERRNO | 13);
  assertEquals(verdict(profile, "mkdir"), ERRNO | 5);
  assertEquals(verdict(profile, "getppid"), ERRNO | 1);
  assertEquals(verdict(profile, "reboot"), 0x80000000);
  assertEquals(verdict(profile, "read", [], "X86"), KILL);
});

Deno.test("compileSeccomp() compares arguments as 64 bits, unsigned", () => {
  const big = 0x8000000100000002n;
  const cases: [string, bigint, boolean][] = [
    ["EQ", big, true],
    ["EQ", big - 0x100000000n, false],
    ["NE", big, false],
    ["NE", 2n, true],
    ["GT", big, false],
    ["GT", big + 1n, true],
    ["GT", 0x8000000200000000n, true],
    ["GT", 0x80000000ffffffffn, false],
    ["GE", big, true],
    ["GE", big - 1n, false],
    ["LT", big - 1n, true],
    ["LT", big, false],
    ["LE", big, true],
    ["LE", 0x8000000200000000n, false],
  ];
  for (const [op, arg, holds] of cases) {
    const profile = testing({ index: 2, value: big, op: `SCMP_CMP_${op}` });
    const expected = holds ? ALLOW : ERRNO | 1;
    assertEquals(verdict(profile, "read", [0n, 0n, arg]), expected, op + arg);
  }
});

Deno.test("compileSeccomp() compares the bits of a mask", () => {
  const op = "SCMP_CMP_MASKED_EQ";
  const profile = testing({
    index: 0,
    value: 0xf0000000f0n,
    valueTwo: 0x20,
    op,
  });
  assertEquals(verdict(profile, "read", [0x2fn]), ALLOW);
  assertEquals(verdict(profile, "read", [0xff0fffffff2fn]), ALLOW);
  assertEquals(verdict(profile, "read", [0x100000002fn]), ERRNO | 1);
});

Deno.test("compileSeccomp() wants all tests of a rule, or one of an argument's", () => {
  const equal = (index: number, value: number) => ({
    index,
    value,
    op: "SCMP_CMP_EQ",
  });
  const both = testing(equal(0, 1), equal(1, 2));
  assertEquals(verdict(both, "read", [1n, 2n]), ALLOW);
  assertEquals(verdict(both, "read", [1n, 3n]), ERRNO | 1);
  const either = testing(equal(0, 1), equal(0, 5));
  assertEquals(verdict(either, "read", [5n]), ALLOW);
  assertEquals(verdict(either, "read", [2n]), ERRNO | 1);
});

Deno.test("compileSeccomp() answers ENOSYS to calls newer than the profile's", () => {
  const profile = allowing("read", "openat2");
  assertEquals(verdict(profile, "futex_waitv"), ERRNO | 38);
  assertEquals(verdict(profile, "clone3"), ERRNO | 1);
  const permits = { ...profile, defaultAction: "SCMP_ACT_LOG" };
  assertEquals(verdict(permits, "futex_waitv"), 0x7ffc0000);
});

Deno.test("compileSeccomp() kills calls of x32 unless the profile has it", () => {
  const profile = allowing("read");
  assertEquals(verdict(profile, "read", [], "X32"), KILL);
  const both = { ...profile, architectures: ["SCMP_ARCH_X32"] };
  assertEquals(verdict(both, "read", [], "X32"), ALLOW);
  assertEquals(verdict(both, "read"), ALLOW);
});

Deno.test("compileSeccomp() says what it leaves out", () => {
  const { unknown, foreign, notifies, flags } = compileSeccomp({
    ...allowing("read", "no_such_call", "ipc"),
    architectures: ["SCMP_ARCH_S390X", "SCMP_ARCH_X86"],
    flags: ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"],
  }, "x86_64");
  assertEquals(unknown, ["no_such_call"]);
  assertEquals(foreign, ["S390X"]);
  assertEquals([notifies, flags], [false, 3]);
});

Deno.test("compileSeccomp() finds a call of many with few comparisons", () => {
  const names = [...callNumbers("X86_64").keys()];
  // Every other one: no two neighbours are alike.
  const profile = allowing(...names.filter((_, i) => i % 2 === 0));
  const { filter } = compileSeccomp(profile, "x86_64");
  const { audit } = ARCHES.X86_64;
  for (const [name, number] of callNumbers("X86_64")) {
    const { comparisons } = runFilter(filter, { audit, number, args: [] });
    assert(comparisons <= 10, `${name}: ${comparisons}`);
  }
});

Deno.test("compileSeccomp() refuses a filter that the kernel would not take", () => {
  const rules = Array.from({ length: 2000 }, (_, value) => ({
    names: ["read"],
    action: "SCMP_ACT_ALLOW",
    args: [{ index: 0, value, op: "SCMP_CMP_EQ" }],
  }));
  const profile = { defaultAction: "SCMP_ACT_ERRNO", syscalls: rules };
  assertThrows(() => compileSeccomp(profile, "x86_64"), RangeError, "4096");
});

Deno.test("compileSeccomp() jumps as far as it takes", () => {
  const rules = Array.from({ length: 400 }, (_, i) => ({
    names: ["read", "write"],
    action: i % 2 === 0 ? "SCMP_ACT_ALLOW" : "SCMP_ACT_LOG",
    args: [{ index: 0, value: i, op: "SCMP_CMP_EQ" }],
  }));
  const profile = { defaultAction: "SCMP_ACT_ERRNO", syscalls: rules };
  for (const name of ["read", "write"]) {
    for (const arg of [0n, 1n, 200n, 399n]) {
      const expected = arg % 2n === 0n ? ALLOW : 0x7ffc0000;
      assertEquals(verdict(profile, name, [arg]), expected);
    }
    assertEquals(verdict(profile, name, [400n]), ERRNO | 1);
  }
});

Deno.test("allowsAll() asks a filter about calls with their arguments", () => {
  const filtered = (profile: Profile) =>
    compileSeccomp(profile, "x86_64").filter;
  const filter = filtered(allowing("read", "write"));
  assert(allowsAll(filter, "x86_64", [["read", 3], ["write"]]));
  assert(!allowsAll(filter, "x86_64", [["read", 3], ["clone", 17]]));
  assert(!allowsAll(filter, "aarch64", [["read", 3]]));
  const flags = 0x7e020000;
  const masked = filtered({
    defaultAction: "SCMP_ACT_ERRNO",
    syscalls: [{
      names: ["clone"],
      action: "SCMP_ACT_ALLOW",
      args: [{ index: 0, value: flags, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
    }],
  });
  assert(allowsAll(masked, "x86_64", [["clone", 0x8011]]));
  assert(!allowsAll(masked, "x86_64", [["clone", 0x10000000]]));
});
