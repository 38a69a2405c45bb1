/** What the tests of mounts share. */
import { assertEquals } from "@std/assert";
import type { Mount } from "./config.ts";
import { change, type Container } from "./container.ts";
import { assertSuccess, readIfThere } from "./davit.ts";

export function addMounts(container: Container, ...mounts: Mount[]): void {
  change(container, (config) => config.mounts.push(...mounts));
}

/** A folder of the host with a file in it. */
export function source(container: Container, name = "source"): string {
  const path = `${container.folder}/${name}`;
  Deno.mkdirSync(path);
  Deno.writeTextFileSync(`${path}/file`, `${name}\n`);
  return path;
}

/** The host's mounts, less what other tests change meanwhile. */
export function hostMounts({ folder }: Container): string[] {
  return readIfThere("/proc/self/mountinfo").split("\n")
    .filter((line) => line.includes(folder) || !/ \/(tmp|run)\//.test(line));
}

export interface Seen {
  options: string[];
  /** Such as `shared:5 master:3`, without the numbers. */
  propagation: string[];
  type: string;
  superblock: string[];
}

/** Runs `cat /proc/self/mountinfo` inside: by mount point, the last one. */
export async function mounts(container: Container): Promise<Map<string, Seen>> {
  change(container, (config) => {
    config.process.args = ["cat", "/proc/self/mountinfo"];
  });
  const before = hostMounts(container);
  const { stdout } = assertSuccess(await container.run());
  assertEquals(hostMounts(container), before);
  return parse(stdout);
}

/** Reads the text of a mountinfo: by mount point, the last one. */
export function parse(mountinfo: string): Map<string, Seen> {
  return new Map(
    mountinfo.trim().split("\n").map((line) => {
      const fields = line.split(" ");
      const dash = fields.indexOf("-");
      return [fields[4]!, {
        options: fields[5]!.split(",").sort(),
        propagation: fields.slice(6, dash).map((tag) => tag.split(":")[0]!),
        type: fields[dash + 1]!,
        superblock: fields[dash + 3]!.split(","),
      }];
    }),
  );
}

export const bind = (
  destination: string,
  source: string,
  ...options: string[]
): Mount => ({ destination, type: "bind", source, options });
