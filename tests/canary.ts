/**
 * Attacks on what lies outside of a root file system: it is compared before and
 * after, and nothing may change.
 */
import { assertEquals } from "@std/assert";
import type { Patch } from "./config.ts";
import { type Container, containerTest } from "./container.ts";
import { assertOneLine, readIfThere, type Result } from "./davit.ts";

/** Every file below a folder: its type, mode, owner, size and content. */
function listing(folder: string): string[] {
  const lines: string[] = [];
  const walk = (path: string) => {
    const stat = Deno.lstatSync(path);
    const content = stat.isSymlink
      ? Deno.readLinkSync(path)
      : stat.isFile
      ? Deno.readTextFileSync(path)
      : "";
    const { mode, uid, gid, size, mtime } = stat;
    const time = mtime?.getTime();
    lines.push([path, mode, uid, gid, size, time, content].join(" "));
    if (!stat.isDirectory) return;
    for (const name of [...Deno.readDirSync(path)].map((e) => e.name).sort()) {
      walk(`${path}/${name}`);
    }
  };
  walk(folder);
  return lines;
}

/** The host's mounts, less what other tests change meanwhile. */
function hostMounts(folder: string): string[] {
  return readIfThere("/proc/self/mountinfo").split("\n")
    .map((line) => line.split(" ").slice(2).join(" "))
    .filter((line) => line.includes(folder) || !/ \/(tmp|run)\//.test(line))
    .sort();
}

/** A folder of the host with files that no container may touch. */
export class Canary {
  readonly path: string;
  readonly #before: string[];
  readonly #folder: string;
  readonly #mounts: string[];

  constructor(container: Container) {
    this.#folder = container.folder;
    this.#mounts = hostMounts(this.#folder);
    this.path = `${container.folder}/outside`;
    Deno.mkdirSync(`${this.path}/deep/er`, { recursive: true });
    for (const name of ["ptmx", "passwd", "deep/file", "null"]) {
      Deno.writeTextFileSync(`${this.path}/${name}`, `canary ${name}\n`);
    }
    this.#before = listing(this.path);
  }

  assertUntouched(): void {
    assertEquals(listing(this.path), this.#before);
    assertEquals(hostMounts(this.#folder), this.#mounts);
  }
}

/** A test with a container and a canary beside its root file system. */
export function attack(
  name: string,
  patch: Patch,
  test: (container: Container, canary: Canary) => Promise<void>,
): void {
  containerTest(name, patch, async (container) => {
    const canary = new Canary(container);
    try {
      await test(container, canary);
    } finally {
      canary.assertUntouched();
    }
  });
}

/** Puts a symbolic link in the place of a folder of the root file system. */
export function replaceByLink(
  container: Container,
  name: string,
  to: string,
): void {
  const path = `${container.rootfs}/${name}`;
  Deno.removeSync(path, { recursive: true });
  Deno.symlinkSync(to, path);
}

/** Fails unless the command failed in one line, warnings aside, and left nothing. */
export function assertRefused(
  container: Container,
  result: Result,
  cause: RegExp,
): void {
  const stderr = result.stderr.replaceAll(/^time=.* level=warning .*\n/gm, "");
  assertOneLine({ ...result, stderr }, cause);
  assertEquals(container.leftovers(), []);
}

/** The hash of a file, in hexadecimal. */
export async function sha256(path: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", Deno.readFileSync(path));
  return new Uint8Array(hash).toHex();
}

/** Exchanges two names again and again until it is disposed of. */
export class Swapper implements Disposable {
  readonly #worker: Worker;
  readonly #flags = new Int32Array(new SharedArrayBuffer(8));

  constructor(a: string, b: string) {
    const from = new URL("../ffi/syscall.ts", import.meta.url).href;
    const program = `import { syscall } from ${JSON.stringify(from)};
      onmessage = ({ data: { flags, a, b } }) => {
        while (Atomics.load(flags, 0) === 0) {
          syscall("renameat2", -100, a, -100, b, 2);
          Atomics.add(flags, 1, 1);
        }
        close();
      };`;
    this.#worker = new Worker(
      `data:application/javascript,${encodeURIComponent(program)}`,
      { type: "module" },
    );
    this.#worker.postMessage({ flags: this.#flags, a, b });
  }

  get swaps(): number {
    return Atomics.load(this.#flags, 1);
  }

  [Symbol.dispose](): void {
    Atomics.store(this.#flags, 0, 1);
    this.#worker.terminate();
  }
}
