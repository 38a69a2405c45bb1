import { assert, assertEquals, assertThrows } from "@std/assert";
import { syscallNumber } from "../ffi/syscall_numbers.ts";
import { BLAME, type Field, type Operand, PlanBuilder, reg } from "./plan.ts";
import { OPERATION } from "./instructions.ts";
import { ADDRESS, INSTRUCTION_SIZE, layOut } from "./program.ts";
import {
  instruction,
  read64,
  readString,
  readStrings,
} from "./testdata/reader.ts";

/** A program of one step that sets a register to `value`. */
function setting(value: Operand) {
  return layOut(new PlanBuilder().add({ set: "a", value }).build(), "x86_64");
}

/** The first argument of the first instruction. */
const argument = (value: Operand) => instruction(setting(value), 0).args[0]!;

Deno.test("layOut() writes numbers as 64 bits", () => {
  const table: [number | bigint, bigint][] = [
    [0, 0n],
    [1, 1n],
    [-1, 0xffffffffffffffffn],
    [-100, 0xffffffffffffff9cn],
    [2 ** 31 - 1, 0x7fffffffn],
    [2 ** 31, 0x80000000n],
    [-(2 ** 31), 0xffffffff80000000n],
    [2 ** 32 - 1, 0xffffffffn],
    [2 ** 32, 0x100000000n],
    [2 ** 32 + 1, 0x100000001n],
    [-(2 ** 32), 0xffffffff00000000n],
    [-(2 ** 32) - 1, 0xfffffffeffffffffn],
    [2 ** 53 - 1, 2n ** 53n - 1n],
    [2 ** 53, 2n ** 53n],
    [-(2 ** 53), 2n ** 64n - 2n ** 53n],
    [0n, 0n],
    [2n ** 53n + 1n, 2n ** 53n + 1n],
    [2n ** 63n, 2n ** 63n],
    [2n ** 64n - 1n, 2n ** 64n - 1n],
    [-1n, 2n ** 64n - 1n],
    [-(2n ** 63n), 2n ** 63n],
  ];
  for (const [value, wanted] of table) {
    assertEquals(argument(value), wanted, `${value}`);
    const program = setting({ struct: [[8, value]] });
    const [address = 0n] = instruction(program, 0).args;
    assertEquals(read64(program, address), wanted, `${value} in a structure`);
  }
});

Deno.test("layOut() packs the fields of a structure, aligned to 8", () => {
  const fields: Field[] = [[1, 0x11], [1, -1], [2, 0x2222], [4, 0x80000001], [
    8,
    -2,
  ]];
  const program = layOut(
    new PlanBuilder()
      .add({ set: "odd", value: "odd" })
      .add({ set: "a", value: { struct: fields } })
      .build(),
    "x86_64",
  );
  const [address = 0n] = instruction(program, 1).args;
  assertEquals(address % 8n, 0n);
  assertEquals(read64(program, address), 0x800000012222ff11n);
  assertEquals(read64(program, address + 8n), 0xfffffffffffffffen);
});

const LENGTHS = [0, 1, 7, 8, 9]
  .concat(
    [2 ** 8, 2 ** 12, 2 ** 15, 2 ** 16, 2 ** 17].flatMap(
      (edge) => [edge - 1, edge, edge + 1, edge + 8],
    ),
    2 ** 20,
  );

Deno.test("layOut() stores strings of every length (CVE-2021-43784)", () => {
  const texts = LENGTHS.map((length) => "x".repeat(length));
  const builder = new PlanBuilder();
  for (const value of texts) builder.add({ set: "a", value });
  const program = layOut(builder.build(), "x86_64");
  texts.forEach((text, i) => {
    const [address = 0n] = instruction(program, i).args;
    assert(readString(program, address) === text, `${text.length} characters`);
  });
  assert(program.strings.length > 1024 * 1024);
  assert(program.strings.length < 2 * 1024 * 1024);
});

Deno.test("layOut() stores strings as UTF-8", () => {
  const texts = [
    "ä",
    "日本語",
    "🚀",
    "a\u0301",
    "\u0001\n\t\\",
    "é".repeat(5000),
  ];
  for (const text of texts) {
    const program = setting(text);
    const [address = 0n] = instruction(program, 0).args;
    assertEquals(readString(program, address), text);
  }
});

Deno.test("layOut() stores equal strings once", () => {
  const text = "once ".repeat(1000);
  const builder = new PlanBuilder();
  for (let i = 0; i < 10; i++) builder.add({ set: "a", value: text });
  builder.add({ set: "a", value: { strings: [text, "other", text] } });
  const program = layOut(builder.build(), "x86_64");
  const [first = 0n] = instruction(program, 0).args;
  for (let i = 0; i < 10; i++) {
    assertEquals(instruction(program, i).args[0], first);
  }
  const [vector = 0n] = instruction(program, 10).args;
  assertEquals(read64(program, vector), first);
  assertEquals(read64(program, vector + 16n), first);
  assert(program.constant.length < 2 * text.length);
});

