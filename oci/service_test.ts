import { assertEquals } from "@std/assert";
import { defaultSpec } from "./default_spec.ts";
import { relayed } from "./notify.ts";
import { asService, preservedInAll } from "./service.ts";

const SPEC = defaultSpec({ cgroupNamespace: false });

Deno.test("asService() hands sockets on under the names that programs know", () => {
  const { process, mounts } = asService(SPEC, {
    listen: { count: 2, names: "a:b" },
  });
  assertEquals(process?.env, [
    ...SPEC.process!.env!,
    "LISTEN_FDS=2",
    "LISTEN_PID=1",
    "LISTEN_FDNAMES=a:b",
  ]);
  assertEquals(mounts, SPEC.mounts);
});

Deno.test("asService() takes the place of what the config says of sockets", () => {
  const env = ["LISTEN_FDS=7", "LISTEN_PID=9", "X=LISTEN_FDS=3"];
  const spec = { ...SPEC, process: { ...SPEC.process!, env } };
  assertEquals(asService(spec, { listen: { count: 1 } }).process?.env, [
    "X=LISTEN_FDS=3",
    "LISTEN_FDS=1",
    "LISTEN_PID=1",
  ]);
});

Deno.test("asService() mounts the folder of the socket for notifications", () => {
  const { process, mounts } = asService(SPEC, { notifyFolder: "/r/id/notify" });
  assertEquals(
    process?.env?.at(-1),
    "NOTIFY_SOCKET=/run/notify/notify.sock",
  );
  assertEquals(mounts?.at(-1), {
    destination: "/run/notify",
    type: "bind",
    source: "/r/id/notify",
    options: ["bind", "nosuid", "noexec", "nodev", "ro"],
  });
});

Deno.test("asService() leaves a container without a process alone", () => {
  const { process: _, ...spec } = SPEC;
  assertEquals(asService(spec, { listen: { count: 1 } }), spec);
});

Deno.test("preservedInAll() counts no descriptor twice", () => {
  const upTo = (last: number) => (fd: number) => fd <= last;
  assertEquals(preservedInAll(2, 0, upTo(4)), 2);
  assertEquals(preservedInAll(2, 1, upTo(5)), 3);
  assertEquals(preservedInAll(2, 2, upTo(4)), 2);
  assertEquals(preservedInAll(0, 2, upTo(4)), 2);
  assertEquals(preservedInAll(0, 2, upTo(2)), 2);
});

Deno.test("relayed() hands on what is of the service alone", () => {
  assertEquals(relayed("READY=1\nSTATUS=a = b\n"), {
    text: "READY=1\nSTATUS=a = b",
    ready: true,
  });
  assertEquals(
    relayed("MAINPID=1\nFDSTORE=1\nBARRIER=1\nNOTIFYACCESS=all\n=\nREADY"),
    { text: "", ready: false },
  );
  assertEquals(relayed("READY=0\nWATCHDOG=1"), {
    text: "READY=0\nWATCHDOG=1",
    ready: false,
  });
});
