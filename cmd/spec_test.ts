import { assertEquals, assertThrows } from "@std/assert";
import { RuntimeError } from "../oci/errors.ts";
import { writeConfig } from "./spec.ts";

Deno.test("writeConfig() writes a file that was not there", () => {
  const dir = Deno.makeTempDirSync();
  try {
    writeConfig(dir, "{}\n");
    assertEquals(Deno.readTextFileSync(`${dir}/config.json`), "{}\n");
    writeConfig(dir, "1\n", "other.json");
    writeConfig("/none", "2\n", `${dir}/whole.json`);
    assertEquals(Deno.readTextFileSync(`${dir}/other.json`), "1\n");
    assertEquals(Deno.readTextFileSync(`${dir}/whole.json`), "2\n");
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("writeConfig() keeps a file that is there, or a link", () => {
  const dir = Deno.makeTempDirSync();
  try {
    Deno.symlinkSync(`${dir}/other`, `${dir}/config.json`);
    const error = assertThrows(
      () => writeConfig(dir, "{}\n"),
      RuntimeError,
      "File config.json exists. Remove it first",
    );
    assertEquals(error.code, "exists");
    assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), [
      "config.json",
    ]);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("writeConfig() says why it cannot write", () => {
  assertThrows(
    () => writeConfig("/dev/null", "{}\n"),
    RuntimeError,
    'Cannot write "/dev/null/config.json": Not a directory',
  );
});
