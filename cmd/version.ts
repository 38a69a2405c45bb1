import { type CalledName, calledName } from "./called_name.ts";
import { writeOut } from "./output.ts";

/** Davit's version, semantic versioning. */
export const VERSION = "0.1.0";

/** The version of the OCI runtime specification that Davit follows. */
export const SPEC_VERSION = "1.3.0";

/** The compile script puts the commit here. */
const MARK = "@COMMIT@";

/** The commit that Davit was compiled from, or "source". */
export const COMMIT: string = MARK.startsWith("@") ? "source" : MARK;

/**
 * What `--version` prints, after the name and "version". Who looks for runc's
 * line finds it where Davit is called so, and reads whose version it is.
 */
export function versionLines(name: CalledName = "davit"): string {
  return [
    name === "davit" ? VERSION : `${VERSION} (Davit)`,
    `commit: ${COMMIT}`,
    `spec: ${SPEC_VERSION}`,
    `deno: ${Deno.version.deno}`,
  ].join("\n");
}

/** Prints the version; the result is the exit status. */
export function print(): number {
  const name = calledName();
  writeOut(`${name} version ${versionLines(name)}\n`);
  return 0;
}
