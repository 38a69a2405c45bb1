import { assertEquals, assertThrows } from "@std/assert";
import { PlanBuilder, reg } from "./plan.ts";
import { ADDRESS, layOut } from "./program.ts";

Deno.test("layOut() refuses names that are not there", () => {
  const refused = (build: (plan: PlanBuilder) => void, message: string) => {
    const builder = new PlanBuilder().call("getpid", []);
    build(builder);
    const error = assertThrows(
      () => layOut(builder.build(), "x86_64"),
      RangeError,
    ) as RangeError;
    assertEquals(error.message, message);
  };
  const tolerate = [{ errno: 1, goto: "nowhere" }];
  refused((p) => p.jump("nowhere"), 'no label "nowhere"');
  refused((p) => p.call("close", [1], { tolerate }), 'no label "nowhere"');
  refused(
    (p) => p.call("close", [1], { tolerate: [...tolerate, ...tolerate] }),
    'no label "nowhere"',
  );
  refused(
    (p) => p.call("close", [1], { ifZero: "nowhere" }),
    'no label "nowhere"',
  );
  refused(
    (p) => p.add({ set: "a", value: { label: "nowhere" } }),
    'no label "nowhere"',
  );
  refused(
    (p) => p.add({ set: "a", value: { before: "nowhere" } }),
    'no label "nowhere"',
  );
  // A label at the very end names no step.
  refused((p) => p.jump("end").label("end"), 'no label "end"');
  refused(
    (p) => p.call("close", [reg("never set")]),
    'no register "never set"',
  );
  refused(
    (p) => p.call("close", [{ struct: [[8, { block: "gone" }]] }]),
    'no block "gone"',
  );
  refused((p) => p.block("b", [[8, { block: "gone" }]]), 'no block "gone"');
});

Deno.test("layOut() refuses more than there is room for", () => {
  const room = ADDRESS.program - ADDRESS.registers;
  const strings = (bytes: number) => {
    const text = "x".repeat(2 ** 20);
    const plan = new PlanBuilder().call("chdir", [text]).block("b", bytes);
    return layOut(plan.build(), "x86_64");
  };
  assertThrows(() => strings(room - 2 ** 20), RangeError, "is too large");
  assertEquals(strings(2 ** 20).strings.length, 2 ** 20 + 1);
  const registers = (count: number) => {
    const plan = new PlanBuilder();
    for (let i = 0; i < count; i++) plan.add({ set: `r${i}`, value: 1 });
    return layOut(plan.build(), "x86_64");
  };
  assertThrows(() => registers(2 ** 16 - 2), RangeError, "is too large");
  const most = 2 ** 16 - 3; // besides the executor's three
  assertEquals(registers(most).length, most);
});

Deno.test("layOut() refuses a jump to the first instruction", () => {
  const plan = new PlanBuilder().label("first").call("getpid", [])
    .jump("first").build();
  const error = assertThrows(() => layOut(plan, "x86_64"), RangeError);
  assertEquals(
    (error as RangeError).message,
    '"first" is the first instruction',
  );
});
