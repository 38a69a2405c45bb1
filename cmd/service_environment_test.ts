import { assertEquals } from "@std/assert";
import { serviceEnvironment } from "./service_environment.ts";

function read(variables: Record<string, string>) {
  return serviceEnvironment((name) => variables[name], 42);
}

Deno.test("serviceEnvironment() finds nothing where nothing is", () => {
  assertEquals(read({}), {});
  assertEquals(read({ NOTIFY_SOCKET: "" }), {});
});

Deno.test("serviceEnvironment() takes descriptors that are for us", () => {
  const ours = { LISTEN_PID: "42", LISTEN_FDS: "2" };
  assertEquals(read(ours), { listen: { count: 2 } });
  assertEquals(read({ ...ours, LISTEN_FDNAMES: "a:b" }), {
    listen: { count: 2, names: "a:b" },
  });
  assertEquals(read({ ...ours, LISTEN_PID: "43" }), {});
  assertEquals(read({ LISTEN_FDS: "2" }), {});
  for (const count of ["0", "-1", "x", "", "1.5", "99999999999"]) {
    assertEquals(read({ ...ours, LISTEN_FDS: count }), {}, count);
  }
});

Deno.test("serviceEnvironment() finds who waits for a notification", () => {
  assertEquals(read({ NOTIFY_SOCKET: "@/org/x" }), { notifySocket: "@/org/x" });
});
