import {
  absolutePath,
  anyString,
  below,
  bool,
  both,
  expected,
  fault,
  type Findings,
  integer,
  isObject,
  lazily,
  list,
  map,
  property,
  type Rule,
  someText,
  text,
  textUpTo,
  warn,
} from "./schema.ts";
import { idMappingsRule, linuxRule } from "./schema_linux.ts";
import { object } from "./schema_object.ts";
import { envRule, processRule } from "./schema_process.ts";
import { quote } from "./quote.ts";

/** The oldest and the newest version of the specification that are taken. */
export const VERSIONS = { min: "1.0.0", max: "1.3.0" };

/** The kinds of hooks, in the order in which they run. */
export const HOOKS: readonly string[] = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
];

/** Most bytes of a host or domain name, uname(2) on Linux. */
const UTS_NAME_MAX = 64;

/** The rule for a whole `config.json`, config.md. */
export function configRule(): Rule {
  const hooks = list(lazily(hookRule));
  const mappings = lazily(idMappingsRule);
  return object({
    ociVersion: version,
    root: object({ path: someText, readonly: bool }, ["path"]),
    process: lazily(processRule),
    hostname: textUpTo(UTS_NAME_MAX),
    domainname: textUpTo(UTS_NAME_MAX),
    mounts: list(object({
      destination,
      type: text,
      source: text,
      options: list(text, "an array of strings"),
      uidMappings: mappings,
      gidMappings: mappings,
    }, ["destination"])),
    hooks: object(Object.fromEntries(HOOKS.map((name) => [name, hooks]))),
    annotations: both(map(anyString), noEmptyName),
    linux: lazily(linuxRule),
    windows: foreign("Windows"),
    solaris: foreign("Solaris"),
    vm: foreign("virtual machines"),
    zos: foreign("z/OS"),
    freebsd: foreign("FreeBSD"),
  }, ["ociVersion", "root"]);
}

function hookRule(): Rule {
  return object({
    path: absolutePath,
    args: list(text, "an array of strings"),
    env: envRule(),
    timeout: integer(1, 2n ** 63n - 1n),
  }, ["path"]);
}

/** config.md, "Annotations": keys must not be an empty string. */
function noEmptyName(value: unknown, at: string, out: Findings): boolean {
  const inner = property(value, "");
  return inner === undefined ||
    fault(out, below(at, ""), inner, "must have a name, found an empty one");
}

/**
 * A section for another platform: it may be empty. Otherwise it asks for what
 * a container on this host would not have, such as a kernel of its own.
 */
function foreign(what: string): Rule {
  return (value, at, out) => {
    if (!isObject(value)) return expected(out, at, value, "an object");
    return Object.keys(value).length === 0 ||
      fault(
        out,
        at,
        value,
        `is for ${what}, Davit makes Linux containers: leave it out`,
      );
  };
}

/** What engines write: the pattern for all takes a hundredth of a launch. */
const USUAL_VERSIONS: readonly string[] =
  ("1.0.0 1.0.1 1.0.2 1.0.2-dev 1.1.0 1.1.0-rc.1 1.1.0+dev 1.2.0 1.2.1 1.3.0")
    .split(" ");

/** Semantic version (semver.org) 1.0.0 up to 1.3.x, config.md. */
function version(value: unknown, at: string, out: Findings): boolean {
  if (!anyString(value, at, out)) return false;
  const found = value as string;
  return USUAL_VERSIONS.includes(found) || unusualVersion(found, at, out);
}

function unusualVersion(found: string, at: string, out: Findings): boolean {
  const number = "(0|[1-9][0-9]*)";
  const part = "(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)";
  const semver = new RegExp(
    `^${number}\\.${number}\\.${number}` +
      `(?:-${part}(?:\\.${part})*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
  ).exec(found);
  if (semver === null) {
    return expected(out, at, found, 'a version like "1.3.0"');
  }
  return semver[1] === "1" && Number(semver[2]) <= 3 ||
    expected(out, at, found, "a version from 1.0.0 to 1.3.x");
}

/** Relative destinations are deprecated, and taken as below "/". */
function destination(value: unknown, at: string, out: Findings): boolean {
  if (!someText(value, at, out)) return false;
  const path = value as string;
  if (!path.startsWith("/")) {
    warn(
      out,
      at,
      value,
      `should be absolute, ${quote(path)} is taken as ` +
        quote(`/${path}`),
    );
  }
  return true;
}
