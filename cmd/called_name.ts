/** Names that Davit may be called by: its own, or that of what it stands for. */
export type CalledName = "davit" | "runc";

/**
 * The name that Davit was called by: runc's where it lies, or is linked to, as
 * `runc`; anything else is its own. Who calls it `runc` expects that name in
 * help texts and at the beginning of errors.
 *
 * @param read gives the words that the process was called with, each with a NUL
 */
export function calledName(
  read: () => string = () => Deno.readTextFileSync("/proc/self/cmdline"),
): CalledName {
  let words: string;
  try {
    words = read();
  } catch {
    return "davit"; // no procfs
  }
  const path = words.slice(0, words.indexOf("\0"));
  return path.slice(path.lastIndexOf("/") + 1) === "runc" ? "runc" : "davit";
}
