/** A service manager for tests, and what a container's program tells it. */
import { assert } from "@std/assert";
import { close, type Fd } from "../ffi/fd.ts";
import { poll, POLLIN } from "../ffi/poll.ts";
import {
  bindDatagrams,
  connectDatagrams,
  receive,
  sendDescriptors,
} from "../ffi/socket.ts";
import { type Container, script } from "./container.ts";
import { until } from "./davit.ts";

/** A service manager, as far as a service sees it. */
export class Manager implements Disposable {
  readonly path: string;
  readonly #socket: Fd;
  /** All that came. */
  readonly heard: string[] = [];

  constructor(container: Container) {
    this.path = `${container.folder}/manager.sock`;
    this.#socket = bindDatagrams(this.path, 0o600);
  }

  /** The environment of its services. */
  get env(): Record<string, string> {
    return { NOTIFY_SOCKET: this.path };
  }

  /** Takes one notification; a barrier is passed. */
  take(seconds = 10): string {
    const [came] = poll([{ fd: this.#socket, events: POLLIN }], 1000 * seconds);
    assert(came, `nothing came in ${seconds} s after: ${this.heard}`);
    const bytes = new Uint8Array(4096);
    const { length, fd } = receive(this.#socket, bytes);
    if (fd !== undefined) close(fd);
    const text = new TextDecoder().decode(bytes.subarray(0, length));
    this.heard.push(text);
    return text;
  }

  [Symbol.dispose](): void {
    close(this.#socket);
  }
}

/** Says something as the container's program would. */
export async function say(
  container: Container,
  ...texts: string[]
): Promise<void> {
  const { pid } = await until("it runs", async () => {
    const { stdout } = await container.davit(["state", container.id]);
    const state = stdout === "" ? undefined : JSON.parse(stdout);
    return state?.status === "running" ? state : undefined;
  });
  const socket = connectDatagrams(`/proc/${pid}/root/run/notify/notify.sock`);
  try {
    for (const text of texts) {
      sendDescriptors(socket, new TextEncoder().encode(text), []);
    }
  } finally {
    close(socket);
  }
}

/** A program that finds its socket, and waits. */
export const WAITS = script(
  `test "$NOTIFY_SOCKET" = /run/notify/notify.sock && test -S $NOTIFY_SOCKET &&
  ! touch /run/notify/x 2>/dev/null && exec sleep 100`,
);
