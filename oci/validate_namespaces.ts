import { deviceNameProblem } from "./device_names.ts";
import { quote } from "./quote.ts";
import {
  below,
  elements,
  fault,
  type Findings,
  isObject,
  property,
  warn,
} from "./schema.ts";
import { sysctlProblems } from "./sysctl.ts";

/** Reports what contradicts the namespaces that the container gets. */
export function checkNamespaces(config: unknown, out: Findings): void {
  const linux = property(config, "linux");
  const namespaces = namespaceTable(linux, out);
  for (const name of ["hostname", "domainname"]) {
    if (asked(property(config, name)) && !namespaces.has("uts")) {
      needs(out, `/${name}`, property(config, name), "a UTS namespace");
    }
  }
  if (!namespaces.has("mount")) checkHostMounts(config, linux, out);
  checkSysctls(linux, namespaces, out);
  checkNetDevices(linux, namespaces, out);
  checkTimeOffsets(linux, namespaces, out);
  checkUserNamespace(linux, namespaces, out);
}

/** Type to path ("" for a new one); a type named twice is reported. */
function namespaceTable(linux: unknown, out: Findings): Map<string, string> {
  const table = new Map<string, string>();
  const first = new Map<string, number>();
  const entries = elements(property(linux, "namespaces"));
  for (const [i, entry] of entries.entries()) {
    const type = property(entry, "type");
    if (typeof type !== "string") continue;
    const other = first.get(type);
    if (other !== undefined) {
      const message = `is already in linux.namespaces[${other}]`;
      fault(out, `/linux/namespaces/${i}/type`, type, `"${type}" ${message}`);
      continue;
    }
    const path = property(entry, "path");
    first.set(type, i);
    table.set(type, typeof path === "string" ? path : "");
  }
  return table;
}

/**
 * Without a mount namespace all of these would change the host's mounts: they
 * are left out, as in runc.
 */
function checkHostMounts(
  config: unknown,
  linux: unknown,
  out: Findings,
): void {
  const root = property(config, "root");
  const settings: [string, unknown][] = [
    ["/root/readonly", property(root, "readonly")],
    ["/mounts", property(config, "mounts")],
    ["/linux/devices", property(linux, "devices")],
    ["/linux/rootfsPropagation", property(linux, "rootfsPropagation")],
    ["/linux/maskedPaths", property(linux, "maskedPaths")],
    ["/linux/readonlyPaths", property(linux, "readonlyPaths")],
  ];
  const report = out.strict ? fault : warn;
  for (const [pointer, value] of settings) {
    if (!asked(value)) continue;
    report(
      out,
      pointer,
      value,
      "needs a mount namespace in linux.namespaces: without one it would " +
        "change the host's mounts" + (out.strict ? "" : ", it is left out"),
    );
  }
}

function checkSysctls(
  linux: unknown,
  namespaces: ReadonlyMap<string, string>,
  out: Findings,
): void {
  const sysctl = property(linux, "sysctl");
  if (!isObject(sysctl)) return;
  const kinds = new Set(namespaces.keys());
  for (const problem of sysctlProblems(sysctl, kinds)) {
    fault(out, problem.pointer, problem.found, problem.message);
  }
}

function checkNetDevices(
  linux: unknown,
  namespaces: ReadonlyMap<string, string>,
  out: Findings,
): void {
  const devices = property(linux, "netDevices");
  if (!isObject(devices) || !asked(devices)) return;
  const pointer = "/linux/netDevices";
  if (!namespaces.has("network")) {
    needs(out, pointer, devices, "a network namespace");
  }
  const first = new Map<string, string>();
  for (const [key, device] of Object.entries(devices)) {
    const at = below(pointer, key);
    const problem = deviceNameProblem(key);
    if (problem !== undefined) {
      fault(out, at, key, `the name of a network device ${problem}`);
    }
    const given = property(device, "name");
    const name = typeof given === "string" && given !== "" ? given : key;
    if (name !== key) {
      const problem = deviceNameProblem(name, true);
      if (problem !== undefined) {
        fault(out, `${at}/name`, name, `${problem}, found ${quote(name)}`);
      }
    }
    const other = first.get(name);
    if (other !== undefined && !name.includes("%d")) {
      const message = `is the name of ${quote(other)} already`;
      fault(out, `${at}/name`, name, `${quote(name)} ${message}`);
    }
    first.set(name, key);
  }
}

/** More nanoseconds are a second, and timens_offsets refuses them. */
const NANOSECONDS_MAX = 999_999_999;

function checkTimeOffsets(
  linux: unknown,
  namespaces: ReadonlyMap<string, string>,
  out: Findings,
): void {
  const offsets = property(linux, "timeOffsets");
  if (!asked(offsets)) return;
  const at = "/linux/timeOffsets";
  const path = namespaces.get("time");
  if (path === undefined) needs(out, at, offsets, "a time namespace");
  else if (path !== "") {
    const message = "needs a new time namespace: the clocks of one that is " +
      "joined are set already";
    fault(out, at, offsets, message);
  }
  for (const clock of ["boottime", "monotonic"]) {
    const found = property(property(offsets, clock), "nanosecs");
    if (typeof found !== "number" || found <= NANOSECONDS_MAX) continue;
    const message = `must be at most ${NANOSECONDS_MAX}, found ${found}`;
    fault(out, `${at}/${clock}/nanosecs`, found, message);
  }
}

function checkUserNamespace(
  linux: unknown,
  namespaces: ReadonlyMap<string, string>,
  out: Findings,
): void {
  for (const name of ["uidMappings", "gidMappings"]) {
    const mappings = property(linux, name);
    if (asked(mappings)) {
      if (!namespaces.has("user")) {
        needs(out, `/linux/${name}`, mappings, "a user namespace");
      }
    } else if (namespaces.get("user") === "") {
      fault(
        out,
        `/linux/${name}`,
        mappings,
        "must have at least one mapping, because linux.namespaces asks for " +
          "a new user namespace",
      );
    }
  }
}

function needs(
  out: Findings,
  pointer: string,
  value: unknown,
  what: string,
): void {
  const kind = what.split(" ")[1]!.toLowerCase();
  const mend = `add {"type": "${kind}"} to linux.namespaces`;
  fault(out, pointer, value, `needs ${what} in linux.namespaces`, { mend });
}

/** Whether a value asks for something. */
function asked(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isObject(value)) return Object.keys(value).length > 0;
  return value !== undefined && value !== "" && value !== false;
}
