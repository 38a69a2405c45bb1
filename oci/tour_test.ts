import { assert, assertEquals } from "@std/assert";
import { tourScript } from "./tour.ts";

Deno.test("tourScript() is a script that a shell takes", async () => {
  const child = new Deno.Command("sh", {
    args: ["-n"],
    stdin: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(tourScript()));
  await writer.close();
  const { code, stderr } = await child.output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
});

Deno.test("tourScript() tells the host's namespaces", () => {
  assert(tourScript().includes(Deno.readLinkSync("/proc/self/ns/mnt")));
});
