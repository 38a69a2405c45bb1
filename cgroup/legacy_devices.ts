import { Handle, O, open, write } from "../ffi/fd.ts";
import { encodeText } from "../ffi/text.ts";
import {
  ACCESS,
  ALL_ACCESS,
  type DeviceRule,
  EVERY,
  isTotal,
  ruleText,
} from "./devices.ts";
import { CgroupError, osCode, osText } from "./error.ts";

/** One write of a cgroup v1 devices file. */
export interface LegacyDeviceWrite {
  /** The file's name in the cgroup's directory. */
  readonly file: "devices.allow" | "devices.deny";
  /** Such as `c 1:3 rwm`, or `a` for everything. */
  readonly value: string;
  /** JSON pointer of the rule behind it; "" for the runtime's own. */
  readonly pointer: string;
}

/** What the kernel keeps for a cgroup: a default, and exceptions from it. */
interface Policy {
  allow: boolean;
  /** By `TYPE MAJOR:MINOR`; access bits that differ from the default. */
  exceptions: Map<string, Exception>;
}

interface Exception {
  readonly type: "b" | "c";
  readonly major: number;
  readonly minor: number;
  readonly access: number;
  /** JSON pointer of the rule behind it; "" for the runtime's own. */
  readonly pointer: string;
}

/**
 * The writes that make a cgroup v1 devices cgroup follow `rules`, the last one
 * that matches deciding.
 *
 * The kernel (security/device_cgroup.c) keeps a default and a list of
 * exceptions. It takes any `a` rule for everything, whatever numbers stand
 * behind it, and takes back only an exception that is spelt the same: the rest
 * it silently ignores. So `a` rules about less are written as `b` and `c`,
 * what is taken back is named one by one, and rules that it cannot express are
 * errors. An access of several kinds has to be within one exception: where one
 * rule allows to read and another to write, there is a third one for both.
 *
 * @throws {CgroupError} for a rule that takes back a part of a wider one
 */
export function legacyDeviceWrites(
  rules: readonly DeviceRule[],
): LegacyDeviceWrite[] {
  const policy: Policy = { allow: true, exceptions: new Map() };
  const writes: LegacyDeviceWrite[] = [];
  for (const rule of rules) {
    const file = rule.allow ? "devices.allow" : "devices.deny";
    const values = isTotal(rule)
      ? applyTotal(policy, rule.allow)
      : applyException(policy, rule);
    const { pointer } = rule;
    writes.push(...values.map((value) => ({ file, value, pointer }) as const));
  }
  return [...writes, ...beyond(withBoth(policy), policy, "devices.allow")];
}

/**
 * The writes that make a cgroup that follows `before` follow `after`, and take
 * nothing away meanwhile that both allow; undefined when that cannot be, the
 * kernel's default being another.
 *
 * @throws {CgroupError} for a rule that takes back a part of a wider one
 */
export function legacyDeviceChanges(
  before: readonly DeviceRule[],
  after: readonly DeviceRule[],
): LegacyDeviceWrite[] | undefined {
  const old = withBoth(policyOf(before));
  const wanted = withBoth(policyOf(after));
  if (old.allow !== wanted.allow) return undefined;
  return [
    ...beyond(wanted, old, wanted.allow ? "devices.deny" : "devices.allow"),
    ...beyond(old, wanted, wanted.allow ? "devices.allow" : "devices.deny"),
  ];
}

/** The exceptions that `policy` has and `other` has not, as writes. */
function beyond(
  policy: Policy,
  other: Policy,
  file: LegacyDeviceWrite["file"],
): LegacyDeviceWrite[] {
  return [...policy.exceptions].flatMap(([key, exception]) => {
    const held = other.exceptions.get(key)?.access ?? 0;
    const access = exception.access & ~held;
    const value = ruleText({ ...exception, access });
    const { pointer } = exception;
    return access === 0 ? [] : [{ file, value, pointer }];
  });
}

/** What the kernel keeps in the end. */
function policyOf(rules: readonly DeviceRule[]): Policy {
  const policy: Policy = { allow: true, exceptions: new Map() };
  for (const rule of rules) {
    if (isTotal(rule)) applyTotal(policy, rule.allow);
    else applyException(policy, rule);
  }
  return policy;
}

/** Adds the exceptions by which devices may be read and written at once. */
function withBoth(policy: Policy): Policy {
  if (policy.allow) return policy;
  const wanted = ACCESS.r | ACCESS.w;
  const all = [...policy.exceptions.values()];
  const only = (access: number) =>
    all.filter((exception) => (exception.access & wanted) === access);
  const exceptions = new Map(policy.exceptions);
  const joint = { allow: policy.allow, exceptions };
  for (const reader of only(ACCESS.r)) {
    for (const writer of only(ACCESS.w)) {
      if (!overlaps(reader, writer)) continue;
      add(joint, {
        type: reader.type,
        major: reader.major === EVERY ? writer.major : reader.major,
        minor: reader.minor === EVERY ? writer.minor : reader.minor,
        access: wanted,
        pointer: reader.pointer || writer.pointer,
      });
    }
  }
  return joint;
}

