import type { Problem } from "./errors.ts";
import { quote } from "./quote.ts";
import { type Findings, type OtherCase, type Rule, warn } from "./schema.ts";
import { configRule } from "./schema_config.ts";
import { processRule } from "./schema_process.ts";
import { resourcesRule } from "./schema_resources.ts";
import { checkMappings } from "./validate_mappings.ts";
import { checkMounts } from "./validate_mounts.ts";
import { checkNamespaces } from "./validate_namespaces.ts";
import { checkProcess } from "./validate_process.ts";
import { checkSeccomp } from "./validate_seccomp.ts";
import { checkMappedUser } from "./validate_users.ts";

/** How strictly to check. */
export interface ValidateOptions {
  /** Take unknown properties, and `null` for none, for errors. */
  readonly strict?: boolean;
}

/** What a check found; a document without errors has the type it claims. */
export interface Validation {
  /** What makes it unusable. */
  readonly errors: readonly Problem[];
  /** What is odd, but understood. */
  readonly warnings: readonly Problem[];
  /** Whether names were put right in the document itself; absent: no. */
  readonly renamed?: boolean;
}

let wholeConfig: Rule | undefined;

/**
 * Checks a parsed `config.json` against runtime-spec 1.3 for Linux: types,
 * ranges and what its parts demand of each other. It takes any value, never
 * throws on what `JSON.parse()` may return, and reports all problems at once.
 * Unless it is strict, it puts right names that differ from the specification's
 * in capital letters only.
 */
export function validate(
  config: unknown,
  options: ValidateOptions = {},
): Validation {
  wholeConfig ??= configRule();
  return check(options, (out) => {
    wholeConfig!(config, "", out);
    checkNamespaces(config, out);
    checkMappings(config, out);
    checkMounts(config, out);
    checkMappedUser(config, out);
    checkSeccomp(config, out);
    checkProcess(config, out);
  });
}

/**
 * The same for one process, as in the file of `exec --process`; pointers begin
 * with `/process`.
 *
 * @param linux the `linux` section of its container, which has been checked
 */
export function validateProcess(
  process: unknown,
  options: ValidateOptions = {},
  linux?: unknown,
): Validation {
  return check(options, (out) => {
    processRule()(process, "/process", out);
    const config = { process, linux };
    checkMappedUser(config, out);
    checkProcess({ process }, out);
  });
}

/** The same for resources, as in the file of `update --resources`. */
export function validateResources(
  resources: unknown,
  options: ValidateOptions = {},
): Validation {
  return check(options, (out) => resourcesRule(true)(resources, "", out));
}

function check(
  { strict = false }: ValidateOptions,
  run: (out: Findings) => void,
): Validation {
  const renamed: OtherCase[] = [];
  for (;;) {
    const otherCase: OtherCase[] = [];
    const found = { errors: [], warnings: [] };
    const out = { strict, ...found, ...!strict && { otherCase } };
    run(out);
    if (otherCase.length === 0 && renamed.length === 0) return found;
    if (otherCase.length === 0) {
      renamed.forEach((one) => tellRenamed(one, out));
      return { ...found, renamed: true };
    }
    // What is missing may be there, and what is below has not been looked at.
    otherCase.forEach(({ object, name, meant }) => {
      object[meant] = object[name];
      delete object[name];
    });
    renamed.push(...otherCase);
  }
}

/** Go's JSON decoder takes a name in any letters, and so do the Go peers. */
function tellRenamed({ meant, pointer, object }: OtherCase, out: Findings) {
  const name = quote(meant);
  const mend = `call it ${name}`;
  warn(out, pointer, object[meant], `is taken for ${name}`, { mend });
}
