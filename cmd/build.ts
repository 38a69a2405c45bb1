import { basename } from "@std/path/posix";
import { build, type BuildCgroups, type Built } from "../oci/build.ts";
import { comparison } from "../oci/build_comparison.ts";
import { ARCHES } from "../launch/arches.ts";
import type { Command } from "./command.ts";
import { currentDirectory } from "./current_directory.ts";
import { escapeControls } from "./escape.ts";
import { type Option, usageError } from "./options.ts";
import { writeOut } from "./output.ts";
import { writeProgram } from "../oci/build_file.ts";

const CGROUPS: readonly BuildCgroups[] = ["host", "v1", "hybrid", "v2", "none"];

const OPTIONS = [
  {
    name: "output",
    short: "o",
    value: "file",
    help: "the file to write the launcher to",
  },
  {
    name: "target",
    value: "processor",
    help: "x86_64 or aarch64 (default: this machine's)",
  },
  {
    name: "id",
    value: "id",
    help: "the container's ID (default: the file's name)",
  },
  {
    name: "root-path",
    value: "dir",
    help: "where the root file system is on the host that it runs on",
  },
  {
    name: "cgroups",
    value: "layout",
    help:
      "cgroups of the host that it runs on: host (as here), v1, hybrid, v2 or none (default: host)",
  },
  {
    name: "no-pivot",
    help:
      "do not use pivot_root, for a root file system on a ramdisk; /proc and /sys of the host go out of reach",
  },
  {
    name: "compare",
    help: 'tell what it does otherwise than "davit run" would',
  },
  {
    name: "strict",
    help: "refuse a config.json with unknown properties, or null for none",
  },
] as const satisfies readonly Option[];

/** `davit build`: a launcher that needs no runtime. */
export const command: Command<typeof OPTIONS> = {
  summary: "build a launcher of a bundle, one that needs no runtime",
  about:
    `Writes a static executable of some tens of KB that runs the container of a
bundle, the current directory if none is named: run as root, on a host with
neither Davit nor Deno, it makes the cgroup, launches the container in the
foreground, passes signals on, ends with the program's status, and removes what
it made. Paths of the bundle are used as they are; "--root-path" names another
root file system. What cannot be built ahead, such as hooks, is refused.`,
  arguments: {
    synopsis: "[bundle]",
    expected: "at most one bundle",
    min: 0,
    max: 1,
    id: false,
  },
  options: OPTIONS,
  async run({ options, runtime, args: [bundle = currentDirectory()] }) {
    const { output } = options;
    if (!output) {
      throw usageError("davit build", "missing --output: where to write it");
    }
    const built = await build({
      bundle,
      id: options.id ?? basename(output),
      target: oneOf(ARCHES, "target", options.target ?? Deno.build.arch),
      cgroups: oneOf(CGROUPS, "cgroups", options.cgroups ?? "host"),
      noPivot: options["no-pivot"] === true,
      strict: options.strict === true,
      ...(options["root-path"] && { rootPath: options["root-path"] }),
    });
    for (const warning of built.warnings) runtime.log.warn(warning);
    writeProgram(output, built.program);
    writeOut(`${escapeControls(output)}: ${sizeText(built)}\n`);
    if (options.compare) writeOut(comparison(built));
    return 0;
  },
};

function oneOf<T extends string>(
  words: readonly T[],
  option: string,
  given: string,
): T {
  const word = words.find((one) => one === given);
  if (word !== undefined) return word;
  throw usageError(
    "davit build",
    `invalid --${option}: "${given}": expected ${words.join(", ")}`,
  );
}

function sizeText({ program, plan }: Built): string {
  const size = (program.length / 1024).toFixed(1);
  const calls = plan.steps.filter(({ action }) => "call" in action).length;
  return `${size} KB, ${calls} system calls`;
}
