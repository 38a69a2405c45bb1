import { assertEquals } from "@std/assert";
import { timestamp } from "./timestamp.ts";

Deno.test("timestamp() gives what Date does, for every day of a century", () => {
  const day = 86_400_000;
  for (let n = 0; n < 36_600; n++) {
    // A different time on each day.
    const time = n * day + (n * 7_654_321) % day;
    assertEquals(timestamp(time), new Date(time).toISOString());
  }
});

Deno.test("timestamp() knows the edges of days, months and years", () => {
  for (
    const text of [
      "1970-01-01T00:00:00.000Z",
      "1999-12-31T23:59:59.999Z",
      "2000-02-29T12:00:00.001Z",
      "2100-02-28T23:59:59.999Z",
      "2100-03-01T00:00:00.000Z",
      "2400-02-29T00:00:00.000Z",
      "9999-12-31T23:59:59.999Z",
    ]
  ) assertEquals(timestamp(Date.parse(text)), text);
});
