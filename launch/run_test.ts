/**
 * Programs that run: what the executors do with registers and memory. The same
 * table for both processors; `run_flow_test.ts` is about the rest.
 */
import { assertEquals } from "@std/assert";
import { type Operand, type PlanBuilder, reg } from "./plan.ts";
import { type Case, testCases } from "./testdata/cases.ts";
import { exit, show } from "./testdata/harness.ts";

const U64 = 2n ** 64n;

/** Steps that show 1 where a comparison holds, 0 where it does not. */
function compared(
  plan: PlanBuilder,
  a: Operand,
  how: "==" | "!=" | "<",
  b: Operand,
): void {
  const yes = plan.fresh("yes"), done = plan.fresh("done");
  plan.jump(yes, [a, how, b]).add({ set: "answer", value: 0 }).jump(done)
    .label(yes).add({ set: "answer", value: 1 }).label(done);
  show(plan, reg("answer"));
}

const PATTERN: Operand = { struct: [[8, 0xf7e6d5c4b3a29180n], [8, 1]] };

const CASES: readonly Case[] = [
  {
    does: "writes a string",
    steps: (plan) => plan.call("write", [1, "hällo\n", 7]),
    writes: "hällo\n",
  },
  {
    does: "ends with a status",
    steps: (plan) => exit(plan, 42),
    status: 42,
  },
  {
    does: "sets registers to numbers of 64 bits",
    steps: (plan) => {
      const values = [
        0,
        1,
        -1,
        2 ** 31,
        2 ** 32,
        2 ** 53,
        U64 - 1n,
        -(2 ** 53),
      ];
      values.forEach((value) => {
        plan.add({ set: "a", value });
        show(plan, reg("a"));
      });
    },
    shows: [
      0,
      1,
      U64 - 1n,
      2 ** 31,
      2 ** 32,
      2 ** 53,
      U64 - 1n,
      U64 - 2n ** 53n,
    ],
  },
  {
    does: "moves one register to another",
    steps: (plan) => {
      plan.add({ set: "a", value: 7 }).add({ set: "b", value: reg("a") })
        .add({ set: "a", value: 8 });
      show(plan, reg("a"), reg("b"));
    },
    shows: [8, 7],
  },
  {
    does: "adds and masks, numbers and registers",
    steps: (plan) => {
      plan.add({ set: "a", value: 2 ** 40 + 5 })
        .add({ add: "sum", a: reg("a"), b: -6 })
        .add({ add: "wrapped", a: reg("sum"), b: U64 - 1n })
        .add({ and: "low", a: reg("a"), b: 0xffffffff })
        .add({ and: "both", a: 0b1100, b: 0b1010 })
        .add({ add: "a", a: reg("a"), b: reg("a") });
      show(plan, reg("sum"), reg("wrapped"), reg("low"), reg("both"), reg("a"));
    },
    shows: [2 ** 40 - 1, 2 ** 40 - 2, 5, 0b1000, 2 ** 41 + 10],
  },
  {
    does: "loads 1, 2, 4 and 8 bytes, without sign",
    steps: (plan) => {
      for (const size of [1, 2, 4, 8] as const) {
        for (const at of [0, 3]) {
          plan.add({ load: "a", from: PATTERN, at, size });
          show(plan, reg("a"));
        }
      }
    },
    shows: [
      0x80,
      0xb3,
      0x9180,
      0xc4b3,
      0xb3a29180,
      0xe6d5c4b3,
      0xf7e6d5c4b3a29180n,
      0x000001f7e6d5c4b3n,
    ],
  },
  {
    does: "loads from an address in a register",
    steps: (plan) => {
      plan.add({ set: "at", value: PATTERN })
        .add({ load: "a", from: reg("at"), at: 8, size: 8 })
        .add({ load: "b", from: reg("at"), size: 1 })
        .add({ add: "at", a: reg("at"), b: 7 })
        .add({ load: "c", from: reg("at"), size: 1 });
      show(plan, reg("a"), reg("b"), reg("c"));
    },
    shows: [1, 0x80, 0xf7],
  },
  {
    does: "stores 4 and 8 bytes and nothing beside them",
    steps: (plan) => {
      plan.block("x", [[8, -1], [8, -1], [4, 5], [4, 6], [2, 7], [1, 8], [
        1,
        9,
      ]])
        .add({ set: "v", value: 0x1122334455667788n })
        .add({ store: reg("v"), into: { block: "x" }, size: 4 })
        .add({ store: reg("v"), into: { block: "x", at: 8 }, size: 8 })
        .add({ store: 9, into: { block: "x", at: 20 }, size: 4 });
      for (const at of [0, 8, 16, 24]) {
        plan.add({ load: "a", from: { block: "x", at }, size: 8 });
        show(plan, reg("a"));
      }
    },
    shows: [
      0xffffffff55667788n,
      0x1122334455667788n,
      0x0000000900000005n,
      0x0000000009080007n,
    ],
  },
  {
    does: "compares equal and unequal",
    steps: (plan) => {
      plan.add({ set: "minus", value: -1 }).add({ set: "big", value: 2 ** 40 });
      compared(plan, 1, "==", 1);
      compared(plan, 1, "==", 2 ** 32 + 1);
      compared(plan, reg("minus"), "==", U64 - 1n);
      compared(plan, reg("big"), "!=", 2 ** 41);
      compared(plan, 3, "!=", 3);
    },
    shows: [1, 0, 1, 1, 0],
  },
  {
    does: "compares less, without sign",
    steps: (plan) => {
      plan.add({ set: "minus", value: -1 }).add({ set: "big", value: 2 ** 40 });
      compared(plan, 1, "<", 2);
      compared(plan, 2, "<", 2);
      compared(plan, 3, "<", 2);
      compared(plan, reg("minus"), "<", 1);
      compared(plan, 1, "<", reg("minus"));
      compared(plan, reg("big"), "<", reg("minus"));
    },
    shows: [1, 0, 0, 0, 1, 1],
  },
];

testCases(CASES, assertEquals);
