import { SyscallError } from "../ffi/error.ts";

/** What the system said of a failed call, without Deno's additions. */
export function osText(error: unknown): string {
  if (error instanceof SyscallError) return error.text;
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/ \(os error \d+\).*$/s, "");
}
