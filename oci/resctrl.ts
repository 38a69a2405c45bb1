/**
 * `linux.intelRdt`: shares of caches and of memory bandwidth, through the
 * kernel's resctrl file system; config-linux.md ("IntelRdt") and the kernel's
 * Documentation/filesystems/resctrl.rst.
 *
 * A part that is loaded on demand: it imports nothing at run time.
 *
 * @module
 */

import type { E, errnoText } from "../ffi/errno.ts";
import type { SyscallError } from "../ffi/error.ts";
import type {
  isDirectory,
  mkdir,
  readText,
  rmdir,
  stat,
  writeText,
} from "../ffi/files.ts";
import type { RuntimeError } from "./errors.ts";
import type { IntelRdt } from "./spec_linux.ts";

/** What this part works with. */
export interface ResctrlTools {
  readonly E: typeof E;
  readonly errnoText: typeof errnoText;
  readonly isDirectory: typeof isDirectory;
  readonly mkdir: typeof mkdir;
  readonly readText: typeof readText;
  readonly rmdir: typeof rmdir;
  readonly RuntimeError: typeof RuntimeError;
  readonly stat: typeof stat;
  readonly SyscallError: typeof SyscallError;
  readonly writeText: typeof writeText;
}

/** Where resctrl is mounted, by /proc/self/mountinfo; undefined: nowhere. */
export function resctrlMount(mountinfo: string): string | undefined {
  for (const line of mountinfo.split("\n")) {
    const [mount = "", filesystem = ""] = line.split(" - ");
    const [, , , root, point] = mount.split(" ");
    if (root !== "/" || !filesystem.startsWith("resctrl ")) continue;
    return point!.replace(
      /\\([0-7]{3})/g,
      (_all, code) => String.fromCharCode(parseInt(code, 8)),
    );
  }
  return undefined;
}

/** The values of schemata, by resource and domain: `L3` and `0` to `7f0`. */
function schemata(text: string): Map<string, Map<string, bigint>> {
  const found = new Map<string, Map<string, bigint>>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const resource = line.slice(0, colon).trim();
    const values = new Map<string, bigint>();
    for (const pair of line.slice(colon + 1).split(";")) {
      const [domain = "", value = ""] = pair.split("=").map((s) => s.trim());
      // Bandwidth is in percent, the rest are masks.
      const prefix = resource.startsWith("MB") ? "" : "0x";
      const digits = value.replace(/^0x/i, "");
      if (!/^[0-9a-f]+$/i.test(digits)) continue;
      if (prefix === "" && /\D/.test(digits)) continue;
      values.set(domain, BigInt(prefix + digits));
    }
    found.set(resource, values);
  }
  return found;
}

/**
 * What of the schemata `wanted` is not so in those of a group; undefined when
 * all is.
 */
export function mismatch(wanted: string, actual: string): string | undefined {
  const there = schemata(actual);
  for (const [resource, values] of schemata(wanted)) {
    for (const [domain, value] of values) {
      if (there.get(resource)?.get(domain) !== value) {
        return `${resource}:${domain}`;
      }
    }
  }
  return undefined;
}

/** Groups that resctrl has of its own. */
const RESERVED = ["info", "mon_groups", "mon_data"];

/** The groups of a container. */
export class ResctrlGroups {
  readonly #tools: ResctrlTools;
  readonly #rdt: IntelRdt;
  readonly #root: string;
  /** The control group, which others may share. */
  readonly #control: string;
  /** The group that counts for the container alone. */
  readonly #monitoring: string | undefined;
  readonly #exists: boolean;
  readonly #made: string[] = [];

  /**
   * Looks at what is there; nothing is changed.
   * @param root where resctrl is mounted
   * @param id the container's ID
   * @throws {RuntimeError} the configuration does not go with it
   */
  constructor(tools: ResctrlTools, root: string, id: string, rdt: IntelRdt) {
    this.#tools = tools;
    this.#rdt = rdt;
    this.#root = root;
    const name = rdt.closID || id;
    if (RESERVED.includes(name)) {
      throw this.#error("closID", `"${name}" is no name of a group`);
    }
    this.#control = name === "/" ? root : `${root}/${name}`;
    if (rdt.enableMonitoring) {
      this.#monitoring = `${this.#control}/mon_groups/${id}`;
    }
    this.#exists = tools.isDirectory(tools.stat(this.#control));
    if (rdt.closID) this.#checkShared(rdt.closID);
  }

