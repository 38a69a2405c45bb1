/**
 * A throw-away container over the host's own root file system: the main job
 * with no bundle and no image.
 *
 * @module
 */

import { Creation } from "./creation.ts";
import { defaultSpec } from "./default_spec.ts";
import { variable } from "./variables.ts";
import { explained } from "./explain.ts";
import { loadParts } from "./parts.ts";
import { runContainer } from "./run.ts";
import type { CgroupDriver, Runtime } from "./runtime.ts";
import type { Mount, Spec } from "./spec.ts";
import { tourScript } from "./tour.ts";

/** What to run, and whether it gets a terminal. */
export interface TryOptions {
  /** The program and its arguments; none: a small tour. */
  readonly args: readonly string[];
  readonly terminal: boolean;
  readonly cgroupManager: CgroupDriver;
}

/** Fresh and empty, whatever the host keeps there. */
const SCRATCH: readonly Mount[] = ["/tmp", "/run"].map((destination) => ({
  destination,
  type: "tmpfs",
  source: "tmpfs",
  options: ["nosuid", "nodev", "mode=1777"],
}));

const NO_CAPABILITIES = {
  bounding: [],
  effective: [],
  permitted: [],
  inheritable: [],
  ambient: [],
};

/**
 * Runs a command, or a tour, in a container that is deleted at the end.
 * @returns the command's exit status
 * @throws {RuntimeError | SyscallError}
 */
export function tryOut(
  runtime: Runtime,
  { args, cgroupManager, terminal }: TryOptions,
): Promise<number> {
  const id = `try-${Deno.pid}`;
  const options = {
    id,
    bundle: "/",
    cgroupManager,
    detach: false,
    keep: false,
  };
  const command = args.length > 0 ? args : ["/bin/sh", "-c", tourScript()];
  const spec = trySpec(command, terminal);
  return runContainer(
    runtime,
    options,
    async (meanwhile) => {
      const extras = { recursiveReadonly: true, startNow: true, meanwhile };
      const parts = await loadParts(spec, runtime.log, options);
      return explained(
        "make a throw-away container",
        () =>
          new Creation(runtime, options, spec, "/", terminal, parts, extras)
            .run(),
      );
    },
  );
}

function trySpec(args: readonly string[], terminal: boolean): Spec {
  const spec = defaultSpec({ cgroupNamespace: true });
  const term = variable("TERM");
  return {
    ...spec,
    hostname: "davit-try",
    root: { path: "/", readonly: true },
    mounts: [
      ...(spec.mounts ?? []).filter(({ type }) => type !== "cgroup"),
      ...SCRATCH,
    ],
    process: {
      ...spec.process!,
      args,
      terminal,
      env: [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=/tmp",
        ...(terminal && term !== undefined ? [`TERM=${term}`] : []),
      ],
      capabilities: NO_CAPABILITIES,
    },
  };
}
