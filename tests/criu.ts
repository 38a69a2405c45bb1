/** The criu of tests: a real one, or what only talks as it does. */
import { type Container, onPath } from "./container.ts";
import { readIfThere, REPO } from "./davit.ts";

/** A folder with another criu than the host's, for kernels that it fails on. */
const FOLDER = Deno.env.get("DAVIT_CRIU");
const PATH = FOLDER
  ? `${FOLDER}:${Deno.env.get("PATH")}`
  : Deno.env.get("PATH")!;

/** Whether criu can do on this kernel what it is for. */
function works(): boolean {
  const { success } = new Deno.Command("criu", {
    args: ["check"],
    env: { PATH },
    stdout: "null",
    stderr: "null",
  }).outputSync();
  return success;
}

const present = Deno.uid() === 0 && (FOLDER !== undefined || onPath("criu"));
/** Whether they can. */
export const working: boolean = present && works();
/** What tests need that save and restore for real. */
export const WORKING: { readonly missing?: string } = working
  ? {}
  : { missing: "a criu that works on this kernel (DAVIT_CRIU: its folder)" };
/** The environment in which that criu is found. */
export const env: Record<string, string> = { PATH };

/** What only talks as criu does. */
export interface FakeCriu {
  /** The environment in which it is found. */
  readonly env: Record<string, string>;
  /** What it was asked last. */
  // deno-lint-ignore no-explicit-any
  asked(): any;
}

/** Puts fake_criu.ts on a PATH. */
export function fakeCriu(
  container: Container,
  outcome: "ok" | "fail" | "restores",
): FakeCriu {
  const folder = `${container.folder}/bin`;
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(
    `${folder}/criu`,
    `#!/bin/sh\nexec ${Deno.execPath()} run --allow-all --no-check --quiet ${REPO}/tests/fake_criu.ts "$@"\n`,
    { mode: 0o755 },
  );
  const log = `${container.folder}/asked`;
  return {
    env: {
      PATH: `${folder}:/usr/bin:/bin`,
      FAKE_CRIU: outcome,
      FAKE_CRIU_LOG: log,
    },
    asked: () => JSON.parse(readIfThere(log)),
  };
}