  /** The directories to remove with the container, in this order. */
  get owned(): string[] {
    const { closID } = this.#rdt;
    return [
      ...(this.#monitoring === undefined ? [] : [this.#monitoring]),
      // What has a name of its own may have been given to others as well.
      ...(closID || this.#exists ? [] : [this.#control]),
    ];
  }

  /**
   * Makes what is missing and writes the schemata.
   * @throws {RuntimeError} the kernel refuses; see `undo`
   */
  make(): void {
    const { l3CacheSchema, memBwSchema, schemata } = this.#rdt;
    if (!this.#exists) this.#mkdir("closID", this.#control);
    if (this.#monitoring !== undefined) {
      this.#mkdir("enableMonitoring", this.#monitoring);
    }
    // One write must not name a domain twice, and later ones may change it.
    const file = `${this.#control}/schemata`;
    if (l3CacheSchema) this.#write("l3CacheSchema", file, l3CacheSchema);
    if (memBwSchema) this.#write("memBwSchema", file, memBwSchema);
    if (schemata?.length) this.#write("schemata", file, schemata.join("\n"));
  }

  /**
   * Puts a process into the groups; its children will be born there.
   * @throws {RuntimeError} the kernel refuses
   */
  join(pid: number): void {
    this.#write("closID", `${this.#control}/tasks`, String(pid));
    if (this.#monitoring === undefined) return;
    this.#write("enableMonitoring", `${this.#monitoring}/tasks`, String(pid));
  }

  /**
   * Writes other schemata to the control group.
   *
   * @returns puts back what there was
   * @throws {RuntimeError} the kernel refuses; all is as it was
   */
  update(
    { l3CacheSchema, memBwSchema }: Pick<
      IntelRdt,
      "l3CacheSchema" | "memBwSchema"
    >,
  ): () => void {
    const file = `${this.#control}/schemata`;
    const before = this.#tools.readText(file).trim();
    const putBack = () => this.#write("schemata", file, before);
    try {
      if (l3CacheSchema) this.#write("l3CacheSchema", file, l3CacheSchema);
      if (memBwSchema) this.#write("memBwSchema", file, memBwSchema);
    } catch (error) {
      putBack();
      throw error;
    }
    return putBack;
  }

  /**
   * Removes what `make` has made.
   * @throws {RuntimeError} something is still there
   */
  undo(): void {
    const { E, errnoText, rmdir } = this.#tools;
    for (const path of this.#made.splice(0).reverse()) {
      const errno = rmdir(path);
      if (errno === 0 || errno === E.ENOENT) continue;
      throw this.#error("", `cannot remove "${path}": ${errnoText(errno)}`);
    }
  }

  /** Checks a group that has a name against one that is there. */
  #checkShared(closID: string): void {
    const { l3CacheSchema, memBwSchema, schemata } = this.#rdt;
    if (!this.#exists) {
      if (l3CacheSchema || memBwSchema || schemata?.length) return;
      throw this.#error(
        "closID",
        `there is no group "${closID}", and no schemata to make it with`,
      );
    }
    for (const name of ["l3CacheSchema", "memBwSchema"] as const) {
      const wanted = this.#rdt[name];
      if (!wanted) continue;
      const actual = this.#tools.readText(`${this.#control}/schemata`);
      const other = mismatch(wanted, actual);
      if (other === undefined) continue;
      throw this.#error(
        name,
        `the group "${closID}" is there with another value of ${other}`,
      );
    }
  }

  #mkdir(name: keyof IntelRdt, path: string): void {
    const { E, errnoText, mkdir } = this.#tools;
    const errno = mkdir(path, 0o755);
    if (errno === 0) this.#made.push(path);
    else if (errno !== E.EEXIST) {
      throw this.#error(name, `cannot make "${path}": ${errnoText(errno)}`);
    }
  }

  #write(name: keyof IntelRdt, path: string, text: string): void {
    const { SyscallError, writeText } = this.#tools;
    try {
      writeText(path, `${text}\n`);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      const said = this.#lastStatus();
      throw this.#error(
        name,
        `cannot write ${JSON.stringify(text)} to "${path}": ${error.text}` +
          (said === "" ? "" : ` (${said})`),
      );
    }
  }

  /** What the kernel says of the last failure. */
  #lastStatus(): string {
    try {
      const text = this.#tools.readText(`${this.#root}/info/last_cmd_status`)
        .trim().replaceAll("\n", "; ");
      return text === "ok" ? "" : text;
    } catch {
      return "";
    }
  }

  #error(name: keyof IntelRdt | "", text: string): Error {
    const place = name === "" ? "linux.intelRdt" : `linux.intelRdt.${name}`;
    return new this.#tools.RuntimeError(
      "system",
      `Cannot use ${place}: ${text}`,
    );
  }
}
