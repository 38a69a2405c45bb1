import { assertEquals } from "@std/assert";
import { E } from "../ffi/errno.ts";
import { INIT } from "./first_process.ts";
import { listCalls, type ListedCall } from "./listing.ts";
import { PlanBuilder, reg } from "./plan.ts";
import { WAIT } from "./await_start.ts";

/** A call as `process phase call(arguments)`, with its marks. */
function line(call: ListedCall): string {
  const { process, phase, certain, repeats, tolerates, why, pointer } = call;
  const marks = `${certain ? "" : "?"}${repeats ? "*" : ""}`;
  const errors = tolerates.length === 0 ? "" : ` ${tolerates.join()}`;
  return `${process} ${phase} ${marks}${call.call}(${call.args.join(", ")})` +
    `${errors} | ${why} ${pointer}`.trimEnd();
}

Deno.test("listCalls() names the process, the phase and what is certain", () => {
  const plan = new PlanBuilder()
    .because("first", "/a").call("getpid", [])
    .call("clone", [], { ifZero: INIT })
    .call("exit_group", [0])
    .because("go on", "/b").label(INIT)
    .call("mkdirat", [-100, "x", 0], {
      tolerate: [{ errno: E.EEXIST, goto: "there" }],
    })
    .jump("odd", [reg("x"), "==", 1])
    .label("there").call("umask", [0])
    .jump("there", [reg("y"), "<", 3])
    .because(WAIT).call("accept4", [4])
    .jump("end")
    .because("odd way").label("odd").call("setsid", [])
    .jump("there")
    .because("run", "/c").label("end").call("execve", []);
  assertEquals(listCalls(plan.build()).map(line), [
    "first create getpid() | first /a",
    "first create clone() | first /a",
    "first create exit_group(0) | first /a",
    'init create mkdirat(-100, "x", 0) EEXIST | go on /b',
    "init create *umask(0) | go on /b",
    "init start accept4(4) | wait for start",
    "init start ?setsid() | odd way",
    "init start execve() | run /c",
  ]);
});

Deno.test("listCalls() puts routines where they are called", () => {
  const plan = new PlanBuilder();
  const open = (path: string) =>
    plan.routine("open a path", [path, 7], (routine) => {
      routine.argument(0, "path").argument(1, "flags")
        .call("openat", [reg("root"), reg("path"), 0, 0], {
          to: "fd",
          tolerate: [{ errno: E.ENOENT, goto: "make" }],
        })
        .jump("made").label("make")
        .call("mkdirat", [reg("root"), reg("path"), reg("flags")])
        .label("made")
        .call("close", [reg("fd")])
        .goBack();
    });
  plan.label(INIT);
  plan.because("one", "/1");
  open("a");
  plan.because("two", "/2");
  open("b");
  plan.because("run").call("execve", []);
  assertEquals(listCalls(plan.build()).map(line), [
    'init create openat([root], "a", RDONLY, 0) ENOENT | one /1',
    'init create ?mkdirat([root], "a", 7) | one /1',
    "init create close([fd]) | one /1",
    'init create openat([root], "b", RDONLY, 0) ENOENT | two /2',
    'init create ?mkdirat([root], "b", 7) | two /2',
    "init create close([fd]) | two /2",
    "init create execve() | run",
  ]);
});
