import { assertEquals } from "@std/assert";
import type { ProcessInput } from "./input.ts";
import { type PlanBuilder, reg } from "./plan.ts";
import { exit, reporting, run } from "./testdata/harness.ts";
import { ARCH } from "../ffi/syscall.ts";
import { planLookup } from "./user_program.ts";

const NONE = {
  bounding: 0n,
  effective: 0n,
  inheritable: 0n,
  permitted: 0n,
  ambient: 0n,
};

function process(name: string, env: readonly string[]): ProcessInput {
  return {
    args: [name],
    env,
    cwd: "/",
    uid: 0,
    gid: 0,
    groups: [],
    setGroups: "needed",
    umask: 0o22,
    capabilities: NONE,
    rlimits: [],
    noNewPrivileges: true,
  };
}

/** Folders with programs to look for; root can search `closed` too. */
function inFolders(test: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "davit-lookup." });
  try {
    Deno.chmodSync(folder, 0o755);
    for (const name of ["a", "b", "closed", "b/folder"]) {
      Deno.mkdirSync(`${folder}/${name}`, { mode: 0o755 });
    }
    const file = (name: string, mode: number) => {
      Deno.writeTextFileSync(`${folder}/${name}`, "#!/bin/sh\n");
      Deno.chmodSync(`${folder}/${name}`, mode);
    };
    file("a/data", 0o644);
    file("a/both", 0o755);
    file("b/both", 0o755);
    file("b/data", 0o755);
    file("b/only", 0o755);
    file("closed/only", 0o755);
    file("plain", 0o644);
    Deno.chmodSync(`${folder}/closed`, 0o000);
    test(folder);
  } finally {
    Deno.chmodSync(`${folder}/closed`, 0o755);
    Deno.removeSync(folder, { recursive: true });
  }
}

/** The path that a name leads to, or the errno. */
function lookup(
  name: string,
  env: readonly string[],
  before: (plan: PlanBuilder) => void = () => {},
): string | number {
  const builder = reporting();
  before(builder);
  planLookup(builder, process(name, env));
  builder.because("tell").call("write", [1, reg("program"), 100], {
    tolerate: [{ errno: "any", goto: "end" }],
  }).label("end");
  exit(builder);
  const { output, messages } = run(builder.build(), ARCH);
  const [message] = messages;
  if (message !== undefined) return message.errno;
  return new TextDecoder().decode(output.subarray(0, output.indexOf(0)));
}

Deno.test("planLookup() searches PATH in its order", () => {
  inFolders((folder) => {
    const path = (...names: string[]) =>
      "PATH=" + names.map((name) => `${folder}/${name}`).join(":");
    assertEquals(lookup("both", [path("a", "b")]), `${folder}/a/both`);
    assertEquals(lookup("both", [path("b", "a")]), `${folder}/b/both`);
    assertEquals(lookup("only", [path("a", "b")]), `${folder}/b/only`);
    // Not executable, a folder: the search goes on.
    assertEquals(lookup("data", [path("a", "b")]), `${folder}/b/data`);
    assertEquals(lookup("folder", [path("b")]), 13);
    assertEquals(lookup("data", [path("a")]), 13);
    assertEquals(lookup("none", [path("a", "b", "missing")]), 2);
    // The last PATH counts, as for getenv(3) after putenv(3).
    assertEquals(
      lookup("both", [path("a"), path("b")]),
      `${folder}/b/both`,
    );
  });
});

Deno.test("planLookup() takes a name with a slash as it is", () => {
  inFolders((folder) => {
    assertEquals(lookup(`${folder}/a/both`, ["PATH="]), `${folder}/a/both`);
    assertEquals(lookup(`${folder}/plain`, []), 13);
    assertEquals(lookup(folder, []), 13);
    assertEquals(lookup(`${folder}/none`, []), 2);
    assertEquals(lookup(`${folder}/plain/x`, []), 2);
  });
});

Deno.test("planLookup() has a PATH where there is none", () => {
  const found = lookup("true", ["HOME=/"]);
  assertEquals(/^\/(usr\/)?bin\/true$/.test(String(found)), true, `${found}`);
});

/** Nobody, who may not search `closed`; only root can become that. */
function becomeNobody(plan: PlanBuilder): void {
  if (Deno.uid() !== 0) return;
  plan.because("become nobody").call("setresuid", [65534, 65534, 65534]);
}

Deno.test("planLookup() goes on behind a folder that is closed", () => {
  inFolders((folder) => {
    const path = (...names: string[]) => [
      "PATH=" + names.map((name) => `${folder}/${name}`).join(":"),
    ];
    const found = `${folder}/b/only`;
    const search = (...names: string[]) =>
      lookup("only", path(...names), becomeNobody);
    assertEquals(search("closed", "b"), found);
    assertEquals(search("closed"), 13);
    assertEquals(search("closed", "a"), 13);
  });
});

Deno.test("planLookup() searches every folder though one comes twice", () => {
  inFolders((folder) => {
    const path = (...names: string[]) => [
      "PATH=" + names.map((name) => `${folder}/${name}`).join(":"),
    ];
    const found = `${folder}/b/only`;
    const search = (...names: string[]) =>
      lookup("only", path(...names), becomeNobody);
    assertEquals(search("b", "closed", "b"), found);
    assertEquals(search("closed", "b", "closed"), found);
  });
});
