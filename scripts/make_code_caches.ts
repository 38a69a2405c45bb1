/**
 * Makes V8's compiled code of the modules and adds it to a binary. Binaries of
 * their own make it: all they do is to load the modules.
 *
 * Deno reads the whole of a code cache at each start, so there is one for each
 * kind of commands, with what these load. Code is compiled as a whole for what
 * they surely run, and else only when it is called.
 *
 * @module
 */

import { basename, join } from "@std/path/posix";
import { COMMANDS } from "../cmd/more.ts";
import {
  type CacheEntry,
  codeCacheKey,
  readCodeCache,
  withFlagsOf,
  writeCodeCache,
} from "./code_cache.ts";
import { command, compile, CompileError } from "./deno_compile.ts";
import { addPrelude, type Cache, cacheFile, cacheFolder } from "./prelude.ts";

/** How the paths of the caches' folders begin: only root makes them there. */
const HOME = "/run/davit-code-";
/** What the binary is called, unless somebody calls it otherwise. */
const NAME = "davit";

/** Files that commands load, by the beginnings of their names. */
interface Kind {
  readonly words: readonly string[];
  /** Files whose code is compiled as a whole. */
  readonly whole: readonly string[];
  /** Files of which only a part runs. */
  readonly partly?: readonly string[];
}

/** The first is for all other commands. */
const KINDS: readonly Kind[] = [
  { words: [], whole: ["main."] },
  {
    words: ["create", "run"],
    whole: ["main.", "launching-", "seccomp_part."],
  },
  { words: ["exec"], whole: ["main.", "exec-", "seccomp_part."] },
  { words: Object.keys(COMMANDS), whole: ["main."], partly: ["more."] },
];

/** What the binary is made from. */
export interface Made {
  readonly target: string;
  /** Where the modules are. */
  readonly folder: string;
  /** V8's flags that it runs with. */
  readonly flags: string;
}

/**
 * Adds code caches, and the prelude that lays them, to the file `binary`.
 *
 * @throws {CompileError}
 */
export async function addCodeCaches(
  binary: string,
  made: Made,
): Promise<void> {
  const { folder } = made;
  const imports = staticImports(folder);
  const whole = load(made, "whole", ",--no-lazy"),
    partly = load(made, "partly");
  const bytes = Deno.readFileSync(binary);
  const key = codeCacheKey(bytes);
  const caches = KINDS.map(async (kind): Promise<Cache> => {
    const files = closure(imports, kind.whole);
    const rest = closure(imports, kind.partly ?? [])
      .filter((file) => !files.includes(file));
    const entries = [
      ...files.map((file) =>
        withFlagsOf(entryOf(whole, file), entryOf(partly, file))
      ),
      ...rest.map((file) => entryOf(partly, file)),
    ];
    const digest = await sha256(entries.map(({ head }) => head));
    const root = `${cacheFolder(HOME, digest, NAME)}/deno-compile-${NAME}`;
    const moved = entries.map((entry) => ({
      ...entry,
      url: `file://${root}/${basename(entry.url)}`,
    }));
    return { words: kind.words, content: writeCodeCache(key, moved), digest };
  });
  const prelude = { caches: await Promise.all(caches), home: HOME };
  Deno.writeFileSync(binary, addPrelude(bytes, prelude));
}

/** Which files each file of `folder` imports in any case. */
function staticImports(folder: string): Map<string, string[]> {
  const files = [...Deno.readDirSync(folder)].filter(({ name }) =>
    name.endsWith(".js")
  );
  return new Map(files.map(({ name }) => {
    const text = Deno.readTextFileSync(join(folder, name));
    const found = text.matchAll(/(?:from|import)"\.\/([^"]+)"/g);
    return [name, Array.from(found, ([, file]) => file!)];
  }));
}

/** The files whose names begin so, and all that they import. */
function closure(
  imports: Map<string, string[]>,
  beginnings: readonly string[],
): string[] {
  const files = new Set<string>();
  const add = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    imports.get(file)?.forEach(add);
  };
  for (const beginning of beginnings) {
    const found = [...imports.keys()].filter((f) => f.startsWith(beginning));
    if (found.length !== 1) {
      throw new CompileError(
        `Cannot make the code cache: ${found.length} modules are called ${beginning}…`,
      );
    }
    add(found[0]!);
  }
  return [...files].sort(); // the same sources give the same bytes
}

function entryOf(entries: readonly CacheEntry[], file: string): CacheEntry {
  const found = entries.find(({ url }) => basename(url) === file);
  if (found !== undefined) return found;
  throw new CompileError(`Cannot make the code cache: ${file} is missing`);
}

/** The compiled code of all modules that a kind of commands loads. */
function load(made: Made, pass: string, moreFlags = ""): CacheEntry[] {
  const { folder, target, flags } = made;
  const imports = staticImports(folder);
  const files = KINDS.flatMap(({ whole, partly = [] }) =>
    closure(imports, [...whole, ...partly])
  );
  const loader = join(folder, "loader.mjs");
  Deno.writeTextFileSync(
    loader,
    files.map((file) => `import "./${file}";\n`).join(""),
  );
  const work = join(folder, pass);
  Deno.mkdirSync(work);
  compile(target, loader, join(work, NAME), [
    `--v8-flags=${flags}${moreFlags}`,
  ]);
  // V8 keeps the modules' URLs in their code, and these begin with TMPDIR: by
  // this path it is the same code, wherever it is made.
  const env = { TMPDIR: "/proc/self/cwd" };
  const { success, stderr } = command(join(work, NAME), [], env, work);
  if (!success) throw new CompileError(`Cannot load the modules: ${stderr}`);
  return readCodeCache(Deno.readFileSync(cacheFile(work, NAME)));
}

/** A hash, in hexadecimal. */
async function sha256(parts: Uint8Array[]): Promise<string> {
  const bytes = await new Blob(parts as Uint8Array<ArrayBuffer>[]).bytes();
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(hash).toHex();
}
