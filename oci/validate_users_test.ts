import { assertEquals } from "@std/assert";
import { describeProblem } from "./errors.ts";
import { validate } from "./validate.ts";

function errors(user: unknown, linux: Record<string, unknown>): string[] {
  return validate({
    ociVersion: "1.3.0",
    root: { path: "r" },
    process: { args: ["a"], cwd: "/", user },
    linux: { namespaces: [{ type: "user" }], ...linux },
  }).errors.map(describeProblem);
}

function map(...ranges: [first: number, size: number][]): unknown[] {
  return ranges.map(([containerID, size]) => ({
    containerID,
    hostID: 100_000 + containerID,
    size,
  }));
}

const uidMappings = map([0, 10], [1000, 5]);
const gidMappings = map([0, 10], [2000, 1]);

Deno.test("a new user namespace has to map the process's user and groups", () => {
  const maps = { uidMappings, gidMappings };
  assertEquals(errors({ uid: 1004, gid: 2000, additionalGids: [9] }, maps), []);
  assertEquals(
    errors({ uid: 1005, gid: 10, additionalGids: [0, 2001] }, maps),
    [
      "process.user.uid: 1005 is not one of the IDs that linux.uidMappings maps",
      "process.user.gid: 10 is not one of the IDs that linux.gidMappings maps",
      "process.user.additionalGids[1]: 2001 is not one of the IDs that " +
      "linux.gidMappings maps",
    ],
  );
});

Deno.test("IDs that are not given are 0, and have to be mapped as well", () => {
  const maps = { uidMappings: map([1, 1]), gidMappings: map([1, 1]) };
  assertEquals(errors({}, maps).length, 2);
  assertEquals(errors({ uid: 1, gid: 1 }, maps), []);
});

Deno.test("a joined user namespace's maps are not known", () => {
  const namespaces = [{ type: "user", path: "/x" }];
  assertEquals(
    errors({ uid: 5 }, { namespaces, uidMappings: map([0, 1]) }),
    [],
  );
});

Deno.test("a map that is wrong is all that is reported", () => {
  const wrong = [{ containerID: 2 ** 32, hostID: 7, size: 1 }];
  const found = errors({ uid: 5 }, { uidMappings: wrong, gidMappings });
  assertEquals(found.length > 0, true);
  assertEquals(found.filter((line) => line.startsWith("process")), []);
});
