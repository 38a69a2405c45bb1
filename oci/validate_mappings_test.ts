import { assertEquals } from "@std/assert";
import { describeProblem } from "./errors.ts";
import { validate } from "./validate.ts";

function errors(...mappings: [number, number, unknown][]): string[] {
  const uidMappings = mappings.map(([containerID, hostID, size]) => ({
    containerID,
    hostID,
    size,
  }));
  const config = {
    ociVersion: "1.3.0",
    root: { path: "r" },
    linux: {
      namespaces: [{ type: "user" }],
      uidMappings,
      gidMappings: [{ containerID: 0, hostID: 0, size: 1 }],
    },
  };
  return validate(config).errors.map(describeProblem);
}

Deno.test("ID mappings may touch, but not overlap", () => {
  assertEquals(errors([0, 1000, 10], [10, 1010, 5], [15, 0, 1000]), []);
  assertEquals(errors([0, 1000, 10], [9, 5000, 5]), [
    "linux.uidMappings[1].containerID: IDs 9 to 13 overlap with those of " +
    "entry 0, 0 to 9",
  ]);
  assertEquals(errors([0, 1000, 10], [10, 995, 100]), [
    "linux.uidMappings[1].hostID: IDs 995 to 1094 overlap with those of " +
    "entry 0, 1000 to 1009",
  ]);
});

Deno.test("ID mappings are not empty and end below 2^32 - 1", () => {
  assertEquals(errors([0, 0, 0]), [
    "linux.uidMappings[0].size: expected an integer from 1 to 4294967295, " +
    "found 0",
  ]);
  assertEquals(errors([0, 0, 4294967295]), []);
  assertEquals(errors([1, 0, 4294967295]), [
    "linux.uidMappings[0].containerID: must end below 4294967295: 1 and " +
    "4294967295 IDs end at 4294967295",
  ]);
});

Deno.test("ID mappings are at most 340", () => {
  const many = (n: number) =>
    Array.from({ length: n }, (_, i): [number, number, number] => [i, i, 1]);
  assertEquals(errors(...many(340)), []);
  assertEquals(errors(...many(341)), [
    "linux.uidMappings: must have at most 340 mappings, found 341",
  ]);
});
