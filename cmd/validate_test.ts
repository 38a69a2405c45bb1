import { assertEquals } from "@std/assert";
import { reportJson, reportText } from "./validate.ts";

const REPORT = {
  bundle: "/b",
  errors: [
    {
      pointer: "/process/args/0",
      found: "5",
      message: "expected a string, found 5",
      allowed: "a string",
    },
    { pointer: "", found: "nothing", message: "Cannot read \x1b[0m" },
  ],
  warnings: [
    { pointer: "/x", found: "1", message: "unknown property", mend: "no" },
  ],
};

Deno.test("validate prints a block for each problem", () => {
  assertEquals(
    reportText(REPORT),
    "error: process.args[0]: expected a string, found 5\n" +
      "  mend: give a string\n" +
      "error: Cannot read \\x1b[0m\n" +
      "warning: x: unknown property\n" +
      "  mend: no\n" +
      "not valid: 2 errors, 1 warning\n",
  );
  assertEquals(
    reportText({ bundle: "/b", errors: [], warnings: [] }),
    "valid: no errors, no warnings\n",
  );
});

Deno.test("validate prints JSON for programs", () => {
  const { valid, ...rest } = JSON.parse(reportJson(REPORT));
  assertEquals(rest, REPORT);
  assertEquals(valid, false);
  assertEquals(
    JSON.parse(reportJson({ ...REPORT, errors: [] })).valid,
    true,
  );
});
