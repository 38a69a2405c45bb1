import { assertEquals } from "@std/assert";
import type { LaunchInput, MountInput } from "../../launch/input.ts";
import { mountPlaces } from "./places.ts";

const NOTHING = {
  set: 0,
  clear: 0,
  recursiveSet: 0,
  recursiveClear: 0,
  propagation: [],
};

function places(...mounts: [destination: string, source?: string][]) {
  const input = {
    mounts: mounts.map(([destination, source], index): MountInput => ({
      ...NOTHING,
      destination,
      pointer: `/mounts/${index}`,
      ...source === undefined
        ? { kind: "filesystem", type: "tmpfs", source: "tmpfs", data: [] }
        : { kind: "bind", source, recursive: false },
    })),
  } as unknown as LaunchInput;
  return mountPlaces(input).map(({ folder, kind, path }) => [
    folder ?? "",
    path,
    kind,
  ]);
}

Deno.test("mountPlaces() has those in the root file system", () => {
  assertEquals(places(["/proc"], ["/d", "/tmp"], ["/f", "/dev/null"]), [
    ["", "/proc", "directory"],
    ["", "/d", "directory"],
    ["", "/f", "file"],
  ]);
});

Deno.test("mountPlaces() leaves those in file systems of its own to criu", () => {
  assertEquals(places(["/dev"], ["/dev/pts"], ["/device"]), [
    ["", "/dev", "directory"],
    ["", "/device", "directory"],
  ]);
});

Deno.test("mountPlaces() has those in what is bound", () => {
  assertEquals(places(["/a", "/tmp"], ["/a/b/c", "/etc"], ["/a/b/c/d"]), [
    ["", "/a", "directory"],
    ["/tmp", "/b/c", "directory"],
    ["/etc", "/d", "directory"],
  ]);
});
