import { assertEquals, assertThrows } from "@std/assert";
import { annotatedProperties } from "./annotations.ts";

const P = "org.systemd.property.";

Deno.test("annotations become properties, others are let be", () => {
  assertEquals(
    annotatedProperties({
      "some.other": "x",
      [`${P}CollectMode`]: "'inactive-or-failed'",
      [`${P}After`]: "['a.service', 'b.service']",
      [`${P}DefaultDependencies`]: "true",
    }),
    [
      { name: "CollectMode", type: "s", value: "inactive-or-failed" },
      { name: "After", type: "as", value: ["a.service", "b.service"] },
      { name: "DefaultDependencies", type: "b", value: true },
    ],
  );
  assertEquals(annotatedProperties(undefined), []);
});

Deno.test("times in seconds become those in microseconds", () => {
  const time = (value: string) =>
    annotatedProperties({ [`${P}TimeoutStopSec`]: value });
  const name = "TimeoutStopUSec";
  assertEquals(time("5"), [{ name, type: "t", value: 5_000_000n }]);
  assertEquals(time("uint64 5"), [{ name, type: "t", value: 5_000_000n }]);
  assertEquals(time("double 1.5"), [{ name, type: "t", value: 1_500_000n }]);
  const micro = { [`${P}TimeoutStopUSec`]: "uint64 9" };
  assertEquals(annotatedProperties(micro), [{ name, type: "t", value: 9n }]);
  for (const wrong of ["'5'", "-1", "uint64 18446744073709551615", "true"]) {
    assertThrows(() => time(wrong), RangeError, `${P}TimeoutStopSec`);
  }
});

for (
  const [key, value, why] of [
    [`${P}`, "true", "three letters or more"],
    [`${P}ab`, "true", "three letters or more"],
    [`${P}Some Name`, "true", "three letters or more"],
    [`${P}Some.Name`, "true", "three letters or more"],
    [`${P}PIDs`, "[uint32 1]", "the runtime's own"],
    [`${P}Slice`, "'x.slice'", "the runtime's own"],
    [`${P}Delegate`, "false", "the runtime's own"],
    [`${P}BPFProgram`, "[('device', '/x')]", "the runtime's own"],
    [`${P}CollectMode`, "inactive", "expected "],
  ] as const
) {
  Deno.test(`the annotation ${key}=${value} is refused by its name`, () => {
    const error = assertThrows(
      () => annotatedProperties({ [key]: value }),
      RangeError,
      why,
    );
    assertEquals(error.message.startsWith(`annotations["${key}"]`), true);
  });
}
