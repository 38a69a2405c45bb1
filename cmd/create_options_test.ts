import { assertEquals, assertThrows } from "@std/assert";
import { RuntimeError } from "../oci/errors.ts";
import { silent } from "../oci/logger.ts";
import { CREATE_OPTIONS, createOptions } from "./create_options.ts";
import { parseOptions } from "./options.ts";

function options(...given: string[]) {
  const { options, args } = parseOptions(
    CREATE_OPTIONS,
    given,
    "davit create",
    true,
  );
  const runtime = { root: "/r", log: silent };
  return createOptions(
    { runtime, cgroupManager: "cgroupfs", options, args },
    "davit create",
  );
}

Deno.test("createOptions() takes the current directory as the bundle", () => {
  assertEquals(options("id"), {
    id: "id",
    bundle: Deno.cwd(),
    cgroupManager: "cgroupfs",
    noPivot: false,
    preserveFds: 0,
    strict: false,
  });
});

Deno.test("createOptions() hands on what was given", () => {
  assertEquals(
    options(
      "--bundle=/b",
      "--console-socket=/c",
      "--pid-file=/p",
      "--no-pivot",
      "--preserve-fds=3",
      "--strict",
      "id",
    ),
    {
      id: "id",
      bundle: "/b",
      cgroupManager: "cgroupfs",
      consoleSocket: "/c",
      noPivot: true,
      pidFile: "/p",
      preserveFds: 3,
      strict: true,
    },
  );
});

Deno.test("createOptions() leaves out empty paths, but not the bundle", () => {
  const made = options("-b", "", "--pid-file=", "--console-socket=", "id");
  assertEquals(made.bundle, "");
  assertEquals("pidFile" in made || "consoleSocket" in made, false);
});

Deno.test("createOptions() checks --preserve-fds", () => {
  for (const text of ["-1", "1.5", "0x10", "1e3", "", " 1", "1048574", "x"]) {
    assertThrows(
      () => options(`--preserve-fds=${text}`, "id"),
      RuntimeError,
      `davit create: invalid --preserve-fds: "${text}": expected a number`,
    );
  }
  assertEquals(options("--preserve-fds=1048573", "id").preserveFds, 1048573);
});
