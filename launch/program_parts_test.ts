import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Fd, Handle, pipe, read, write } from "../ffi/fd.ts";
import { waitChild } from "../ffi/process.ts";
import { socketPair } from "../ffi/socket.ts";
import { descriptor } from "./descriptors.ts";
import { elf, elfParts, type FilePart } from "./elf.ts";
import { awaitAnswer } from "./messages.ts";
import { type Plan, PlanBuilder, STRINGS_ROOM } from "./plan.ts";
import { layOut, layOutBeginning } from "./program.ts";
import { begin } from "./start_program.ts";
import { ARCHES } from "./testdata/harness.ts";

const DAVIT = descriptor("davit", 0);

/** Says "begun", waits, and says the texts of the rest. */
function plan(...rest: string[]): Plan {
  const plan = new PlanBuilder().because("test").block("large", [
    [8, "of a block"],
    [8, { label: "the end" }],
  ]);
  plan.call("write", [1, "begun\n", 6], {
    // Comparisons lie behind the instructions of all steps.
    tolerate: [{ errno: 4, goto: "waits" }, { errno: 11, goto: "waits" }],
  }).label("waits");
  awaitAnswer(plan, DAVIT);
  plan.restFollows();
  for (const text of rest) {
    const { length } = new TextEncoder().encode(text);
    plan.call("write", [1, text, length], {
      tolerate: [{ errno: 4, goto: "the end" }, { errno: 11, goto: "the end" }],
    });
  }
  return plan.label("the end").call("exit_group", [7]).build();
}

/** A file with parts in it, as they lie in it. */
function file(parts: readonly FilePart[]): Uint8Array {
  const end = Math.max(
    ...parts.map(({ offset, bytes }) => offset + bytes.length),
  );
  const whole = new Uint8Array(end);
  for (const { offset, bytes } of parts) whole.set(bytes, offset);
  return whole;
}

for (const arch of ARCHES) {
  Deno.test(`a program's beginning is at its place in the whole on ${arch}`, () => {
    for (const rest of [["one", "two"], ["ä", "one", "é"]]) {
      const { beginning, finish } = layOutBeginning(plan(...rest), arch);
      const text = new TextDecoder().decode(beginning.strings);
      assert(text.includes("begun\n\0") && text.includes("of a block\0"));
      assert(!text.includes("one"));
      const { strings, writable, registerBytes, length, constant } = beginning;
      const early = { strings: strings.slice(), constant: constant.slice() };
      const whole = finish();
      assertEquals(whole.strings.slice(-early.strings.length), early.strings);
      assertEquals(whole.writable, writable);
      assertEquals(
        [whole.registerBytes, whole.length],
        [registerBytes, length],
      );
      // What is there stays: instructions that are all zero follow later.
      early.constant.forEach((byte, i) => {
        if (byte !== 0) assertEquals(whole.constant[i], byte);
      });
      assertEquals(layOut(plan(...rest), arch), whole);
    }
  });

  Deno.test(`elfParts() of the whole go over the beginning's on ${arch}`, () => {
    const { beginning, finish } = layOutBeginning(plan("one"), arch);
    const first = elfParts(beginning, arch);
    const whole = elfParts(finish(), arch);
    assertEquals(first.head, whole.head);
    const room = { strings: 1 << 16, constant: 1 << 16 };
    const last = elfParts(layOut(plan("one"), arch), arch, room);
    const head = { offset: 0, bytes: last.head };
    const early = elfParts(beginning, arch, room).changing;
    assertEquals(
      file([head, ...early, ...last.changing]),
      file([head, ...last.changing]),
    );
  });
}

Deno.test("a plan without a rest is laid out at once", () => {
  const whole = new PlanBuilder().because("test").call("exit_group", [0])
    .build();
  const { beginning, finish } = layOutBeginning(whole, "x86_64");
  assertEquals(finish(), beginning);
  assert(elf(beginning, "x86_64").length < 4 * 4096);
});

/** Begins a plan whose stdout is a pipe; both are closed afterwards. */
function withProgram(
  plan: Plan,
  body: (
    begun: ReturnType<typeof begin>,
    socket: Fd,
    output: () => string,
  ) => void,
): void {
  const [a, b] = socketPair();
  using ours = new Handle(a);
  using theirs = new Handle(b);
  const [from, to] = pipe();
  using out = new Handle(from);
  using into = new Handle(to);
  const folder = "/no/such/folder"; // without memfds there is none to begin in
  const stdio = [0, into.fd, 2] as Fd[];
  const begun = begin({ plan, preserveFds: 0, stdio, folder }, theirs.fd);
  theirs.close();
  into.close();
  const output = () => {
    const bytes = new Uint8Array(100);
    return new TextDecoder().decode(bytes.subarray(0, read(out.fd, bytes)));
  };
  try {
    body(begun, ours.fd, output);
  } finally {
    ours.close();
    waitChild(begun.pid);
  }
}

Deno.test("a program runs before its rest is there", () => {
  withProgram(plan("one\n", "zwölf\n"), (begun, socket, output) => {
    assertEquals(output(), "begun\n");
    begun.finish();
    write(socket, new Uint8Array(1));
    assertEquals(waitChild(begun.pid)?.status, 7);
    assertEquals(output() + output(), "one\nzwölf\n");
  });
});

Deno.test("a program whose rest never comes ends with Davit", () => {
  withProgram(plan("one\n"), (_begun, socket, output) => {
    assertEquals(output(), "begun\n");
    assert(socket > 0); // which is closed next
  });
});

Deno.test("finish() refuses a rest without room", () => {
  withProgram(plan("x".repeat(STRINGS_ROOM)), (begun, _socket, output) => {
    assertEquals(output(), "begun\n");
    assertThrows(() => begun.finish(), RangeError, "too large");
  });
});
