/**
 * Signals to this process that are meant for a container's.
 *
 * @module
 */

import { SIGNALS } from "../ffi/signals.ts";

/** Signals that are handed on to the container's process. */
const FORWARDED = [
  ..."HUP INT QUIT ABRT USR1 USR2 ALRM TERM CONT TSTP TTIN TTOU".split(" "),
  ..."WINCH IO PWR XCPU".split(" "),
];

/** Signals to this process, kept until there is somebody to hand them to. */
export class Signals implements Disposable {
  /** @param last whether this process ends when they are disposed of */
  constructor(readonly last: boolean) {}

  readonly #waiting: number[] = [];
  readonly #listeners = new Map<Deno.Signal, () => void>();
  #send = (signal: number): void => {
    this.#waiting.push(signal);
  };

  /** Takes signals from now on. */
  listen(): void {
    for (const name of FORWARDED) {
      const signal = `SIG${name}` as Deno.Signal;
      const listener = () => this.#send(SIGNALS[name]!);
      Deno.addSignalListener(signal, listener);
      this.#listeners.set(signal, listener);
    }
  }

  /** Hands signals on, those that came before first. */
  forward(send: (signal: number) => void): void {
    this.#send = send;
    for (const signal of this.#waiting.splice(0)) send(signal);
  }

  /** Lets signals have their usual effect again. */
  [Symbol.dispose](): void {
    if (this.last) return;
    for (const [signal, listener] of this.#listeners) {
      Deno.removeSignalListener(signal, listener);
    }
  }
}
