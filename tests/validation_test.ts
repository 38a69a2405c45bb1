import { assert, assertEquals, assertMatch } from "@std/assert";
import { command, containerTest } from "./container.ts";
import { assertOneLine, assertSuccess } from "./davit.ts";
import { hasSchemas, schemaChecker } from "./spec_schema.ts";

containerTest(
  "every problem of a config is told at once, and nothing is touched",
  command(["true"], (config) => {
    config.ociVersion = "9.0.0";
    Object.assign(config.process, { umask: 1, oomScoreAdj: 0.5 });
    config.process.user.uid = -1;
    config.linux.namespaces.push({ type: "moon" });
  }),
  async (container) => {
    for (const result of [await container.run(), await container.create()]) {
      assertOneLine(result, /^config\.json: ociVersion: .* "9\.0\.0" \(and 3/);
      assertMatch(result.stderr, /process\.user\.uid: .* found -1;/);
      assertMatch(result.stderr, /process\.oomScoreAdj: .* found 0\.5;/);
      const kinds = /linux\.namespaces\[\d\]\.type: .* found "moon"\)$/m;
      assertMatch(result.stderr, kinds);
    }
    assertEquals([...Deno.readDirSync(container.folder)].map((e) => e.name), [
      "bundle",
    ]);
  },
);

containerTest(
  "unknown properties are logged, and refused with --strict",
  command(["true"], (config) => {
    Object.assign(config.process, { noNewPrivilege: true });
  }),
  async (container) => {
    const log = `${container.folder}/log`;
    const words = ["--log", log, "--log-format", "json"];
    const bundle = ["--bundle", container.bundle];
    assertSuccess(
      await container.davit([...words, "run", ...bundle, container.id]),
    );
    const entries = Deno.readTextFileSync(log).trim().split("\n");
    const warnings = entries.map((entry) => JSON.parse(entry))
      .filter(({ level }) => level === "warning").map(({ msg }) => msg);
    const problem = "config.json: process.noNewPrivilege: unknown property, " +
      'did you mean "noNewPrivileges"?';
    assertEquals(warnings, [problem]);
    for (const verb of ["run", "create"]) {
      const args = [verb, "--strict", ...bundle, container.id];
      const result = await container.davit(args);
      assertEquals([result.code, result.stderr], [1, `${problem}\n`]);
    }
  },
);

containerTest(
  "null counts as absent, and is refused with --strict",
  command(["true"], (config) => {
    Object.assign(config, { annotations: null });
  }),
  async (container) => {
    assertSuccess(await container.run());
    const pattern =
      /^config\.json: annotations: expected an object, found null/;
    assertOneLine(await container.run(["--strict"]), pattern);
  },
);

containerTest(
  "what state prints is valid by the specification's schema",
  command(["sleep", "100"], (config) => {
    config.annotations = { "com.example.key": "value", empty: "" };
  }),
  async (container) => {
    const isState = schemaChecker("state-schema.json");
    const states: string[] = [];
    const check = async () => {
      const state = await container.state();
      assert(isState(state), JSON.stringify(isState.errors));
      assertEquals(state.annotations, {
        "com.example.key": "value",
        empty: "",
      });
      states.push(state.status);
    };
    assertSuccess(await container.create());
    await check();
    assertSuccess(await container.start());
    await check();
    const { pid } = await container.state();
    Deno.kill(pid, "SIGKILL");
    while ((await container.state()).status !== "stopped");
    await check();
    assertEquals(states, ["created", "running", "stopped"]);
  },
  { missing: hasSchemas ? undefined : "../shared/oci-schema" },
);
