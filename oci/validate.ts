import type { Problem } from "./errors.ts";
import type { Findings, Rule } from "./schema.ts";
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
}

let wholeConfig: Rule | undefined;

/**
 * Checks a parsed `config.json` against runtime-spec 1.3 for Linux: types,
 * ranges and what its parts demand of each other. It takes any value, never
 * throws on what `JSON.parse()` may return, and reports all problems at once.
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
  options: ValidateOptions,
  run: (out: Findings) => void,
): Validation {
  const out: Findings = {
    strict: options.strict ?? false,
    errors: [],
    warnings: [],
  };
  run(out);
  return { errors: out.errors, warnings: out.warnings };
}
