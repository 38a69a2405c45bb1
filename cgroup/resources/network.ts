/**
 * A part that is loaded on demand: it imports nothing at run time.
 *
 * @module
 */

import type { LoweringTools, ResourceWrite, VersionOf } from "./write.ts";

/** `linux.resources.network`. */
export interface NetworkTags {
  /** The class that packets are tagged with, such as 0x100001; 0: none. */
  readonly classID?: number;
  readonly priorities?: readonly {
    /** An interface of the host's. */
    readonly name: string;
    readonly priority: number;
  }[];
}

const PATH = "/linux/resources/network";

/** The writes for `linux.resources.network`. cgroup v2 has no such thing. */
export function networkWrites(
  { refusal }: LoweringTools,
  versionOf: VersionOf,
  { classID = 0, priorities = [] }: NetworkTags,
): ResourceWrite[] {
  const only = (pointer: string, value: unknown, controller: string) => {
    if (versionOf(controller) === "v1") return;
    const why =
      `only cgroup v1 has the controller "${controller}", this host ` +
      "has cgroup v2";
    throw refusal(pointer, value, why);
  };
  const writes: ResourceWrite[] = [];
  if (classID !== 0) {
    const pointer = `${PATH}/classID`;
    only(pointer, classID, "net_cls");
    writes.push({
      controller: "net_cls",
      version: "v1",
      file: "net_cls.classid",
      value: `${classID}`,
      pointer,
      why: "tag packets with a class",
    });
  }
  priorities.forEach(({ name, priority }, index) => {
    const pointer = `${PATH}/priorities/${index}`;
    only(`${pointer}/priority`, priority, "net_prio");
    if (!/^[^\s/]{1,15}$/.test(name)) {
      const why = "want the name of a network interface";
      throw refusal(`${pointer}/name`, JSON.stringify(name), why);
    }
    writes.push({
      controller: "net_prio",
      version: "v1",
      file: "net_prio.ifpriomap",
      value: `${name} ${priority}`,
      line: { key: name, unset: `${name} 0` },
      pointer: `${pointer}/priority`,
      why: "give packets a priority",
    });
  });
  return writes;
}
