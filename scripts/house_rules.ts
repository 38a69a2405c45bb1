/**
 * The project's own lint rules, run by `deno lint`: which folder may import
 * which, and what a folder may not touch. Test files may import everything.
 */
import { dirname, fromFileUrl, join } from "@std/path/posix";

const repo = dirname(dirname(fromFileUrl(import.meta.url)));

/** The product's folders, and those that each may import besides itself. */
export const MAY_IMPORT: Record<string, readonly string[]> = {
  "main.ts": ["cmd"],
  "mod.ts": ["api", "oci", "launch", "cgroup", "ffi"],
  api: ["oci", "launch", "cgroup", "mapping", "ffi"],
  cmd: ["oci", "launch", "cgroup", "mapping", "ffi"],
  oci: ["launch", "cgroup", "mapping", "ffi"],
  launch: ["ffi"],
  cgroup: ["ffi"],
  mapping: ["ffi"],
  ffi: [],
};

/** The bare names that the product may import; deno.json maps them. */
const PACKAGES = ["@std/cli/parse-args", "@std/path/posix"];
/** What of @std/path/posix asks globalThis.process for the working folder. */
const LOADS_NODE = ["resolve", "relative"];

/** Folder of a product file below the repository; none: the rules let it be. */
function room(file: string): string | undefined {
  if (!file.startsWith(repo + "/") || file.endsWith("_test.ts")) return;
  const top = file.slice(repo.length + 1).split("/")[0]!;
  return Object.hasOwn(MAY_IMPORT, top) ? top : undefined;
}

/** Why a product file in `from` may not import `specifier`; none: it may. */
function importProblem(
  file: string,
  from: string,
  specifier: string,
): string | undefined {
  if (/^\.\.?\//.test(specifier)) {
    const path = join(dirname(file), specifier);
    const to = path.slice(repo.length + 1).split("/")[0]!;
    if (to === from || MAY_IMPORT[from]!.includes(to)) return;
    const allowed = [from, ...MAY_IMPORT[from]!].join(", ");
    return `${from} imports "${to}", it may import only: ${allowed}`;
  }
  if (PACKAGES.includes(specifier)) return;
  if (specifier.startsWith("node:")) {
    return `"${specifier}" loads the Node layer, which costs 15 ms at start-up`;
  }
  return `the product imports "${specifier}", it may import only its own files and ${
    PACKAGES.join(", ")
  }`;
}

function importRule(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const from = room(context.filename);
  if (from === undefined) return {};
  const check = (
    node: Deno.lint.Node,
    source: { value: unknown } | null,
  ) => {
    if (source === null) return;
    const problem = typeof source.value === "string"
      ? importProblem(context.filename, from, source.value)
      : "an import needs a literal name, or deno compile cannot embed it";
    if (problem !== undefined) context.report({ node, message: problem });
  };
  return {
    ImportDeclaration(node) {
      check(node, node.source);
      if (node.source.value !== "@std/path/posix") return;
      for (const specifier of node.specifiers) {
        const name = specifier.type === "ImportSpecifier" &&
            specifier.imported.type === "Identifier"
          ? specifier.imported.name
          : "all of @std/path/posix";
        if (specifier.type !== "ImportSpecifier" || LOADS_NODE.includes(name)) {
          const message =
            `${name} touches globalThis.process, which costs 15 ms at start-up`;
          context.report({ node, message });
        }
      }
    },
    ExportNamedDeclaration: (node) => check(node, node.source),
    ExportAllDeclaration: (node) => check(node, node.source),
    ImportExpression: (node) =>
      check(
        node,
        node.source.type === "Literal" ? node.source : { value: null },
      ),
  };
}

/** What only some folders may touch: object, member (none: all), why. */
const OWNED: readonly {
  object: string;
  member?: string;
  by: readonly string[];
  why: string;
}[] = [
  {
    object: "Deno",
    member: "dlopen",
    by: ["ffi"],
    why: "ffi/ is the one door to libc",
  },
  {
    object: "console",
    by: ["cmd", "main.ts"],
    why: "only cmd/ and main.ts talk to the user",
  },
  {
    object: "globalThis",
    member: "process",
    by: [],
    why: "it loads the Node layer, which costs 15 ms at start-up",
  },
  {
    object: "Deno",
    member: "Command",
    by: [],
    why: "it passes Deno's ignored signals on; use ffi/spawn.ts",
  },
];

const OBJECTS = new Set(OWNED.map(({ object }) => object));

function ownedRule(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const from = room(context.filename);
  if (from === undefined) return {};
  return {
    VariableDeclarator({ init }) {
      if (init?.type !== "Identifier" || !OBJECTS.has(init.name)) return;
      const message =
        `${init.name} gets another name: say ${init.name}.NAME where it is ` +
        "used, or these rules do not see it";
      context.report({ node: init, message });
    },
    MemberExpression(node) {
      if (node.object.type !== "Identifier") return;
      const object = node.object.name;
      const member = node.property.type === "Identifier"
        ? node.property.name
        : node.property.type === "Literal"
        ? node.property.value
        : undefined;
      for (const owned of OWNED) {
        if (
          owned.object === object && !owned.by.includes(from) &&
          (owned.member === undefined || owned.member === member)
        ) {
          const name = [object, owned.member].filter(Boolean).join(".");
          context.report({ node, message: `${name} in ${from}: ${owned.why}` });
        }
      }
    },
  };
}

/** Members of `Deno` that take a path and follow its symbolic links. */
const PATH_CALLS = new RegExp(
  "^(open|create|mkdir|remove|rename|copyFile|truncate|link|symlink|chmod|" +
    "chown|utime|stat|lstat|realPath|readLink|readDir|readFile|readTextFile|" +
    "writeFile|writeTextFile|makeTempDir|makeTempFile)(Sync)?$|^watchFs$",
);
/** Rooms to which a path below a container's root file system may come. */
const AT_ROOTFS = ["oci", "launch", "cgroup", "mapping", "api"];
/** Their files that may use paths, and for which. */
const HOST_PATHS: Record<string, string> = {
  "oci/program_check.ts": "/proc/self/fd of an open descriptor",
  "oci/criu/external.ts": "/proc/PID/ns of the host",
  "oci/tour.ts": "/proc of the container that it runs in",
  "launch/testdata/harness.ts": "tests alone use it",
  "launch/testdata/golden.ts": "tests alone use it",
  "cgroup/fake_cgroups.ts": "tests alone use it",
};

function pathRule(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const from = room(context.filename);
  const file = context.filename.slice(repo.length + 1);
  if (from === undefined || !AT_ROOTFS.includes(from)) return {};
  if (Object.hasOwn(HOST_PATHS, file)) return {};
  const report = (node: Deno.lint.Node, name: unknown) => {
    if (typeof name !== "string" || !PATH_CALLS.test(name)) return;
    const message =
      `Deno.${name} in ${from}: it follows the links of a hostile root file ` +
      "system to the host (CVE-2021-30465, CVE-2026-41579); use descriptors " +
      "of ffi/, below a root those of launch/root_paths.ts";
    context.report({ node, message });
  };
  return {
    MemberExpression(node) {
      if (node.object.type !== "Identifier" || node.object.name !== "Deno") {
        return;
      }
      const { property } = node;
      if (property.type === "Identifier") report(node, property.name);
      if (property.type === "Literal") report(node, property.value);
    },
  };
}

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    imports: { create: importRule },
    owned: { create: ownedRule },
    paths: { create: pathRule },
  },
};
export default plugin;
