import {
  absolutePath,
  anyString,
  bool,
  both,
  expected,
  fault,
  type Findings,
  integer,
  isObject,
  lazily,
  list,
  matching,
  oneOf,
  property,
  type Rule,
  someText,
  text,
  warn,
  windowsOnly,
} from "./schema.ts";
import { i32, u64 } from "./schema_integers.ts";
import { object } from "./schema_object.ts";
import { CAPABILITIES, RLIMITS } from "./names.ts";
import { quote } from "./quote.ts";

/** User and group IDs: the last 32-bit number means "no change" to setuid(2). */
const id = integer(0, 0xffff_fffe);

/** The rule for `process`, which is also what `exec --process` reads. */
export function processRule(): Rule {
  const names = list(capability, "an array of capability names");
  const cpuList = matching(/^[0-9, -]*$/, 'a list of processors like "0-3,7"');
  return object({
    terminal: bool,
    consoleSize: object({ height: u64, width: u64 }, ["height", "width"]),
    user: object({
      uid: id,
      gid: id,
      umask: integer(0, 0o777),
      additionalGids: list(id, "an array of group IDs"),
      username: windowsOnly,
    }),
    args: both(list(text, "an array of at least one string", 1), firstArg),
    commandLine: windowsOnly,
    env: envRule(),
    cwd: absolutePath,
    capabilities: object({
      bounding: names,
      effective: names,
      inheritable: names,
      permitted: names,
      ambient: names,
    }),
    rlimits: both(list(rlimitRule()), noDoubleRlimits),
    noNewPrivileges: bool,
    apparmorProfile: text,
    selinuxLabel: text,
    oomScoreAdj: integer(-1000, 1000),
    scheduler: lazily(schedulerRule),
    ioPriority: object({
      class: oneOf("IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"),
      priority: i32,
    }, ["class"]),
    execCPUAffinity: object({ initial: cpuList, final: cpuList }),
  }, ["args", "cwd"]);
}

/** The rule for lists of `NAME=value` strings. */
export function envRule(): Rule {
  return list(envEntry, "an array of NAME=value strings");
}

/** execve(2) takes any bytes; a name without "=" would be invisible. */
function envEntry(value: unknown, at: string, out: Findings): boolean {
  if (!text(value, at, out)) return false;
  const found = value as string;
  return found.indexOf("=") > 0 ||
    expected(out, at, value, "NAME=value with a name");
}

function firstArg(value: unknown, at: string, out: Findings): boolean {
  return someText((value as unknown[])[0], `${at}/0`, out);
}

/** Unknown names are no error: config.md asks for a warning. */
function capability(value: unknown, at: string, out: Findings): boolean {
  if (!anyString(value, at, out)) return false;
  const name = value as string;
  if (!name.startsWith("CAP_") || !CAPABILITIES.includes(name.slice(4))) {
    warn(out, at, value, `unknown capability ${quote(name)}, it is left out`);
  }
  return true;
}

function rlimitRule(): Rule {
  const shape = object({ type: rlimitType, soft: u64, hard: u64 }, [
    "type",
    "soft",
    "hard",
  ]);
  return (value, at, out) => {
    if (!shape(value, at, out) || !isObject(value)) return false;
    const { soft, hard } = value as { soft: number; hard: number };
    return soft <= hard || fault(
      out,
      `${at}/soft`,
      soft,
      `must not be above the hard limit ${hard}, found ${soft}`,
    );
  };
}

function rlimitType(value: unknown, at: string, out: Findings): boolean {
  if (!anyString(value, at, out)) return false;
  const name = value as string;
  return name.startsWith("RLIMIT_") && RLIMITS.includes(name.slice(7)) ||
    expected(
      out,
      at,
      value,
      `RLIMIT_ and one of ${RLIMITS.join(", ")}`,
    );
}

function noDoubleRlimits(value: unknown, at: string, out: Findings): boolean {
  const seen = new Map<unknown, number>();
  let sound = true;
  for (const [i, limit] of (value as unknown[]).entries()) {
    const type = property(limit, "type");
    const first = seen.get(type);
    if (first === undefined) seen.set(type, i);
    else {
      sound = fault(
        out,
        `${at}/${i}/type`,
        type,
        `${type} is already set by entry ${first}`,
      );
    }
  }
  return sound;
}

function schedulerRule(): Rule {
  return object({
    policy: oneOf(
      "SCHED_OTHER",
      "SCHED_FIFO",
      "SCHED_RR",
      "SCHED_BATCH",
      "SCHED_ISO",
      "SCHED_IDLE",
      "SCHED_DEADLINE",
    ),
    nice: i32,
    priority: i32,
    flags: list(oneOf(
      "SCHED_FLAG_RESET_ON_FORK",
      "SCHED_FLAG_RECLAIM",
      "SCHED_FLAG_DL_OVERRUN",
      "SCHED_FLAG_KEEP_POLICY",
      "SCHED_FLAG_KEEP_PARAMS",
      "SCHED_FLAG_UTIL_CLAMP_MIN",
      "SCHED_FLAG_UTIL_CLAMP_MAX",
    )),
    runtime: u64,
    deadline: u64,
    period: u64,
  }, ["policy"]);
}
