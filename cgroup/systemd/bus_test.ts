/** The connection, with the reference implementation of a bus. */
import { assertEquals, assertThrows } from "@std/assert";
import { SyscallError } from "../../ffi/error.ts";
import { close, read, write } from "../../ffi/fd.ts";
import { poll, POLLIN } from "../../ffi/poll.ts";
import { connect } from "../../ffi/socket.ts";
import { Bus, BusError } from "./bus.ts";

const TOOLS = { close, connect, poll, POLLIN, read, write };
const SELF = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
} as const;

const CONFIG = (folder: string) =>
  `<busconfig><type>session</type>
<listen>unix:path=${folder}/bus</listen>
<auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`;

function hasDaemon(): boolean {
  try {
    return new Deno.Command("dbus-daemon", { args: ["--version"] })
      .outputSync().success;
  } catch {
    return false;
  }
}

const lacks = hasDaemon() ? "" : " [skipped: needs dbus-daemon (Debian: dbus)]";

/** Runs a test with the socket of a bus of its own. */
function busTest(name: string, test: (path: string) => void): void {
  Deno.test({
    name: `${name}${lacks}`,
    ignore: lacks !== "",
    fn: async () => {
      const folder = Deno.makeTempDirSync({ prefix: "davit-bus." });
      Deno.writeTextFileSync(`${folder}/config`, CONFIG(folder));
      const daemon = new Deno.Command("dbus-daemon", {
        args: [
          `--config-file=${folder}/config`,
          "--nofork",
          "--print-address",
        ],
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      try {
        // The address comes when it listens.
        const reader = daemon.stdout.getReader();
        await reader.read();
        reader.releaseLock();
        test(`${folder}/bus`);
      } finally {
        daemon.kill("SIGTERM");
        await daemon.stdout.cancel();
        await daemon.status;
        Deno.removeSync(folder, { recursive: true });
      }
    },
  });
}

busTest("a bus answers calls, and says what is wrong with others", (path) => {
  using bus = new Bus(TOOLS, path, true);
  const has = (name: string) =>
    bus.call({
      ...SELF,
      member: "NameHasOwner",
      signature: "s",
      body: [name],
    });
  assertEquals(has("org.freedesktop.DBus"), [true]);
  assertEquals(has("x.y"), [false]);
  const error = assertThrows(
    () => bus.call({ ...SELF, member: "NoSuchThing" }),
    BusError,
  );
  assertEquals(error.code, "org.freedesktop.DBus.Error.UnknownMethod");
  assertEquals(/NoSuchThing|understand/.test(error.message), true);
  // A long answer, which comes in pieces.
  const [xml] = bus.call({
    ...SELF,
    interface: "org.freedesktop.DBus.Introspectable",
    member: "Introspect",
  });
  assertEquals(String(xml).trimEnd().endsWith("</node>"), true);
});

busTest("signals are kept until somebody waits for them", (path) => {
  using bus = new Bus(TOOLS, path, true);
  bus.match("type='signal',member='NameAcquired'");
  const request = (name: string) =>
    bus.call({
      ...SELF,
      member: "RequestName",
      signature: "su",
      body: [name, 0],
    });
  request("org.example.One");
  request("org.example.Two");
  const acquired = (name: string) =>
    bus.awaitSignal(
      ({ member, body }) => member === "NameAcquired" && body[0] === name,
      5000,
    ).body;
  assertEquals(acquired("org.example.Two"), ["org.example.Two"]);
  const late = assertThrows(
    () => bus.awaitSignal(({ member }) => member === "Never", 1),
    BusError,
  );
  assertEquals(late.code, "org.freedesktop.DBus.Error.NoReply");
});

Deno.test("a socket with nobody behind it is an error of the connection", () => {
  assertThrows(() => new Bus(TOOLS, "/no/such/bus", true), SyscallError);
});