Deno.test("layOut() stores a structure that steps share once", () => {
  const shared: Operand = { struct: [[8, 1], [8, "text"]] };
  const program = layOut(
    new PlanBuilder().add({ set: "a", value: shared })
      .add({ set: "b", value: { struct: [[8, shared], [8, 2]] } })
      .add({ set: "c", value: shared }).build(),
    "x86_64",
  );
  const [a, b, c] = [0, 1, 2].map((i) => instruction(program, i).args[0]!);
  assertEquals(a, c);
  assertEquals(read64(program, b!), a);
});

Deno.test("layOut() ends argument vectors with a null pointer", () => {
  for (const length of [0, 1, 10_000]) {
    const strings = Array.from({ length }, (_, i) => `argument ${i}`);
    const program = setting({ strings });
    const [address = 0n] = instruction(program, 0).args;
    assertEquals(readStrings(program, address), strings);
  }
});

Deno.test("layOut() finds data again after it has moved", () => {
  // The room doubles while later fields are laid out.
  const fields = Array.from({ length: 200 }, (_, i): Field => [
    8,
    { struct: [[8, `${i}`.repeat(500)], [8, i]] },
  ]);
  const program = setting({ struct: fields });
  const [address = 0n] = instruction(program, 0).args;
  for (let i = 0; i < 200; i++) {
    const inner = read64(program, address + 8n * BigInt(i));
    assertEquals(read64(program, inner + 8n), BigInt(i));
    const text = readString(program, read64(program, inner));
    assertEquals(text, `${i}`.repeat(500));
  }
});

Deno.test("layOut() encodes a call, its registers and where it goes", () => {
  for (const arch of ["x86_64", "aarch64"] as const) {
    const plan = new PlanBuilder()
      .add({ set: "fd", value: 5 })
      .call("openat2", [reg("fd"), 7, reg("how"), 24], {
        to: "how",
        tolerate: [{ errno: 17, goto: "end" }],
        ifZero: "zero",
      })
      .label("zero").add({ fail: 1 })
      .label("end").call("getpid", [])
      .build();
    const program = layOut(plan, arch);
    const call = instruction(program, 1);
    assertEquals(call.number, syscallNumber("openat2", arch));
    assertEquals(call.mask, 0b101);
    assertEquals(call.errno, 17);
    assertEquals([call.onError, call.onZero], [3, 2]);
    assertEquals(call.args[0], BigInt(instruction(program, 0).to));
    assertEquals(call.args[2], BigInt(call.to));
    assertEquals(call.args.slice(3), [24n, 0n, 0n]);
    assertEquals(call.args[1], 7n);
    const last = instruction(program, 3);
    assertEquals(last.number, syscallNumber("getpid", arch));
    assertEquals([last.errno, last.mask, last.onError, last.onZero], [
      0,
      0,
      0,
      0,
    ]);
    assertEquals(program.length, 4);
  }
});

Deno.test("layOut() gives the executor's registers their numbers", () => {
  const plan = new PlanBuilder().add({ set: "mine", value: 0 })
    .add({ set: "report", value: 0 }).add({ set: BLAME, value: 0 })
    .call("getpid", []).build();
  const program = layOut(plan, "x86_64");
  const to = [0, 1, 2, 3].map((i) => instruction(program, i).to);
  assertEquals(to, [3, 1, 2, 0]);
  assertEquals(program.registerBytes, 8 * 4);
});

Deno.test("layOut() puts comparisons of several errnos behind the steps", () => {
  const plan = new PlanBuilder()
    .add({ set: "x", value: 0 })
    .call("close", [-1], {
      to: "result",
      tolerate: [
        { errno: 2, goto: "a" },
        { errno: 11, goto: "b" },
        { errno: "any", goto: "a" },
      ],
    })
    .label("a").call("getpid", [])
    .label("b").call("getpid", [])
    .build();
  const program = layOut(plan, "x86_64");
  assertEquals(program.length, 4 + 4);
  const call = instruction(program, 1);
  assertEquals([call.errno, call.onError], [0xffff, 4]);
  const chain = [4, 5, 6].map((i) => instruction(program, i));
  for (const { number } of chain) assertEquals(number, OPERATION["=="]);
  assertEquals(chain.map(({ onZero }) => onZero), [2, 3, 2]);
  const result = BigInt(call.to);
  assertEquals(chain[0]!.args.slice(0, 2), [result, 2n ** 64n - 2n]);
  assertEquals(chain[0]!.mask, 1);
  assertEquals(chain[2]!.args.slice(0, 2), [0n, 0n]);
  const fail = instruction(program, 7);
  assertEquals(fail.number, OPERATION.fail);
  assertEquals(fail.args.slice(0, 2), [result, 1n]);
});

