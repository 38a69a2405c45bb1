import { assertEquals } from "@std/assert";
import { deviceNameProblem } from "./device_names.ts";

Deno.test("deviceNameProblem() takes what the kernel takes", () => {
  for (const name of ["eth0", "a", "br-1.2", "fifteen.letters", "ä"]) {
    assertEquals(deviceNameProblem(name), undefined, name);
  }
  for (
    const name of ["", ".", "..", "a/b", "a:1", "a b", "a\n", "a\0"]
      .concat("sixteen.letters.", "ääääääää", "eth%d", "a%")
  ) {
    assertEquals(typeof deviceNameProblem(name), "string", name);
  }
});

Deno.test("deviceNameProblem() knows templates", () => {
  assertEquals(deviceNameProblem("eth%d", true), undefined);
  assertEquals(deviceNameProblem("%d", true), undefined);
  for (const name of ["eth%", "eth%s", "%d%d", "%%d"]) {
    assertEquals(typeof deviceNameProblem(name, true), "string", name);
  }
});
