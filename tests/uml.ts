/** User-Mode Linux: a second kernel, for layouts that this host has not. */
import { join } from "@std/path/posix";
import { onPath } from "./container.ts";
import { assertSuccess, readIfThere, REPO, type Result, run } from "./davit.ts";

/** A script that boots it with a layout of cgroups and runs a command. */
const UML = Deno.env.get("DAVIT_UML") ??
  join(REPO, "../shared/toolchain/uml.sh");

/** Processors with this need uml_xstate.c. */
const largeState = readIfThere("/proc/cpuinfo").includes(" amx_tile ");

/** Why it cannot be used here; undefined when it can. */
export function umlMissing(): string | undefined {
  if (!onPath("linux.uml")) return "linux.uml (Debian: user-mode-linux)";
  if (readIfThere(UML) === "") return "a script that starts it (DAVIT_UML)";
  if (largeState && !onPath("cc")) return "cc, to build tests/uml_xstate.c";
  return undefined;
}

/** Runs a command under it as root, on this host's files. */
export async function underUml(
  layout: "v1" | "hybrid" | "v2",
  command: readonly string[],
): Promise<Result> {
  const folder = Deno.makeTempDirSync({ prefix: "davit-uml." });
  try {
    return await run(
      [UML, "--cgroup", layout, "--time", "200", ...command],
      { timeout: 240, env: await withLargeState(folder) },
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/**
 * The environment in which linux.uml runs on this processor.
 * @param folder gets what that takes
 */
export async function withLargeState(
  folder: string,
): Promise<Record<string, string>> {
  if (largeState) await wrap(folder);
  return { PATH: `${folder}:${Deno.env.get("PATH")}` };
}

/** Puts a linux.uml into the folder that loads uml_xstate.c. */
async function wrap(folder: string): Promise<void> {
  const library = `${folder}/xstate.so`;
  const source = join(REPO, "tests/uml_xstate.c");
  assertSuccess(
    await run(["cc", "-O2", "-shared", "-fPIC", "-o", library, source]),
  );
  const real = assertSuccess(
    await run(["sh", "-c", "command -v linux.uml"]),
  ).stdout.trim();
  Deno.writeTextFileSync(
    `${folder}/linux.uml`,
    `#!/bin/sh\nLD_PRELOAD=${library} exec ${real} "$@"\n`,
    { mode: 0o755 },
  );
}
