import { writeOut } from "./output.ts";

/** Davit's version, semantic versioning. */
export const VERSION = "0.1.0";

/** The version of the OCI runtime specification that Davit follows. */
export const SPEC_VERSION = "1.3.0";

/** The compile script puts the commit here. */
const MARK = "@COMMIT@";

/** The commit that Davit was compiled from, or "source". */
export const COMMIT: string = MARK.startsWith("@") ? "source" : MARK;

/** What `--version` prints, after "davit version ". */
export function versionLines(): string {
  return [
    VERSION,
    `commit: ${COMMIT}`,
    `spec: ${SPEC_VERSION}`,
    `deno: ${Deno.version.deno}`,
  ].join("\n");
}

/** Prints the version; the result is the exit status. */
export function print(): number {
  writeOut(`davit version ${versionLines()}\n`);
  return 0;
}
