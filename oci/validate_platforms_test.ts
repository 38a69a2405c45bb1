import { assertEquals } from "@std/assert";
import { errors, warnings } from "./changed_config.ts";

Deno.test("validate() says that other platforms' sections are that", () => {
  for (
    const [name, what] of [
      ["windows", "Windows"],
      ["solaris", "Solaris"],
      ["vm", "virtual machines"],
      ["zos", "z/OS"],
      ["freebsd", "FreeBSD"],
    ] as const
  ) {
    assertEquals(warnings(name, {}), []);
    assertEquals(errors(name, { any: ["thing"] }), [
      `${name}: is for ${what}, Davit makes Linux containers: leave it out`,
    ]);
    assertEquals(errors(name, 5), [
      `${name}: expected an object, found 5`,
    ]);
  }
});

Deno.test("validate() refuses what only Windows has", () => {
  for (const at of ["process.commandLine", "process.user.username"]) {
    assertEquals(warnings(at, ""), []);
    assertEquals(errors(at, "x"), [
      `${at}: is for Windows: leave it out, found "x"`,
    ]);
  }
});
