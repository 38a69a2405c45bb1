import { assertEquals } from "@std/assert";
import { hasHeaders, seccompTables } from "./seccomp_tables.ts";

const ignore = !hasHeaders();
const why = ignore ? " (skipped: the kernel's headers are not here)" : "";

Deno.test({
  name: `launch/seccomp/tables.ts is what the headers give${why}`,
  ignore,
  async fn() {
    const file = new URL("../launch/seccomp/tables.ts", import.meta.url);
    const words = (text: string) => text.replace(/["+,\s]+/g, " ");
    const made = await seccompTables();
    assertEquals(words(Deno.readTextFileSync(file)), words(made));
  },
});
