import { assertEquals } from "@std/assert";
import { calledName } from "./called_name.ts";

Deno.test("calledName() is runc where the file is called so", () => {
  assertEquals(calledName(() => "runc\0--root\0/r\0"), "runc");
  assertEquals(calledName(() => "/usr/local/sbin/runc\0run\0"), "runc");
});

Deno.test("calledName() is Davit's own for any other file", () => {
  const words = ["davit\0", "/runc/davit\0runc\0", "/bin/runc.old\0", "\0", ""];
  for (const all of words) assertEquals(calledName(() => all), "davit");
  const fails = () => {
    throw new Deno.errors.NotFound();
  };
  assertEquals(calledName(fails), "davit");
});
