import { assertEquals } from "@std/assert";
import { changed, warnings } from "./changed_config.ts";
import { describeProblem } from "./errors.ts";
import type { Linux } from "./spec.ts";
import { validate } from "./validate.ts";

Deno.test("validate() takes names in other letters, as Go does", () => {
  const config = changed("linux.resources.hugepageLimits", [
    { pagesize: "2MB", LIMIT: 1 },
  ]);
  const { Linux } = config as Record<string, unknown>;
  assertEquals(Linux, undefined);
  const { linux, ...rest } = config as Record<string, unknown>;
  const odd: Record<string, unknown> = { ...rest, Linux: linux };
  const { errors, warnings, renamed } = validate(odd);
  assertEquals([errors, renamed], [[], true]);
  assertEquals(warnings.map(describeProblem), [
    'Linux: is taken for "linux"',
    'linux.resources.hugepageLimits[0].pagesize: is taken for "pageSize"',
    'linux.resources.hugepageLimits[0].LIMIT: is taken for "limit"',
  ]);
  assertEquals(odd.linux, linux);
  assertEquals((linux as Linux).resources?.hugepageLimits, [
    { pageSize: "2MB", limit: 1 },
  ]);
});

Deno.test("validate() takes the right spelling where there are two", () => {
  const hostname = changed("hostname", "right") as Record<string, unknown>;
  const { errors, warnings } = validate({ HostName: "wrong", ...hostname });
  assertEquals(errors, []);
  assertEquals(warnings.map(describeProblem), [
    'HostName: unknown property, did you mean "hostname"?',
  ]);
});

Deno.test("validate() strictly refuses names in other letters", () => {
  const config = { ...changed("hostname", undefined) as object, Hostname: "x" };
  const { errors } = validate(config, { strict: true });
  assertEquals(errors.map(describeProblem), [
    'Hostname: unknown property, did you mean "hostname"?',
  ]);
});

Deno.test("validate() warns of unknown properties, strictly fails", () => {
  assertEquals(warnings("process.noNewPrivilege", true), [
    "process.noNewPrivilege: unknown property, did you mean " +
    '"noNewPrivileges"?',
  ]);
  const strict = validate(changed("platform", {}), { strict: true });
  assertEquals(strict.errors.map(describeProblem), [
    "platform: unknown property",
  ]);
});
