/**
 * Names of network devices.
 *
 * @module
 */

/** Bytes of a name and its NUL, IFNAMSIZ. */
const SIZE = 16;

/**
 * What is wrong with a device's name, as the kernel's `dev_valid_name` has it.
 * @param template whether it may hold one `%d` in the place of a number
 */
export function deviceNameProblem(
  name: string,
  template = false,
): string | undefined {
  const { length } = new TextEncoder().encode(name);
  if (length === 0) return "must not be empty";
  if (length >= SIZE) return `must have at most ${SIZE - 1} bytes`;
  if (name === "." || name === "..") return "is no name of a network device";
  if (/[/:\s\0]/.test(name)) {
    return 'must have no "/", no ":" and no white space in it';
  }
  if (!name.includes("%")) return undefined;
  if (!template) return 'must have no "%" in it';
  return /^[^%]*%d[^%]*$/.test(name)
    ? undefined
    : 'must have no "%" in it but one "%d"';
}