Deno.test("layOut() lays blocks out behind the registers, aligned to 8", () => {
  const plan = new PlanBuilder()
    .block("odd", [[1, 7], [2, 0x0102]])
    .block("next", [[8, "text"], [4, -1]])
    .add({ set: "a", value: { block: "odd" } })
    .add({ set: "b", value: { block: "next", at: 8 } })
    .build();
  const program = layOut(plan, "x86_64");
  const base = BigInt(ADDRESS.registers + program.registerBytes);
  const [odd = 0n] = instruction(program, 0).args;
  const [next = 0n] = instruction(program, 1).args;
  assertEquals([odd, next], [base, base + 16n]);
  assertEquals([...program.writable.subarray(0, 8)], [7, 2, 1, 0, 0, 0, 0, 0]);
  const view = new DataView(program.writable.buffer);
  assertEquals(readString(program, view.getBigUint64(8, true)), "text");
  assertEquals(view.getUint32(16, true), 0xffffffff);
  assertEquals(program.writable.length, 24);
});

Deno.test("layOut() gives self and label as instruction numbers", () => {
  const program = layOut(
    new PlanBuilder().add({ set: "a", value: 0 })
      .add({ set: "a", value: { self: true } })
      .add({ set: "b", value: { label: "there" } })
      .add({ set: "c", value: { struct: [[8, { self: true }]] } })
      .label("there").add({ fail: 1 }).build(),
    "x86_64",
  );
  assertEquals(instruction(program, 1).args[0], 1n);
  assertEquals(instruction(program, 2).args[0], 4n);
  const [address = 0n] = instruction(program, 3).args;
  assertEquals(read64(program, address), 3n);
});

Deno.test("layOut() counts whole pages before a label", () => {
  const builder = new PlanBuilder().add({
    set: "a",
    value: { before: "there" },
  });
  for (let i = 0; i < 1099; i++) builder.call("getpid", []);
  const plan = builder.label("there").call("getpid", []).build();
  const before = (arch: "x86_64" | "aarch64") =>
    instruction(layOut(plan, arch), 0).args[0];
  assertEquals(before("x86_64"), 17n * 4096n); // of 1100 * 64 bytes
  assertEquals(before("aarch64"), 65536n);
});

Deno.test("layOut() writes a number whole, or refuses it", () => {
  for (const size of [1, 2, 4, 8] as const) {
    const most = 2n ** BigInt(8 * size), least = -most / 2n;
    const field = (value: number | bigint) => {
      const program = setting({ struct: [[size, value], [8, 0]] });
      const [address = 0n] = instruction(program, 0).args;
      return read64(program, address) & (most - 1n);
    };
    for (const value of [0n, 1n, most - 1n, most / 2n, -1n, least]) {
      assertEquals(field(value), BigInt.asUintN(8 * size, value), `${value}`);
      if (size < 8) assertEquals(field(Number(value)), field(value));
    }
    for (const value of [most, most + 1n, least - 1n]) {
      assertThrows(() => field(value), RangeError, "does not fit");
      if (size < 8) assertThrows(() => field(Number(value)), RangeError);
    }
  }
});

Deno.test("layOut() leaves the plan alone and is the same each time", () => {
  const plan = new PlanBuilder().add({ set: "a", value: "text" })
    .block("b", [[8, 1]])
    .routine("r", ["x"], (routine) => routine.argument(0, "x").goBack())
    .build();
  const before = structuredClone(plan);
  assertEquals(layOut(plan, "aarch64"), layOut(plan, "aarch64"));
  assertEquals(plan, before);
});

Deno.test("layOut() lays an empty plan out", () => {
  const program = layOut(new PlanBuilder().build(), "x86_64");
  assertEquals([program.length, program.constant.length], [0, 0]);
  assertEquals(program.registerBytes, 8 * 3);
});

Deno.test("ADDRESS keeps the parts apart, at multiples of every page", () => {
  const { text, registers, program } = ADDRESS;
  assert(text < registers && registers < program);
  for (const address of Object.values(ADDRESS)) {
    assertEquals(address % 0x10000, 0);
  }
  // Registers and blocks have room, and so has vm.mmap_min_addr.
  assert(program - registers > 64 * 1024 * 1024);
  assert(text >= 0x10000);
  assertEquals(INSTRUCTION_SIZE, 64);
});

Deno.test("OPERATION lies above every system call", () => {
  const operations = Object.values(OPERATION);
  assertEquals(new Set(operations).size, operations.length);
  assert(Math.min(...operations) >= 0xff00);
});
