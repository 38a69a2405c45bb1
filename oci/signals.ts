/**
 * Signals to this process that are meant for a container's.
 *
 * @module
 */

import { SignalPipe } from "../ffi/signal_pipe.ts";
import { SIGNALS } from "../ffi/signals.ts";

/** Signals that are handed on to the container's process. */
const FORWARDED = [
  ..."HUP INT QUIT ABRT USR1 USR2 ALRM TERM CONT TSTP TTIN TTOU".split(" "),
  ..."WINCH IO PWR XCPU".split(" "),
];

/** What waits in poll(2) or, where others work meanwhile, apart from them. */
export type Poll = (
  wanted: readonly { readonly fd: number; readonly events: number }[],
  timeout: number,
) => number[] | Promise<number[]>;

/** Signals to this process, kept until there is somebody to hand them to. */
export class Signals implements Disposable {
  /** @param last whether this process ends when they are disposed of */
  constructor(readonly last: boolean) {}

  #pipe: SignalPipe | undefined;
  #send: (signal: number) => void = () => {};

  /** Does what takes time before `listen`, if there is time to spare. */
  prepare(): void {
    this.#pipe ??= new SignalPipe();
  }

  /** Takes signals from now on. */
  listen(): void {
    this.prepare();
    for (const name of FORWARDED) this.#pipe!.catch(SIGNALS[name]!);
  }

  /** Becomes readable when there are signals to hand on; -1: never. */
  get fd(): number {
    return this.#pipe?.fd ?? -1;
  }

  /** Says who is handed signals, also those that came before. */
  forward(send: (signal: number) => void): void {
    this.#send = send;
  }

  /** Hands those on that have come. */
  deliver(): void {
    for (const signal of this.#pipe?.take() ?? []) this.#send(signal);
  }

  /** Lets signals have their usual effect again. */
  [Symbol.dispose](): void {
    if (!this.last) this.#pipe?.[Symbol.dispose]();
  }
}
