import { assertEquals } from "@std/assert";
import { planMaskedPaths, planReadonlyPaths } from "./masks.ts";
import { type Call, PlanBuilder } from "./plan.ts";

/** What the system calls are given as text: paths, and words of fsconfig(2). */
function texts(
  plan: (builder: PlanBuilder, paths: string[]) => void,
): [call: string, ...texts: string[]][] {
  const builder = new PlanBuilder();
  plan(builder, ["/proc/sys", "/a/b"]);
  return builder.build().steps
    .map(({ action }) => action)
    .filter((action): action is Call => "call" in action)
    .map(({ call, args }) => [
      call,
      ...args.filter((arg): arg is string =>
        typeof arg === "string" && arg !== ""
      ),
    ]);
}

Deno.test("GHSA-3q8j-pf29-vwv8: a read-only path is opened once, all else goes by its descriptor", () => {
  const calls = texts(planReadonlyPaths);
  assertEquals(calls.filter(([call]) => call.startsWith("open")), [
    ["openat2"], // below the root, by a register with the path
    ["open_tree"], // of that descriptor
  ]);
  assertEquals(calls.filter(([, ...named]) => named.length > 0), []);
});

Deno.test("GHSA-3q8j-pf29-vwv8: so is a masked one, and the mask is the host's", () => {
  const calls = texts(planMaskedPaths);
  assertEquals(calls.filter(([call]) => call === "openat2").length, 1);
  const named = calls.filter(([call, ...words]) =>
    words.length > 0 && !/^fs(open|config)$/.test(call)
  );
  assertEquals(named, [["openat", "/dev/null"]]);
});
