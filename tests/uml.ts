/** User-Mode Linux: a second kernel, for layouts that this host has not. */
import { join } from "@std/path/posix";
import { onPath } from "./container.ts";
import { assertSuccess, readIfThere, REPO, type Result, run } from "./davit.ts";

/** A script that boots it with a layout of cgroups and runs a command. */
const UML = Deno.env.get("DAVIT_UML") ??
  join(REPO, "../shared/toolchain/uml.sh");

/** Processors with this need uml_xstate.c. */
const largeState = readIfThere("/proc/cpuinfo").includes(" amx_tile ");

/** Why the kernel cannot run here; undefined when it can. */
export function kernelMissing(): string | undefined {
  if (!onPath("linux.uml")) return "linux.uml (Debian: user-mode-linux)";
  if (largeState && !onPath("cc")) return "cc, to build tests/uml_xstate.c";
  return undefined;
}

/** Why it cannot be used here; undefined when it can. */
export function umlMissing(): string | undefined {
  const kernel = kernelMissing();
  if (kernel !== undefined) return kernel;
  if (readIfThere(UML) === "") return "a script that starts it (DAVIT_UML)";
  return undefined;
}

/**
 * Runs a command under it as root, on this host's files.
 * @param options `disk`: a file that is the block device 98:0
 */
export async function underUml(
  layout: "v1" | "hybrid" | "v2",
  command: readonly string[],
  { disk }: { readonly disk?: string } = {},
): Promise<Result> {
  const folder = Deno.makeTempDirSync({ prefix: "davit-uml." });
  try {
    return await run(
      [UML, "--cgroup", layout, "--time", "300", ...command],
      {
        timeout: 340,
        env: await withLargeState(folder, disk && `ubd0=${disk}`),
      },
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/**
 * The environment in which linux.uml runs on this processor.
 * @param folder gets what that takes
 * @param arg an argument to add to its own
 */
export async function withLargeState(
  folder: string,
  arg = "",
): Promise<Record<string, string>> {
  if (largeState || arg !== "") await wrap(folder, arg);
  return { PATH: `${folder}:${Deno.env.get("PATH")}` };
}

/** Puts a linux.uml into the folder that loads uml_xstate.c if needed. */
async function wrap(folder: string, arg: string): Promise<void> {
  const library = `${folder}/xstate.so`;
  const source = join(REPO, "tests/uml_xstate.c");
  if (largeState) {
    assertSuccess(
      await run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source]),
    );
  }
  const real = assertSuccess(
    await run(["sh", "-c", "command -v linux.uml"]),
  ).stdout.trim();
  Deno.writeTextFileSync(
    `${folder}/linux.uml`,
    `#!/bin/sh\n${largeState ? `LD_PRELOAD=${library} ` : ""}exec ${real} ` +
      `"$@" ${arg}\n`,
    { mode: 0o755 },
  );
}
