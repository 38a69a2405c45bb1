import { assert, assertEquals } from "@std/assert";
import { defaultConfig } from "./bundle.ts";
import type { Config } from "./config.ts";
import { onPath, rootTest } from "./container.ts";
import { assertOneLine, assertSuccess, davit } from "./davit.ts";

async function inFolder(test: (folder: string) => Promise<void>) {
  const folder = Deno.makeTempDirSync({ prefix: "davit-spec." });
  try {
    await test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const files = (folder: string) =>
  [...Deno.readDirSync(folder)].map(({ name }) => name);

Deno.test("spec writes a config.json into the current folder", async () => {
  await inFolder(async (folder) => {
    const { stdout } = assertSuccess(await davit(["spec"], { cwd: folder }));
    assertEquals(stdout, "");
    const config: Config = JSON.parse(
      Deno.readTextFileSync(`${folder}/config.json`),
    );
    assertEquals(config.process.args, ["sh"]);
    assertEquals(config.root, { path: "rootfs", readonly: true });
  });
});

Deno.test("spec does not replace a config.json", async () => {
  await inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/config.json`, "mine");
    assertOneLine(
      await davit(["spec", "--bundle", folder]),
      /config\.json.*exists/,
    );
    assertEquals(Deno.readTextFileSync(`${folder}/config.json`), "mine");
    assertEquals(files(folder), ["config.json"]);
  });
});

Deno.test("spec into a folder that is not there fails", async () => {
  await inFolder(async (folder) => {
    assertOneLine(
      await davit(["spec", "--bundle", `${folder}/missing`]),
      /missing/,
    );
    assertEquals(files(folder), []);
  });
});

rootTest("spec gives what runc spec gives", async () => {
  await Promise.resolve();
  const own = defaultConfig();
  const peer = defaultConfig("runc");
  // runc 1.1 lists ambient capabilities, which have no effect without
  // inheritable ones; later versions do not.
  delete (peer.process.capabilities as { ambient?: unknown }).ambient;
  assertEquals(own.process, peer.process);
  assertEquals(own.root, peer.root);
  assertEquals(own.mounts, peer.mounts);
  const sorted = (config: Config) =>
    config.linux.namespaces.map(({ type }) => type).sort();
  // runc adds the cgroup namespace where the host has only cgroup v2.
  assertEquals(
    sorted(own).filter((type) => type !== "cgroup"),
    sorted(peer).filter((type) => type !== "cgroup"),
  );
  assertEquals(own.linux.resources, peer.linux.resources);
  assertEquals(own.linux.readonlyPaths, peer.linux.readonlyPaths);
  for (const path of peer.linux.maskedPaths) {
    assert(own.linux.maskedPaths.includes(path), path);
  }
}, { missing: onPath("runc") ? undefined : "runc" });