/**
 * Makes the devices cgroup at `directory` follow `rules`. What every
 * container may do is left out where the parent cgroup does not allow it.
 *
 * @throws {CgroupError} for a rule that cgroup v1 cannot express, or that the
 * kernel refuses
 */
export function writeDeviceRules(
  directory: string,
  rules: readonly DeviceRule[],
): void {
  writeDevices(directory, legacyDeviceWrites(rules));
}

/**
 * Does writes of the devices cgroup at `directory`.
 * @throws {CgroupError} what the kernel refuses, but for what every container
 * may do
 */
export function writeDevices(
  directory: string,
  writes: readonly LegacyDeviceWrite[],
): void {
  using allow = openForWriting(`${directory}/devices.allow`);
  using deny = openForWriting(`${directory}/devices.deny`);
  for (const { file, value, pointer } of writes) {
    try {
      const to = file === "devices.allow" ? allow : deny;
      // The kernel takes one rule a write.
      write(to.fd, encodeText(value));
    } catch (error) {
      const code = osCode(error);
      const byDefault = pointer === "" && file === "devices.allow";
      if (byDefault && code === "EPERM") continue;
      const mend = code === "EPERM" ? ", the parent cgroup allows less" : "";
      throw new CgroupError(
        "system",
        `Cannot apply ${ruleName(pointer)}: write "${value}" to ` +
          `"${directory}/${file}": ${code}: ${osText(error)}${mend}`,
        error,
        pointer,
      );
    }
  }
}

function openForWriting(path: string): Handle {
  try {
    return new Handle(open(path, O.WRONLY));
  } catch (error) {
    throw new CgroupError(
      "system",
      `Cannot limit devices (linux.resources.devices): open "${path}": ` +
        `${osCode(error)}: ${osText(error)}`,
      error,
      "/linux/resources/devices",
    );
  }
}

function applyTotal(policy: Policy, allow: boolean): string[] {
  if (policy.allow === allow && policy.exceptions.size === 0) return [];
  policy.allow = allow;
  policy.exceptions.clear();
  return ["a"];
}

function applyException(policy: Policy, rule: DeviceRule): string[] {
  const types = rule.type === "a" ? ["b", "c"] as const : [rule.type];
  const { major, minor, access, pointer } = rule;
  return types.flatMap((type) => {
    const exception = { type, major, minor, access, pointer };
    return rule.allow === policy.allow
      ? takeBack(policy, rule, exception)
      : add(policy, exception);
  });
}

function add(policy: Policy, exception: Exception): string[] {
  const key = keyOf(exception);
  const access = policy.exceptions.get(key)?.access ?? 0;
  const merged = { ...exception, access: access | exception.access };
  policy.exceptions.set(key, merged);
  return merged.access === access ? [] : [ruleText(exception)];
}

function takeBack(
  policy: Policy,
  rule: DeviceRule,
  taken: Exception,
): string[] {
  const values: string[] = [];
  for (const [key, held] of policy.exceptions) {
    const common = held.access & taken.access;
    if (common === 0 || !overlaps(held, taken)) continue;
    if (!covers(taken, held)) throw inexpressible(rule, held);
    const rest = held.access & ~taken.access & ALL_ACCESS;
    if (rest === 0) policy.exceptions.delete(key);
    else policy.exceptions.set(key, { ...held, access: rest });
    values.push(ruleText({ ...held, access: common }));
  }
  return values;
}

function keyOf({ type, major, minor }: Exception): string {
  return `${type} ${major}:${minor}`;
}

function overlaps(a: Exception, b: Exception): boolean {
  const meet = (x: number, y: number) => x === EVERY || y === EVERY || x === y;
  return a.type === b.type && meet(a.major, b.major) && meet(a.minor, b.minor);
}

/** Whether every device of `inner` is one of `outer`, their types being equal. */
function covers(outer: Exception, inner: Exception): boolean {
  const holds = (x: number, y: number) => x === EVERY || x === y;
  return holds(outer.major, inner.major) && holds(outer.minor, inner.minor);
}

function inexpressible(rule: DeviceRule, held: Exception): CgroupError {
  const verb = (allow: boolean) => allow ? "allow" : "deny";
  return new CgroupError(
    "config",
    `Cannot apply ${ruleName(rule.pointer)} (${verb(rule.allow)} ${
      ruleText(rule)
    }): ` +
      `an earlier rule says ${verb(!rule.allow)} ${ruleText(held)}, and ` +
      "cgroup v1 cannot take back a part of a rule: name the devices apart",
    undefined,
    rule.pointer,
  );
}

/** A rule's place in the config, as people write it. */
function ruleName(pointer: string): string {
  if (pointer === "") return "the default device rules";
  return `linux.resources.devices[${pointer.split("/").at(-1)}]`;
}
