import { assertEquals } from "@std/assert";
import { AT_FDCWD, O } from "../ffi/fd.ts";
import { PlanBuilder, reg } from "./plan.ts";
import { planText } from "./plan_text.ts";

Deno.test("planText() writes every kind of step", () => {
  const plan = new PlanBuilder().because("begin", "/a/0");
  const again = plan.fresh("again");
  plan.fresh("another");
  plan.add({ set: "x", value: -1 })
    .label(again)
    .call("openat", [AT_FDCWD, "/a\n", O.PATH | O.DIRECTORY | O.CLOEXEC, 0], {
      to: "fd",
      tolerate: [{ errno: 4, goto: again }, { errno: "any", goto: "end" }],
      ifZero: "end",
    })
    .because("go on")
    .call("openat2", [
      reg("fd"),
      ".",
      { struct: [[8, O.NOFOLLOW | O.CLOEXEC], [8, 0o600], [8, 0x18]] },
      24,
    ])
    .call("execve", [reg("fd"), { strings: ["a", "b"] }, {
      struct: [[8, 0], [8, 0], [4, 2n ** 64n - 1n]],
    }])
    .block("b", [[8, 0], [8, 0], [8, { block: "b", at: 8 }]])
    .add({ load: "y", from: { block: "b" }, at: 8, size: 4 })
    .add({ store: 7, into: { block: "b", at: 4 }, size: 8 })
    .add({ and: "x", a: reg("x"), b: 0o170000 })
    .add({ add: "x", a: reg("x"), b: 1 })
    .jump(again, [reg("x"), "!=", 1]).jump("nowhere")
    .add({ set: "x", value: { label: again } })
    .add({ set: "x", value: { self: true } })
    .add({ set: "x", value: { before: "end" } })
    .add({ go: reg("x") })
    .label("end").add({ fail: 2 });
  assertEquals(planText(plan.build()).split("\n"), [
    "begin (/a/0) | x = -1",
    'begin (/a/0) | <again>: openat(-100, "/a\\n", CLOEXEC|PATH|DIRECTORY, 0) -> fd, EINTR: <again>, any: <end>, 0: <end>',
    'go on | openat2([fd], ".", {CLOEXEC|NOFOLLOW, 384, 24}, 24)',
    'go on | execve([fd], ["a","b"], {8:0 x2, 4:0xffffffffffffffff})',
    "go on | y = 4 bytes at &b + 8",
    "go on | 8 bytes at &b + 4 = 7",
    "go on | x = [x] & 0xf000",
    "go on | x = [x] + 1",
    "go on | go to <again> when [x] != 1",
    "go on | go to <missing: nowhere>",
    "go on | x = <again>",
    "go on | x = this step",
    "go on | x = pages before <end>",
    "go on | go to [x]",
    "go on | <end>: fail ENOENT",
    "block b | 8:0 x2, 8:&b + 8",
    "",
  ]);
});
