/**
 * What a command loads before it does anything: each module costs every run of
 * it some ten microseconds a kilobyte, whether it is needed or not.
 */
import { assertEquals } from "@std/assert";
import { dirname, join } from "@std/path/posix";

const REPO = new URL("..", import.meta.url).pathname;

/** `import` and `export` of more than types, from a file of the project. */
const STATIC = /^(?:import|export)\s+(?!type\b)([^;"]*?from\s*)?"(\.[^"]+)"/gm;

function staticImports(file: string): string[] {
  const text = Deno.readTextFileSync(join(REPO, file));
  return [...text.matchAll(STATIC)]
    .filter(([, names = ""]) => {
      const listed = /\{([^}]*)\}/.exec(names)?.[1]?.split(",") ?? [""];
      return !listed.every((name) => /^\s*(type\s|$)/.test(name)) ||
        !names.includes("{");
    })
    .map(([, , path]) => join(dirname(file), path!));
}

/** A file and all that is loaded with it. */
function loadedWith(...files: string[]): string[] {
  const loaded = new Set<string>();
  const add = (file: string) => {
    if (loaded.has(file)) return;
    loaded.add(file);
    staticImports(file).forEach(add);
  };
  files.forEach(add);
  return [...loaded].sort();
}

function found(loaded: readonly string[], seldom: readonly RegExp[]): string[] {
  return loaded.filter((file) => seldom.some((kind) => kind.test(file)));
}

/** What no command of an engine's loads unless it is asked for. */
const SELDOM = [
  /^api\//,
  /^cmd\/(build|check|completion|env|events|features|plan|ps|spec|try|update)/,
  /^cmd\/(validate|more)/,
  /^cgroup\/(systemd\/|delegation)/,
  /^launch\/(standalone\/|plan_text|listing|trace|probe|seccomp\/tables)/,
  /^launch\/seccomp\/(compile|architectures|tree)/,
  /^oci\/(build|causes|check|copy_up|decisions|default_spec|events|features)/,
  /^oci\/(hook_output|hooks|net_devices|netns|notify|plan_|pod_|ps|resctrl)\.ts/,
  /^oci\/(seccomp_part|service|tour|trace|try|update)\.ts/,
  /_test\.ts$/,
];

Deno.test("state, kill and the like load nothing that launches", () => {
  const loaded = loadedWith("main.ts");
  const launches = [
    /^launch\/(compile|launch|program|elf|executor\/|init\.|first_process)/,
    /^oci\/(creation|create|run|exec|lower|validate|schema_)/,
    /^ffi\/(pty|mount|netlink)\.ts/,
  ];
  assertEquals(found(loaded, [...SELDOM, ...launches]), []);
  assertEquals(loaded.includes("cmd/state.ts"), true);
});

Deno.test("run and create load nothing that few configurations need", () => {
  const loaded = loadedWith("main.ts", "cmd/launching.ts");
  assertEquals(found(loaded, [...SELDOM, /exec_launch|lower_exec/]), []);
  assertEquals(loaded.includes("launch/program.ts"), true);
});

Deno.test("exec loads nothing that only a container's making needs", () => {
  const loaded = loadedWith("main.ts", "cmd/exec.ts");
  assertEquals(
    found(loaded, [...SELDOM, /oci\/(creation|create|run)\.ts/]),
    [],
  );
  assertEquals(loaded.includes("oci/exec.ts"), true);
});
