import { assertEquals } from "@std/assert";
import { managerAddresses } from "./address.ts";

function paths(
  user: boolean,
  environment: Record<string, string>,
  uid?: number,
): string[] {
  const variables = new Map(Object.entries(environment));
  return managerAddresses(user, variables, uid)
    .map(({ path, isBus }) => `${path}${isBus ? "" : " direct"}`);
}

Deno.test("the system's manager is on the system's bus, else itself", () => {
  const usual = ["/run/dbus/system_bus_socket", "/run/systemd/private direct"];
  assertEquals(paths(false, {}), usual);
  assertEquals(
    paths(false, {
      DBUS_SYSTEM_BUS_ADDRESS: "unix:path=/x",
      DBUS_SESSION_BUS_ADDRESS: "unix:path=/y",
      XDG_RUNTIME_DIR: "/z",
    }, 1000),
    ["/x", ...usual],
  );
});

Deno.test("a user's manager is where the environment says, or usual", () => {
  const below = (folder: string) => [
    `${folder}/bus`,
    `${folder}/systemd/private direct`,
  ];
  assertEquals(paths(true, {}), []);
  assertEquals(paths(true, {}, 1000), below("/run/user/1000"));
  assertEquals(paths(true, { XDG_RUNTIME_DIR: "/r" }, 1000), below("/r"));
  assertEquals(paths(true, { XDG_RUNTIME_DIR: "" }, 7), below("/run/user/7"));
  assertEquals(
    paths(true, {
      DBUS_SESSION_BUS_ADDRESS:
        "tcp:host=x;unix:abstract=/a;unix:guid=5,path=/b%20c,x=y;unix:path=no",
    }),
    ["/b c"],
  );
  assertEquals(
    paths(true, { DBUS_SESSION_BUS_ADDRESS: "unix:path=/%zz;;unix" }),
    [],
  );
});
