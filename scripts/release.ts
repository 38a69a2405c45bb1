/**
 * Makes what a release consists of, in dist/release: a binary for each
 * processor whose base is there, a list of its parts (CycloneDX), checksums.
 *
 *     deno task release
 *
 * Each binary is made twice, and has to be the same to the last byte: who has
 * the sources and Deno's base binary can make it, wherever he does, and compare.
 */
import { SPEC_VERSION, VERSION } from "../cmd/version.ts";
import { ARCHES } from "../launch/arches.ts";

const OUT = new URL("../dist/release/", import.meta.url);
const COMPILE = new URL("compile.ts", import.meta.url).pathname;
/** compile.ts's exit status when a base binary is out of reach. */
const NO_BASE = 3;

/** Compiles for a processor; undefined when its base is out of reach. */
function compile(target: string, output: string): Uint8Array | undefined {
  const { code, stderr } = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", COMPILE, `--target=${target}`, `--output=${output}`],
  }).outputSync();
  if (code === NO_BASE) return undefined;
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  return Deno.readFileSync(output);
}

/** The commit of the sources. */
function commit(): string {
  const { success, stdout } = new Deno.Command("git", {
    args: ["rev-parse", "HEAD"],
    cwd: new URL("..", import.meta.url),
  }).outputSync();
  return success ? new TextDecoder().decode(stdout).trim() : "unknown";
}

/** How many bytes of two files differ. */
function difference(a: Uint8Array, b: Uint8Array): number {
  let count = Math.abs(a.length - b.length);
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) if (a[i] !== b[i]) count++;
  return count;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const copy = new Uint8Array(bytes);
  const hash = await crypto.subtle.digest("SHA-256", copy);
  return new Uint8Array(hash).toHex();
}

/** A package of the lock file, as the list of parts has it. */
interface Part {
  readonly type: "library" | "framework";
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly { alg: string; content: string }[];
}

/** What a binary is made of: Deno, V8, and packages that the product imports. */
function parts(): Part[] {
  const lock = JSON.parse(
    Deno.readTextFileSync(new URL("../deno.lock", import.meta.url)),
  );
  const [name, version] = ["deno-std", "1.4.0"];
  const integrity: string | undefined = lock.npm?.[`${name}@${version}`]
    ?.integrity;
  const hash = integrity?.startsWith("sha512-")
    ? Uint8Array.fromBase64(integrity.slice("sha512-".length)).toHex()
    : undefined;
  return [
    {
      type: "framework",
      name: "deno",
      version: Deno.version.deno,
      purl: `pkg:github/denoland/deno@v${Deno.version.deno}`,
    },
    {
      type: "framework",
      name: "v8",
      version: Deno.version.v8,
      purl: `pkg:github/v8/v8@${Deno.version.v8}`,
    },
    {
      type: "library",
      name,
      version,
      purl: `pkg:npm/${name}@${version}`,
      ...hash !== undefined &&
        { hashes: [{ alg: "SHA-512", content: hash }] },
    },
  ];
}

/** A software bill of materials, CycloneDX 1.5. */
function billOfMaterials(): unknown {
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
      component: {
        type: "application",
        name: "davit",
        version: VERSION,
        licenses: [{ license: { id: "Apache-2.0" } }],
        properties: [
          { name: "commit", value: commit() },
          { name: "runtime-spec", value: SPEC_VERSION },
        ],
      },
    },
    components: parts(),
  };
}

if (import.meta.main) {
  Deno.mkdirSync(OUT, { recursive: true });
  const sums: string[] = [];
  for (const target of ARCHES) {
    const name = `davit-${target}`;
    // The binary knows its name: twice in folders of their own.
    const places = ["a", "b"].map((part) => {
      Deno.mkdirSync(new URL(`${part}/`, OUT), { recursive: true });
      return new URL(`${part}/${name}`, OUT).pathname;
    });
    const [first, second] = places.map((place) => compile(target, place));
    if (first === undefined || second === undefined) {
      console.log(`${name}: left out, its base binary is out of reach`);
    } else {
      Deno.renameSync(places[0]!, new URL(name, OUT).pathname);
      sums.push(`${await sha256(first)}  ${name}\n`);
      const bytes = difference(first, second);
      console.log(
        `${name}: ${(first.length / 1e6).toFixed(0)} MB, made twice: ` +
          (bytes === 0 ? "the same" : `${bytes} bytes differ`),
      );
      if (bytes > 0) throw new Error(`${name} is not reproducible`);
    }
    for (const part of ["a/", "b/"]) {
      Deno.removeSync(new URL(part, OUT), { recursive: true });
    }
  }
  const list = `${JSON.stringify(billOfMaterials(), null, 2)}\n`;
  Deno.writeTextFileSync(new URL("davit.cdx.json", OUT), list);
  sums.push(
    `${await sha256(new TextEncoder().encode(list))}  davit.cdx.json\n`,
  );
  Deno.writeTextFileSync(new URL("SHA256SUMS", OUT), sums.join(""));
}
