/**
 * Errors where Davit is called by the name of runc: scripts that read runc's
 * look for how its lines begin, and for the kernel's words as Go has them.
 * What Davit has to say besides stays. Loaded on demand.
 *
 * @module
 */

import { errnoText } from "../ffi/errno.ts";
import type { Failure } from "../oci/cause_tools.ts";

/** How errors of commands that start processes begin. */
const BEGINNINGS: Readonly<Record<string, string>> = {
  create: "runc create failed: ",
  exec: "exec failed: ",
  run: "runc run failed: ",
};

/** An error to be told. */
export interface ToldError {
  /** The command that failed. */
  readonly command: string;
  /** The error's class. */
  readonly kind: string;
  /** What the kernel refused; absent where it was not asked. */
  readonly failure?: Failure;
}

/** Davit's line about an error with the words that runc has for it. */
export function runcLine(line: string, error: ToldError): string {
  const { command, failure, kind } = error;
  const why = failure?.why ?? "";
  // runc's init tells of this one itself, when nobody listens any more.
  if (kind === "usage" || why.startsWith("exec ")) return line;
  const beginning = BEGINNINGS[command];
  const told = failure === undefined ? line : inGosWords(line, failure);
  if (beginning === undefined) return told;
  const starts = kind === "process" || kind === "system";
  return beginning +
    (starts ? "unable to start container process: " : "") +
    (why !== "" && command !== "exec" ? "error during container init: " : "") +
    told;
}

/** What a plan calls mounting, and what of it is mounted where. */
const MOUNTING = [/^bind (.+) to (\/.*)$/s, /^mount (.+) on (\/.*)$/s];

function inGosWords(line: string, { errno, why }: Failure): string {
  const text = errnoText(errno);
  const told = line.replace(`: ${text}`, `: ${text.toLowerCase()}`);
  const cannot = `Cannot ${why}`;
  for (const form of MOUNTING) {
    const found = form.exec(why);
    if (found === null || !told.startsWith(cannot)) continue;
    const [, source = "", destination = ""] = found;
    const [from, to] = [source, destination].map((path) =>
      JSON.stringify(path)
    );
    return `error mounting ${from} to rootfs at ${to}` +
      told.slice(cannot.length);
  }
  return told;
}
