/** The receiver of a terminal's master, and talking over it. */
import { assert } from "@std/assert";
import { close, read, write } from "../ffi/fd.ts";
import type { Fd } from "../ffi/fd.ts";
import { poll, POLLIN } from "../ffi/poll.ts";
import { setWindowSize, type WindowSize } from "../ffi/pty.ts";
import { listen, receive } from "../ffi/socket.ts";
import { checked } from "../ffi/syscall.ts";
import {
  assertSuccess,
  readIfThere,
  type Result,
  run,
  type RunOptions,
  until,
} from "./davit.ts";

const SOCK_CLOEXEC = 0o2000000;

/** Listens at a path for what `create --console-socket` sends. */
export class ConsoleSocket implements Disposable {
  readonly #socket: Fd;

  constructor(readonly path: string) {
    this.#socket = listen(path, 1);
  }

  /** Waits for a master; its name is what came with it. */
  receive(seconds = 10): { master: Master; name: string } {
    const { fd, name } = this.receiveDescriptor(seconds);
    return { master: new Master(fd), name };
  }

  /** Waits for a descriptor, which the caller closes, and its name. */
  receiveDescriptor(seconds = 10): { fd: Fd; name: string } {
    const peer = this.accept(seconds);
    try {
      this.#wait(peer, seconds);
      const data = new Uint8Array(4096);
      const { length, fd } = receive(peer, data);
      if (fd === undefined) throw new Error("no descriptor came");
      const name = new TextDecoder().decode(data.subarray(0, length));
      return { fd, name };
    } finally {
      close(peer);
    }
  }

  /** Takes a connection, which the caller closes. */
  accept(seconds = 10): Fd {
    this.#wait(this.#socket, seconds);
    return checked(
      "accept4",
      this.path,
      this.#socket,
      null,
      null,
      SOCK_CLOEXEC,
    ) as Fd;
  }

  #wait(fd: Fd, seconds: number): void {
    const [events] = poll([{ fd, events: POLLIN }], seconds * 1000);
    assert(events, `nothing came to ${this.path} in ${seconds} s`);
  }

  [Symbol.dispose](): void {
    close(this.#socket);
  }
}

/** The master side of a terminal. */
export class Master implements Disposable {
  readonly #fd: Fd;
  /** All that was read so far. */
  text = "";

  constructor(fd: Fd) {
    this.#fd = fd;
  }

  /** Reads until the text matches; fails when it does not in time. */
  expect(wanted: RegExp, seconds = 10): RegExpExecArray {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const found = wanted.exec(this.text);
      if (found !== null) return found;
      assert(Date.now() < end, `${wanted} in ${JSON.stringify(this.text)}`);
      const [events] = poll([{ fd: this.#fd, events: POLLIN }], 100);
      if (!events) continue;
      const buffer = new Uint8Array(4096);
      let length = 0;
      try {
        length = read(this.#fd, buffer);
      } catch {
        // EIO: nobody has the other side any more
      }
      assert(length > 0, `${wanted} in ${JSON.stringify(this.text)}, ended`);
      this.text += new TextDecoder().decode(buffer.subarray(0, length));
    }
  }

  type(text: string): void {
    write(this.#fd, new TextEncoder().encode(text));
  }

  resize(size: WindowSize): void {
    setWindowSize(this.#fd, size);
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }
}

/**
 * Runs a line of shell with a terminal of its own, by script(1).
 * @param options those of a program; its output is the terminal's
 */
export async function scripted(
  line: string,
  options: RunOptions = {},
): Promise<Result> {
  const words = ["script", "--quiet", "--return", "--command", line];
  const result = await run([...words, "/dev/null"], options);
  // It shows the end of its own input as ^@.
  return { ...result, stdout: result.stdout.replaceAll("^@", "") };
}

/** A terminal that a test sees and types into, by tmux(1). */
export class Tmux implements AsyncDisposable {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  async do(...words: string[]): Promise<string> {
    const command = ["tmux", "-S", this.#socket, "-f", "/dev/null"];
    return assertSuccess(await run([...command, ...words])).stdout;
  }

  /** What the screen shows. */
  screen(): Promise<string> {
    return this.do("capture-pane", "-p");
  }

  async shows(text: string | RegExp): Promise<void> {
    let last = "";
    await until(`"${text}" on the screen`, async () => {
      last = await this.screen();
      return typeof text === "string" ? last.includes(text) : text.test(last);
    }).catch((error) => {
      throw new Error(`${error.message}:\n${last}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run(["tmux", "-S", this.#socket, "kill-server"]);
    // The server ends after its answer, and its programs after that.
    await until("the end of tmux", () => !this.#lives());
  }

  /** Whether it or a program in it is there. */
  #lives(): boolean {
    return [...Deno.readDirSync("/proc")].some(({ name }) =>
      ["cmdline", "environ"].some((file) =>
        readIfThere(`/proc/${name}/${file}`).includes(this.#socket)
      )
    );
  }
}
