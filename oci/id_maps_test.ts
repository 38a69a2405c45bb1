import { assertEquals, assertThrows } from "@std/assert";
import { RuntimeError } from "./errors.ts";
import { writeIdMaps } from "./id_maps.ts";

Deno.test("writeIdMaps() says which map it could not write, and why", () => {
  const map = [{ containerID: 0, hostID: 0, size: 1 }];
  // This process's map was written when its namespace was made.
  const error = assertThrows(
    () => writeIdMaps(Deno.pid, { uidMappings: map, gidMappings: map }),
    RuntimeError,
  );
  assertEquals(error.code, "system");
  assertEquals(
    error.message.replace(/: [^:]*$/, ""),
    "Cannot write the user namespace's uid_map (linux.uidMappings)",
  );
  assertEquals(error.message.includes("os error"), false);
  const gone = assertThrows(
    () => writeIdMaps(0x7fffffff, { uidMappings: map, gidMappings: map }),
    RuntimeError,
  );
  assertEquals(gone.message.endsWith("No such file or directory"), true);
});
