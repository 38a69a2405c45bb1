/**
 * A whole launch for aarch64, under qemu-user: without namespaces, for they
 * need what qemu-user does not translate.
 */
import { assert, assertEquals } from "@std/assert";
import { cgroupLayout } from "../cgroup/layout.ts";
import { type Fd, Handle, read, write } from "../ffi/fd.ts";
import { poll, POLLIN } from "../ffi/poll.ts";
import { pidfdOpen, pidfdSendSignal, waitChild } from "../ffi/process.ts";
import { connect, listen, receive, socketPair } from "../ffi/socket.ts";
import { checked } from "../ffi/syscall.ts";
import { compile, planLaunch } from "../launch/compile.ts";
import {
  type Message,
  MESSAGE_SIZE,
  parseMessage,
  TAG,
} from "../launch/messages.ts";
import type { Plan } from "../launch/plan.ts";
import { lacks, start } from "../launch/testdata/harness.ts";
import { lower } from "../oci/lower.ts";
import { makeRootfs } from "./bundle.ts";
import { rootTest } from "./container.ts";
import { translatable } from "./qemu.ts";

const lack = lacks("aarch64");
const needs = lack === undefined ? {} : { missing: lack };

/** The plan of a launch that changes the root and runs `args`. */
function planFor(rootfs: string, args: string[]): Plan {
  return planLaunch(lower({
    ociVersion: "1.3.0",
    root: { path: rootfs },
    process: { args, env: ["A=1", "HOME=/root"], cwd: "/home/user" },
    linux: { namespaces: [] },
  }, {
    id: "aarch64",
    bundle: rootfs,
    layout: cgroupLayout(""),
    cgroupDirectories: [],
    noPivot: false,
    preserveFds: 0,
  }));
}

/** A launch program that runs. */
class Launch {
  readonly #socket: Handle;
  readonly #listener: Handle;
  readonly #out: Handle;
  readonly #folder: string;
  readonly #first: number;
  #init: Handle | undefined;

  constructor(plan: Plan, folder: string) {
    const [a, b] = socketPair();
    using theirs = new Handle(b);
    this.#folder = folder;
    this.#socket = new Handle(a);
    this.#listener = new Handle(listen(`${folder}/start`, 1));
    this.#out = new Handle(checked("memfd_create", "", "out", 1) as Fd);
    const { fd: out } = this.#out;
    this.#first = start(compile(plan, "aarch64"), "aarch64", [
      [1, out],
      [2, out],
      [3, theirs.fd],
      [4, this.#listener.fd],
    ]);
  }

  /** The next message; undefined when everyone who could send is gone. */
  receive(): Message | undefined {
    const { fd } = this.#socket;
    const [events] = poll([{ fd, events: POLLIN }], 20_000);
    assert(events, "a message, or the end, within 20 seconds");
    const bytes = new Uint8Array(MESSAGE_SIZE);
    if (receive(fd, bytes).length === 0) return undefined;
    const message = parseMessage(bytes);
    if (message.tag === TAG.pid) {
      this.#init = new Handle(pidfdOpen(message.value)!);
    }
    return message;
  }

  /** Waits until init says that it is ready, and lets it go on. */
  becomesReady(): void {
    const tags = [this.receive()?.tag, this.receive()?.tag];
    assertEquals(tags.sort(), [TAG.pid, TAG.ready].sort());
    this.answer();
  }

  answer(): void {
    write(this.#socket.fd, new Uint8Array(1));
  }

  /** What `davit start` reads: nothing, or a failure. */
  start(): Message | undefined {
    using connection = new Handle(connect(`${this.#folder}/start`));
    const bytes = new Uint8Array(MESSAGE_SIZE);
    const { fd } = connection;
    const [events] = poll([{ fd, events: POLLIN }], 20_000);
    assert(events, "an answer within 20 seconds");
    return read(fd, bytes) === 0 ? undefined : parseMessage(bytes);
  }

  /** What the user's program wrote, when it has ended. */
  output(): string {
    const fd = this.#init!.fd;
    const [events] = poll([{ fd, events: POLLIN }], 20_000);
    assert(events, "an end within 20 seconds");
    return Deno.readTextFileSync(`/proc/self/fd/${this.#out.fd}`);
  }

  [Symbol.dispose](): void {
    // The first process ends by itself when init is there, or it has failed.
    if (this.#init !== undefined) {
      pidfdSendSignal(this.#init.fd, 9);
      this.#init.close();
    }
    for (const handle of [this.#socket, this.#listener, this.#out]) {
      handle.close();
    }
    waitChild(this.#first);
  }
}

async function inRootfs(test: (rootfs: string, folder: string) => void) {
  const folder = await Deno.makeTempDir({ prefix: "davit-aarch64." });
  try {
    makeRootfs(`${folder}/rootfs`);
    test(`${folder}/rootfs`, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

rootTest("an aarch64 launch reports the step that fails", async () => {
  await inRootfs((rootfs, folder) => {
    const plan = translatable(planFor(`${rootfs}/no/such`, ["/bin/true"]));
    using launch = new Launch(plan, folder);
    const message = launch.receive()!;
    const { why, pointer } = plan.steps[message.tag]!;
    assertEquals([why, pointer, message.errno], [
      `open the root file system ${rootfs}/no/such`,
      "/root/path",
      2,
    ]);
    assertEquals(launch.receive(), undefined);
  });
}, needs);

rootTest("an aarch64 launch runs the user's program", async () => {
  await inRootfs((rootfs, folder) => {
    const script = 'echo "$A $(pwd) $0 $1"; ls /; exec 2>&1; echo /proc/self/*';
    const args = ["/bin/sh", "-c", script, "zero", "ä"];
    using launch = new Launch(translatable(planFor(rootfs, args)), folder);
    launch.becomesReady();
    assertEquals(launch.start(), undefined);
    assertEquals(
      launch.output(),
      "1 /home/user zero ä\n" +
        "bin\ndev\netc\nhome\nproc\nroot\nrun\nsys\ntmp\n/proc/self/*\n",
    );
  });
}, needs);

rootTest("an aarch64 launch tells a missing program", async () => {
  await inRootfs((rootfs, folder) => {
    const plan = translatable(planFor(rootfs, ["nope"]));
    using launch = new Launch(plan, folder);
    for (;;) {
      const message = launch.receive()!;
      if (message.tag === TAG.pid) continue;
      assertEquals([plan.steps[message.tag]?.why, message.errno], [
        'exec: "nope"',
        2,
      ]);
      break;
    }
  });
}, needs);

rootTest("an aarch64 launch tells `start` that execve failed", async () => {
  await inRootfs((rootfs, folder) => {
    Deno.writeTextFileSync(`${rootfs}/bin/text`, "no program");
    Deno.chmodSync(`${rootfs}/bin/text`, 0o755);
    const plan = translatable(planFor(rootfs, ["/bin/text"]));
    using launch = new Launch(plan, folder);
    launch.becomesReady();
    const message = launch.start()!;
    assertEquals([plan.steps[message.tag]?.why, message.errno], [
      "exec /bin/text",
      8,
    ]);
  });
}, needs);
