import { assertEquals } from "@std/assert";
import { lowerHooks, recordHooks } from "./hook_record.ts";

Deno.test("recordHooks() of no hooks is nothing to keep", () => {
  assertEquals(recordHooks(undefined), undefined);
  assertEquals(recordHooks({}), undefined);
  assertEquals(recordHooks({ prestart: [], poststop: [] }), undefined);
});

Deno.test("recordHooks() fills in what is left out, as JSON can hold it", () => {
  const long = 2n ** 63n - 1n;
  const hooks = recordHooks({
    prestart: [{ path: "/a" }, { path: "/b", args: ["x", ""], env: ["A=1"] }],
    poststop: [{ path: "/c", args: [], timeout: long }],
    poststart: [],
  })!;
  assertEquals(hooks, {
    prestart: [
      { path: "/a", args: ["/a"], env: [] },
      { path: "/b", args: ["x", ""], env: ["A=1"] },
    ],
    poststop: [{ path: "/c", args: ["/c"], env: [], timeout: 2 ** 63 }],
  });
  assertEquals(JSON.parse(JSON.stringify(hooks)), hooks);
});

Deno.test("lowerHooks() has init pause for each kind before the root", () => {
  const hook = [{ path: "/a" }];
  const pause = (kind: string) =>
    lowerHooks(recordHooks({ [kind]: hook })!).pause;
  const kinds = ["prestart", "createRuntime", "createContainer"];
  assertEquals(kinds.map(pause), [true, true, true]);
  const later = ["startContainer", "poststart", "poststop"];
  assertEquals(later.map(pause), [false, false, false]);
});

Deno.test("lowerHooks() gives the container's own hooks its environment", () => {
  const [bare, own] = [{ path: "/a" }, { path: "/b", env: ["B=2"] }];
  const hooks = recordHooks({
    createContainer: [bare],
    startContainer: [bare, own],
  })!;
  const { createContainer, startContainer } = lowerHooks(hooks, ["A=1"]);
  assertEquals(createContainer[0]?.env, []);
  assertEquals(startContainer.map(({ env }) => env), [["A=1"], ["B=2"]]);
});

Deno.test("lowerHooks() gives init its hooks, with reasons", () => {
  const hooks = recordHooks({
    startContainer: [{ path: "/a" }, { path: "/b" }],
  })!;
  assertEquals(lowerHooks(hooks).startContainer[1], {
    path: "/b",
    args: ["/b"],
    env: [],
    why: 'run startContainer hook #1 "/b"',
    pointer: "/hooks/startContainer/1",
  });
});
