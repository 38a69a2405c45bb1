/**
 * What a file system has against its options.
 *
 * It tells that to who reads the context in which it is being made, fsopen(2).
 * The launch program keeps to its plan, so the steps up to the one that failed
 * are taken again here: until the last of them nothing is made by them.
 *
 * @module
 */

import { close, type Fd, read } from "../ffi/fd.ts";
import { FSOPEN_CLOEXEC } from "../ffi/mount.ts";
import { syscall } from "../ffi/syscall.ts";
import type { Plan } from "./plan.ts";

/** Longer messages are left out. */
const MESSAGE_MAX = 1024;

/**
 * The messages about the step `index`, each of one line; none when the step is
 * about something else, or nothing is said.
 */
export function filesystemLog(plan: Plan, index: number): string[] {
  const calls = plan.steps.slice(0, index + 1).map(({ action }) =>
    "call" in action ? action : undefined
  );
  if (calls.at(-1)?.call !== "fsconfig") return [];
  const first = calls.findLastIndex((call) =>
    call?.call === "fsopen" || call?.call === "fspick"
  );
  const type = calls[first]?.call === "fsopen" ? calls[first].args[0] : 0;
  if (typeof type !== "string") return [];
  const fd = syscall("fsopen", type, FSOPEN_CLOEXEC);
  if (fd < 0) return [];
  try {
    for (const call of calls.slice(first + 1)) {
      if (call?.call !== "fsconfig") continue;
      const args = call.args.slice(1).map((arg) =>
        typeof arg === "string" ? arg : Number(arg)
      );
      if (syscall("fsconfig", fd, ...args) < 0) break;
    }
    return readLog(fd as Fd);
  } finally {
    close(fd);
  }
}

/** Each message is "e " (or "w ", "i ") and its text; the errors, or all. */
function readLog(fd: Fd): string[] {
  const messages: string[] = [];
  const buffer = new Uint8Array(MESSAGE_MAX);
  for (;;) {
    let length: number;
    try {
      length = read(fd, buffer);
    } catch {
      break; // ENODATA: that was the last one
    }
    messages.push(new TextDecoder().decode(buffer.subarray(0, length)));
  }
  const errors = messages.filter((message) => message.startsWith("e "));
  return (errors.length > 0 ? errors : messages).map((message) =>
    // deno-lint-ignore no-control-regex
    message.slice(2).replace(/[\x00-\x1f\x7f]+/g, " ").trim()
  );
}
