/**
 * A connection to a D-Bus: calls that wait for their answers, and signals.
 *
 * It is one of our own, and no `busctl`: that has no way to wait for the end
 * of a job that a call has started, and costs a process for each call.
 *
 * Sources: the D-Bus specification, "Authentication Protocol" and "Message
 * Bus Specification"; sd_bus_default_system(3).
 *
 * @module
 */

import type { close, Fd, read, write } from "../../ffi/fd.ts";
import type { poll } from "../../ffi/poll.ts";
import type { connect } from "../../ffi/socket.ts";
import {
  decodeMessage,
  encodeMessage,
  MESSAGE,
  type Message,
  messageLength,
} from "./message.ts";
import type { Value } from "./wire.ts";

/** What a connection works with. */
export interface BusTools {
  readonly close: typeof close;
  readonly connect: typeof connect;
  readonly poll: typeof poll;
  readonly POLLIN: number;
  readonly read: typeof read;
  readonly write: typeof write;
}

/** A method to call, and its arguments. */
export interface MethodCall {
  /** The service's name; a connection without a bus needs none. */
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  /** The types of the arguments; absent: none. */
  readonly signature?: string;
  readonly body?: readonly Value[];
}

/** An answer that says that a call failed. */
export class BusError extends Error {
  /**
   * @param code the error's name, such as `org.freedesktop.DBus.Error.Failed`
   * @param message the other side's words
   */
  constructor(readonly code: string, message: string) {
    super(message);
    this.name = "BusError";
  }
}

/** How long an answer may take, in milliseconds: as with sd-bus. */
const PATIENCE = 25_000;

/** Bytes that are read at once. */
const CHUNK = 4096;

const BUS = {
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
} as const;

const text = /* @__PURE__ */ new TextEncoder();

/** A connection. */
export class Bus implements Disposable {
  readonly #tools: BusTools;
  readonly #fd: Fd;
  readonly #isBus: boolean;
  #serial = 0;
  /** What came and is not yet taken. */
  #bytes = new Uint8Array(0);
  readonly #signals: Message[] = [];

  /**
   * Connects to a Unix socket and authenticates.
   *
   * @param isBus whether a bus listens there, or a service itself
   * @throws {SyscallError} nobody listens there, or the connection was lost
   * @throws {BusError} this user is not let in
   */
  constructor(tools: BusTools, path: string, isBus: boolean) {
    this.#tools = tools;
    this.#isBus = isBus;
    this.#fd = tools.connect(path);
    try {
      this.#authenticate();
      if (isBus) this.call({ ...BUS, member: "Hello" });
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Ends the connection. */
  close(): void {
    this.#tools.close(this.#fd);
  }

  /** As `close`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Calls a method and waits for what it answers.
   * @throws {BusError} the other side's error, or no answer
   */
  call(call: MethodCall): readonly Value[] {
    const serial = ++this.#serial;
    const { body = [], ...head } = call;
    this.#tools.write(
      this.#fd,
      encodeMessage({ ...head, type: MESSAGE.call, serial, body }),
    );
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const message = this.#receive(deadline);
      if (message.type === MESSAGE.signal) this.#signals.push(message);
      if (message.replySerial !== serial) continue;
      if (message.type === MESSAGE.answer) return message.body;
      if (message.type === MESSAGE.error) throw failure(message);
    }
  }

  /**
   * Has the bus send the signals that a match rule is about. A service itself
   * sends all that it has.
   */
  match(rule: string): void {
    if (!this.#isBus) return;
    this.call({ ...BUS, member: "AddMatch", signature: "s", body: [rule] });
  }

  /**
   * Waits for a signal, also one that came before.
   *
   * @param patience how long, in milliseconds
   * @throws {BusError} it did not come
   */
  awaitSignal(
    isWanted: (signal: Message) => boolean,
    patience: number,
  ): Message {
    const deadline = performance.now() + patience;
    for (;;) {
      const message = this.#signals.shift() ?? this.#receive(deadline);
      if (message.type === MESSAGE.signal && isWanted(message)) return message;
    }
  }

  /**
   * EXTERNAL: the socket tells the other side who we are. Without an identity
   * in words this works in a user namespace too, where our ID is another one.
   */
  #authenticate(): void {
    const { write } = this.#tools;
    write(this.#fd, text.encode("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"));
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const line = this.#line(deadline);
      if (line.startsWith("OK ")) return;
      if (line !== "DATA") {
        const code = "org.freedesktop.DBus.Error.AuthFailed";
        throw new BusError(code, `authentication was answered "${line}"`);
      }
    }
  }

  #line(deadline: number): string {
    for (;;) {
      const end = this.#bytes.indexOf(10);
      if (end >= 0) {
        const line = new TextDecoder().decode(this.#bytes.subarray(0, end));
        this.#bytes = this.#bytes.slice(end + 1);
        return line.trimEnd();
      }
      this.#readMore(deadline);
    }
  }

  #receive(deadline: number): Message {
    for (;;) {
      const length = messageLength(this.#bytes);
      if (length !== undefined && length <= this.#bytes.length) {
        const message = this.#bytes.slice(0, length);
        this.#bytes = this.#bytes.slice(length);
        return decodeMessage(message);
      }
      this.#readMore(deadline);
    }
  }

  #readMore(deadline: number): void {
    const { poll, POLLIN, read } = this.#tools;
    for (;;) {
      const left = deadline - performance.now();
      if (left <= 0) {
        const code = "org.freedesktop.DBus.Error.NoReply";
        throw new BusError(code, "no answer in time");
      }
      const [events] = poll([{ fd: this.#fd, events: POLLIN }], left);
      if (events) break;
    }
    const chunk = new Uint8Array(CHUNK);
    const count = read(this.#fd, chunk);
    if (count === 0) {
      const code = "org.freedesktop.DBus.Error.Disconnected";
      throw new BusError(code, "the connection was closed");
    }
    const both = new Uint8Array(this.#bytes.length + count);
    both.set(this.#bytes);
    both.set(chunk.subarray(0, count), this.#bytes.length);
    this.#bytes = both;
  }
}

function failure({ errorName = "", body: [words] }: Message): BusError {
  return new BusError(
    errorName,
    typeof words === "string" && words !== "" ? words : errorName,
  );
}
