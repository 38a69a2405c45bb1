import { assert, assertEquals } from "@std/assert";
import {
  absolutePath,
  bool,
  type Findings,
  integer,
  list,
  map,
  oneOf,
  property,
  type Rule,
  text,
  textUpTo,
} from "./schema.ts";
import { i64, u32, u64 } from "./schema_integers.ts";
import { distance, nearest, object } from "./schema_object.ts";

function run(rule: Rule, value: unknown, strict = false): Findings {
  const out: Findings = { strict, errors: [], warnings: [] };
  assertEquals(rule(value, "", out), out.errors.length === 0);
  return out;
}

function messages(rule: Rule, value: unknown): string[] {
  return run(rule, value).errors.map((e) => `${e.pointer}: ${e.message}`);
}

Deno.test("integer() takes exact integers in range only", () => {
  for (const value of [0, -0, 1, 4294967295]) {
    assertEquals(messages(u32, value), []);
  }
  for (
    const value of [-1, 1.5, 4294967296, NaN, Infinity, 1e300, "1", null, true]
  ) {
    const [message] = messages(u32, value);
    assert(message?.startsWith(": expected an integer from 0 to 4294967295,"));
  }
  assertEquals(messages(u64, 2n ** 64n - 1n), []);
  assertEquals(messages(u64, 2n ** 64n).length, 1);
  assertEquals(messages(i64, -(2n ** 63n)), []);
  assertEquals(messages(i64, 2n ** 63n).length, 1);
  // Written with an exponent: 2^53 and above is not known exactly.
  assertEquals(messages(u64, 1e18).length, 1);
  assertEquals(messages(integer(-1000, 1000), -1001), [
    ": expected an integer from -1000 to 1000, found -1001",
  ]);
});

Deno.test("strings are checked for NUL, slashes and bytes", () => {
  assertEquals(messages(text, "a\0b"), [
    ': must not hold a NUL character, found "a\\u0000b"',
  ]);
  assertEquals(messages(text, 5), [": expected a string, found 5"]);
  assertEquals(messages(absolutePath, "a/b"), [
    ': must be an absolute path, found "a/b"',
  ]);
  assertEquals(messages(absolutePath, "/\0").length, 1);
  assertEquals(messages(textUpTo(4), "äö"), []);
  assertEquals(messages(textUpTo(4), "äöü"), [
    ": must be at most 4 bytes long, found 6 bytes",
  ]);
  assertEquals(messages(oneOf("a", "b"), "c"), [
    ': expected one of "a", "b", found "c"',
  ]);
  assertEquals(messages(bool, 0), [": expected true or false, found 0"]);
});

Deno.test("list() and map() report every element with its pointer", () => {
  assertEquals(messages(list(bool), [true, 1, 2]), [
    "/1: expected true or false, found 1",
    "/2: expected true or false, found 2",
  ]);
  assertEquals(messages(list(bool, "an array of two", 2), [true]), [
    ": expected an array of two, found an array",
  ]);
  assertEquals(messages(map(bool), { "a/b~c": 1 }), [
    "/a~1b~0c: expected true or false, found 1",
  ]);
  assertEquals(messages(map(bool), []).length, 1);
});

Deno.test("object() asks for required and known properties", () => {
  const rule = object({ path: text, readonly: bool }, ["path"]);
  assertEquals(messages(rule, {}), ["/path: is missing, it is required"]);
  assertEquals(messages(rule, { path: null }), [
    "/path: is missing, it is required",
  ]);
  assertEquals(messages(rule, { path: "", readonly: null }), []);
  assertEquals(messages(rule, "x"), [': expected an object, found "x"']);
});

Deno.test("object() warns of unknown properties, strictly fails", () => {
  const rule = object({ readonly: bool });
  const value = { readOnly: true, other: 1 };
  const { warnings } = run(rule, value);
  assertEquals(warnings.map((w) => `${w.pointer}: ${w.message}`), [
    '/readOnly: unknown property, did you mean "readonly"?',
    "/other: unknown property",
  ]);
  assertEquals(run(rule, value, true).errors.length, 2);
});

Deno.test("object() is not fooled by names of Object.prototype", () => {
  const rule = object({ a: text });
  const value = JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}');
  assertEquals(run(rule, value).warnings.length, 3);
  assertEquals(property(value, "hasOwnProperty"), undefined);
});

Deno.test("nearest() finds the name that was meant", () => {
  const known = ["hostname", "mounts", "root", "path", "cwd"];
  assertEquals(nearest("hostnme", known), "hostname");
  assertEquals(nearest("Mounts", known), "mounts");
  assertEquals(nearest("rot", known), "root");
  assertEquals(nearest("xyz", known), undefined);
  assertEquals(nearest("", known), undefined);
});

Deno.test("distance() counts edits", () => {
  assertEquals(distance("", ""), 0);
  assertEquals(distance("abc", ""), 3);
  assertEquals(distance("", "abc"), 3);
  assertEquals(distance("kitten", "sitting"), 3);
});
