import {
  bool,
  type Findings,
  lazily,
  list,
  map,
  matching,
  property,
  type Rule,
  someText,
  text,
  warn,
} from "./schema.ts";
import { i64, u16, u32, u64 } from "./schema_integers.ts";
import { object } from "./schema_object.ts";

/**
 * The rule for `linux.resources`.
 * @param update whether it is for the files of `update`, which give less
 */
export function resourcesRule(update = false): Rule {
  return object({
    devices: list(deviceRule()),
    memory: lazily(memoryRule),
    cpu: lazily(cpuRule),
    pids: object({ limit: i64 }, update ? [] : ["limit"]),
    blockIO: lazily(blockIORule),
    hugepageLimits: list(lazily(hugepageRule)),
    network: lazily(networkRule),
    rdma: map(object({ hcaHandles: u32, hcaObjects: u32 })),
    unified: map(text),
  });
}

function deviceRule(): Rule {
  const shape = object({
    allow: bool,
    type: matching(/^[acb]?$/, '"a", "c" or "b"'),
    major: i64,
    minor: i64,
    access: text,
  }, ["allow"]);
  return (value, at, out) => {
    const sound = shape(value, at, out);
    const access = property(value, "access");
    if (typeof access !== "string") return sound;
    const allows = property(value, "allow") === true;
    return checkAccess(access, allows, `${at}/access`, out) && sound;
  };
}

const LETTERS = matching(/^[rwm]*$/, 'letters of "rwm"');

/**
 * Some take "a", all devices, for an access. What allows then allows nothing
 * more, as with runc, and what denies denies all of it.
 */
function checkAccess(
  access: string,
  allows: boolean,
  at: string,
  out: Findings,
): boolean {
  const odd = access.length > 1 && access.includes("a") &&
    /^[rwma]*[rwm][rwma]*$/.test(access);
  if (!odd || out.strict) return LETTERS(access, at, out);
  const does = allows ? "it allows nothing" : "it denies every one";
  const mend = 'write "rwm" for every access';
  warn(out, at, access, `"a" is no access, ${does}: ${mend}`, { mend });
  return true;
}

function blockIORule(): Rule {
  const numbers = ["major", "minor"];
  const throttle = list(object({ major: i64, minor: i64, rate: u64 }, numbers));
  return object({
    weight: u16,
    leafWeight: u16,
    weightDevice: list(object({
      major: i64,
      minor: i64,
      weight: u16,
      leafWeight: u16,
    }, numbers)),
    throttleReadBpsDevice: throttle,
    throttleWriteBpsDevice: throttle,
    throttleReadIOPSDevice: throttle,
    throttleWriteIOPSDevice: throttle,
  });
}

function memoryRule(): Rule {
  return object({
    limit: i64,
    reservation: i64,
    swap: i64,
    kernel: deprecated,
    kernelTCP: deprecated,
    swappiness: u64,
    disableOOMKiller: bool,
    useHierarchy: hierarchy,
    checkBeforeUpdate: bool,
  });
}

function cpuRule(): Rule {
  return object({
    shares: u64,
    quota: i64,
    burst: u64,
    period: u64,
    realtimeRuntime: i64,
    realtimePeriod: u64,
    cpus: text,
    mems: text,
    idle: i64,
  });
}

function networkRule(): Rule {
  return object({
    classID: u32,
    priorities: list(object({ name: someText, priority: u32 }, [
      "name",
      "priority",
    ])),
  });
}

function hugepageRule(): Rule {
  return object({
    pageSize: matching(/^[1-9][0-9]*[KMG]B$/, 'a page size like "2MB"'),
    limit: u64,
  }, ["pageSize", "limit"]);
}

/** Since Linux 5.11 there is no other way. */
function hierarchy(value: unknown, at: string, out: Findings): boolean {
  if (!bool(value, at, out)) return false;
  if (!value) {
    warn(out, at, value, "is deprecated, kernels always count what is below");
  }
  return true;
}

/** Linux 6.12 has no such limits any more, and before they were ill-advised. */
function deprecated(value: unknown, at: string, out: Findings): boolean {
  if (!i64(value, at, out)) return false;
  if (value !== 0 && value !== -1) {
    warn(out, at, value, "is deprecated, kernels no longer have it: no limit");
  }
  return true;
}
