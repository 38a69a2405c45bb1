/**
 * Programs that run: what the executors do with each kind of step. The same
 * table for both processors.
 */
import { assertEquals } from "@std/assert";
import { E } from "../ffi/errno.ts";
import { AT_FDCWD } from "../ffi/fd.ts";
import type { Message } from "./messages.ts";
import { compose, MESSAGE, MESSAGE_SIZE, TAG } from "./messages.ts";
import { BLAME, type Operand, type PlanBuilder, reg } from "./plan.ts";
import {
  ARCHES,
  exit,
  lacks,
  reporting,
  run,
  show,
  shown,
  SOCKET,
  stepOf,
} from "./testdata/harness.ts";

/** A program and what comes of it. */
interface Case {
  readonly does: string;
  readonly steps: (plan: PlanBuilder) => void;
  /** The values that it shows. */
  readonly shows?: readonly (number | bigint)[];
  /** What it writes, instead of values. */
  readonly writes?: string;
  /** The exit status, 0. */
  readonly status?: number;
  /** The reason of the step that it reports, and the errno. */
  readonly fails?: readonly [why: string, errno: number];
  /** Other messages. */
  readonly sends?: readonly Message[];
}

/** The errno of steps that are never reached. */
const EIO = 5;

const U64 = 2n ** 64n;
/** A negative errno as a register holds it. */
const negative = (errno: number) => U64 - BigInt(errno);

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
  {
    does: "jumps forwards and backwards",
    steps: (plan) => {
      plan.add({ set: "n", value: 0 }).label("again")
        .add({ add: "n", a: reg("n"), b: 1 })
        .jump("again", [reg("n"), "!=", 1000])
        .jump("over").add({ fail: EIO }).label("over");
      show(plan, reg("n"));
    },
    shows: [1000],
  },
  {
    does: "goes to an instruction that a register names",
    steps: (plan) => {
      plan.add({ set: "to", value: { label: "there" } })
        .add({ go: reg("to") })
        .add({ fail: EIO })
        .label("there");
      show(plan, 1);
    },
    shows: [1],
  },
  {
    does: "passes five arguments, numbers and registers, in their order",
    steps: (plan) => {
      plan.block("fds", [[4, 1], [2, 4], [2, 0]])
        .block("time", [[8, 0], [8, 0]])
        .add({ set: "one", value: 1 })
        .add({ set: "size", value: 8 })
        .add({ set: "time", value: { block: "time" } })
        .call("ppoll", [
          { block: "fds" },
          reg("one"),
          reg("time"),
          0,
          reg("size"),
        ], { to: "ready" })
        .add({ load: "events", from: { block: "fds", at: 6 }, size: 2 });
      show(plan, reg("ready"), reg("events"));
    },
    shows: [1, 4],
  },
  {
    does: "puts results and negative errnos into a register",
    steps: (plan) => {
      plan.call("write", [1, "12345678", 8], { to: "n" })
        .call("close", [-1], {
          to: "e",
          tolerate: [{ errno: E.EAGAIN, goto: "no" }, {
            errno: "any",
            goto: "next",
          }],
        }).label("no").add({ fail: EIO }).label("next");
      show(plan, reg("n"), reg("e"));
    },
    shows: [0x3837363534333231n, 8, negative(9)],
  },
  {
    does: "goes elsewhere on a zero result",
    steps: (plan) => {
      plan.call("write", [1, "", 0], { ifZero: "zero" }).add({ fail: EIO })
        .label("zero")
        .call("write", [1, "12345678", 8], { ifZero: "never" })
        .jump("good").label("never").add({ fail: EIO }).label("good");
      show(plan, 1);
    },
    shows: [0x3837363534333231n, 1],
  },
  {
    does: "tolerates one errno",
    steps: (plan) => {
      plan.call("openat", [AT_FDCWD, "/no/such", 0, 0], {
        tolerate: [{ errno: E.ENOENT, goto: "next" }],
      }).add({ fail: EIO }).label("next");
      show(plan, 1);
    },
    shows: [1],
  },
  {
    does: "tolerates any errno",
    steps: (plan) => {
      plan.call("close", [-1], {
        tolerate: [{ errno: "any", goto: "next" }],
      }).add({ fail: EIO }).label("next");
      show(plan, 1);
    },
    shows: [1],
  },
  {
    does: "tolerates several errnos, each with its way",
    steps: (plan) => {
      for (const path of ["/no/such", "/dev/null/x"]) {
        const missing = plan.fresh("missing"), other = plan.fresh("other");
        const next = plan.fresh("next");
        plan.call("openat", [AT_FDCWD, path, 0, 0], {
          to: "fd",
          tolerate: [
            { errno: E.ENOENT, goto: missing },
            { errno: E.EACCES, goto: next },
            { errno: E.ENOTDIR, goto: other },
          ],
        }).add({ fail: EIO })
          .label(missing).add({ set: "way", value: 1 }).jump(next)
          .label(other).add({ set: "way", value: 2 }).label(next);
        show(plan, reg("way"));
      }
    },
    shows: [1, 2],
  },
  {
    does: "fails with an errno that is none of several tolerated",
    steps: (plan) =>
      plan.because("close nothing").call("close", [-1], {
        tolerate: [
          { errno: E.ENOENT, goto: "next" },
          { errno: E.EAGAIN, goto: "next" },
        ],
      }).because("go on").label("next").call("exit_group", [0]),
    status: 1,
    fails: ["close nothing", 9],
  },
  {
    does: "reports the step and the errno of a failure",
    steps: (plan) =>
      plan.because("do well").call("getpid", [])
        .because("open a file").call("openat", [AT_FDCWD, "/no/such", 0, 0])
        .because("never").call("exit_group", [0]),
    status: 1,
    fails: ["open a file", E.ENOENT],
  },
  {
    does: "fails with an errno that is not the one tolerated",
    steps: (plan) =>
      plan.because("open a file").call("openat", [AT_FDCWD, "/no", 0, 0], {
        tolerate: [{ errno: E.EACCES, goto: "next" }],
      }).because("go on").label("next").call("exit_group", [0]),
    status: 1,
    fails: ["open a file", E.ENOENT],
  },
  {
    does: "fails on purpose",
    steps: (plan) => plan.because("give up").add({ fail: E.EXDEV }),
    status: 1,
    fails: ["give up", E.EXDEV],
  },
  {
    does: "fails with large errnos",
    steps: (plan) => plan.because("give up").add({ fail: 4095 }),
    status: 1,
    fails: ["give up", 4095],
  },
  {
    does: "blames the step in the register, not the one that fails",
    steps: (plan) =>
      plan.because("the one to blame").add({
        set: BLAME,
        value: { self: true },
      })
        .because("fails").add({ fail: E.EPERM }),
    status: 1,
    fails: ["the one to blame", E.EPERM],
  },
  {
    does: "calls a routine twice, with its arguments",
    steps: (plan) => {
      const write = (text: string, length: number) =>
        plan.because(`say ${text}`).routine("say", [text, length], (say) => {
          say.argument(0, "text").argument(1, "length")
            .call("write", [1, reg("text"), reg("length")])
            .goBack();
        });
      plan.add({ set: "before", value: 5 });
      write("abcd", 4);
      write("efgh", 4);
      show(plan, reg("before"), reg(BLAME));
    },
    shows: [0x6867666564636261n, 5, 0],
  },
  {
    does: "blames the call of a routine for its failure",
    steps: (plan) => {
      for (const [fd, why] of [[1, "first"], [-1, "second"]] as const) {
        plan.because(why).routine("say", [fd], (say) => {
          say.argument(0, "fd").call("write", [reg("fd"), "abcdefgh", 8], {
            tolerate: [{ errno: E.EAGAIN, goto: "say" }, {
              errno: E.EINTR,
              goto: "say",
            }],
          }).goBack();
        });
      }
    },
    shows: [0x6867666564636261n],
    status: 1,
    fails: ["second", 9],
  },
  {
    does: "blames nobody else after a routine has gone back",
    steps: (plan) => {
      plan.because("call").routine("nothing", [], (r) => r.goBack());
      plan.because("own fault").add({ fail: E.EBUSY });
    },
    status: 1,
    fails: ["own fault", E.EBUSY],
  },
  {
    does: "finds long argument vectors and strings",
    steps: (plan) => {
      const words = Array.from({ length: 1000 }, (_, i) => `word ${i}`);
      plan.add({
        load: "word",
        from: { strings: words },
        at: 8 * 999,
        size: 8,
      }).call("write", [1, reg("word"), 8])
        .add({ load: "end", from: { strings: words }, at: 8000, size: 8 });
      show(plan, reg("end"));
    },
    shows: [0x3939392064726f77n, 0],
  },
  {
    does: "has room for large blocks, which start as told",
    steps: (plan) => {
      plan.block("large", [
        ...Array.from({ length: 20_000 }, () => [8, 0] as const),
        [8, "end"],
      ]).add({ load: "end", from: { block: "large", at: 160_000 }, size: 8 })
        .add({ load: "text", from: reg("end"), size: 4 });
      show(plan, reg("text"));
    },
    shows: [0x00646e65],
  },
  {
    does: "sends messages",
    steps: (plan) => {
      compose(plan, "pid", 2 ** 40 + 3);
      plan.call("write", [SOCKET, { block: MESSAGE }, MESSAGE_SIZE]);
    },
    sends: [{ tag: TAG.pid, errno: 0, value: 2 ** 40 + 3 }],
  },
  {
    does: "clones a process, whose way is the zero result",
    steps: (plan) => {
      plan.call("clone", [17, 0, 0, 0, 0], { to: "child", ifZero: "child" })
        .label("reap")
        .call("waitid", [1, reg("child"), 0, 4, 0], {
          tolerate: [{ errno: E.EINTR, goto: "reap" }],
        });
      show(plan, 2);
      exit(plan).label("child");
      show(plan, 1);
    },
    shows: [1, 2],
  },
];

for (const arch of ARCHES) {
  const lack = lacks(arch);
  for (const item of CASES) {
    Deno.test({
      name: `an ${arch} program ${item.does}` +
        (lack === undefined ? "" : ` [skipped: needs ${lack}]`),
      ignore: lack !== undefined,
      fn: () => {
        const builder = reporting();
        item.steps(builder);
        exit(builder);
        const plan = builder.build();
        const outcome = run(plan, arch);
        const { fails, shows = [], sends = [] } = item;
        assertEquals(outcome.messages, [
          ...sends,
          ...(fails === undefined
            ? []
            : [{ tag: stepOf(plan, fails[0]), errno: fails[1], value: 0 }]),
        ]);
        assertEquals(outcome.status, item.status ?? 0);
        if (item.writes !== undefined) {
          const text = new TextDecoder().decode(outcome.output);
          assertEquals(text, item.writes);
        } else {
          assertEquals(shown(outcome), shows.map(BigInt));
        }
      },
    });
  }
}
