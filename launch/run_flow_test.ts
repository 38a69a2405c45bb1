/**
 * Programs that run: how the executors go from step to step, and what they tell
 * of failures. The same table for both processors.
 */
import { assertEquals } from "@std/assert";
import { E } from "../ffi/errno.ts";
import { AT_FDCWD } from "../ffi/fd.ts";
import { compose, MESSAGE, MESSAGE_SIZE, TAG } from "./messages.ts";
import { BLAME, reg } from "./plan.ts";
import { type Case, testCases } from "./testdata/cases.ts";
import { exit, show, SOCKET } from "./testdata/harness.ts";

/** The errno of steps that are never reached. */
const EIO = 5;

/** A negative errno as a register holds it. */
const negative = (errno: number) => 2n ** 64n - BigInt(errno);
const CASES: readonly Case[] = [
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

testCases(CASES, assertEquals);
