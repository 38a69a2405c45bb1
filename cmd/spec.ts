import { hostLayout } from "../cgroup/layout.ts";
import { defaultSpec, rootlessSpec } from "../oci/default_spec.ts";
import { RuntimeError } from "../oci/errors.ts";
import { type Command, NONE } from "./command.ts";
import type { Option } from "./options.ts";
import { writeAll } from "./output.ts";

const CONFIG = "config.json";

const OPTIONS = [
  {
    name: "bundle",
    short: "b",
    value: "dir",
    help: "the bundle to write it to (default: the current directory)",
  },
  {
    name: "file",
    short: "f",
    value: "file",
    help: 'its name in the bundle (default: "config.json")',
  },
  {
    name: "rootless",
    help: "one that an ordinary user, the caller, can run",
  },
] as const satisfies readonly Option[];

/** `davit spec`: writes a configuration to start from. */
export const command: Command<typeof OPTIONS> = {
  summary: "write a config.json to start from",
  about:
    `Writes a bundle's "config.json": a shell on a terminal, in namespaces of its
own, on the read-only root file system that the bundle's directory "rootfs"
holds. Edit it before use. An existing file is never overwritten.`,
  arguments: NONE,
  options: OPTIONS,
  run({ options }) {
    const cgroupNamespace = hostLayout().kind === "unified";
    const spec = defaultSpec({ cgroupNamespace });
    const written = options.rootless
      ? rootlessSpec(spec, Deno.uid() ?? 0, Deno.gid() ?? 0)
      : spec;
    writeConfig(
      options.bundle,
      `${JSON.stringify(written, null, "\t")}\n`,
      options.file || CONFIG,
    );
    return 0;
  },
};

/**
 * Writes a new `config.json`; a failure leaves none behind.
 *
 * @param bundle the directory; none is the current one
 * @param name the file's name in it
 * @throws RuntimeError when it exists (exists) or cannot be written (system)
 */
export function writeConfig(
  bundle: string | undefined,
  text: string,
  name: string = CONFIG,
): void {
  const path = bundle === undefined || name.startsWith("/")
    ? name
    : `${bundle}/${name}`;
  try {
    using file = Deno.openSync(path, { write: true, createNew: true });
    writeOrRemove(file, path, text);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new RuntimeError(
        "exists",
        `Cannot write "${path}": File ${name} exists. Remove it first`,
        { cause: error },
      );
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuntimeError("system", `Cannot write "${path}": ${reason}`, {
      cause: error,
    });
  }
}

function writeOrRemove(file: Deno.FsFile, path: string, text: string): void {
  try {
    writeAll(file, text);
  } catch (error) {
    Deno.removeSync(path);
    throw error;
  }
}
