/**
 * Names of a container's unit, and where systemd puts its cgroup.
 *
 * Sources: systemd.unit(5), systemd.slice(5); runc's docs/systemd.md for what
 * `linux.cgroupsPath` means.
 *
 * @module
 */

/** A scope, and the slice that it is in. */
export interface UnitName {
  /** Such as `davit-abc.scope`. */
  readonly unit: string;
  /** Such as `system.slice`; `-.slice` is the root. */
  readonly slice: string;
}

/** The longest name of a unit, in bytes. */
const UNIT_MAX = 255;
/** What names of units are made of, less `@`, which templates have. */
const UNIT_CHARACTERS = /^[A-Za-z0-9:_.\\-]*$/;

/**
 * The unit of a container.
 *
 * @param cgroupsPath `slice:prefix:name`; empty: a scope named after the ID
 * @param user whether it is a unit of a user's own manager
 * @throws {RangeError} the path is no such triple; the message says why
 */
export function unitName(
  id: string,
  cgroupsPath: string,
  user: boolean,
): UnitName {
  const home = user ? "user.slice" : "system.slice";
  if (cgroupsPath === "") {
    // The only character of IDs that units do not have.
    const unit = `davit-${id.replaceAll("+", "\\x2b")}.scope`;
    checkLength(unit);
    return { unit, slice: home };
  }
  const parts = cgroupsPath.split(":");
  const [slice = "", prefix = "", name = ""] = parts;
  if (parts.length !== 3) {
    throw new RangeError(
      'expected cgroupsPath to be of format "slice:prefix:name" for systemd ' +
        `cgroups, got ${JSON.stringify(cgroupsPath)} instead`,
    );
  }
  if (slice !== "") slicePath(slice);
  if (name === "") throw new RangeError("its third part, the name, is empty");
  for (const part of [prefix, name]) checkPart(part);
  if (name.endsWith(".slice")) {
    throw new RangeError(
      `${name} is a slice, which has no processes of its own: name a scope ` +
        `in it, such as "${name}:davit:${id}"`,
    );
  }
  // As with runc, an empty prefix leaves the hyphen.
  const unit = `${prefix}-${name}.scope`;
  checkLength(unit);
  return { unit, slice: slice === "" ? home : slice };
}

/**
 * The cgroup of a slice below its manager's, without a slash at the end:
 * `a-b.slice` is at `/a.slice/a-b.slice`, and `-.slice` at the empty path.
 *
 * @throws {RangeError} it is no name of a slice
 */
export function slicePath(slice: string): string {
  const wrong = (why: string) =>
    new RangeError(`invalid slice name: ${JSON.stringify(slice)}: ${why}`);
  if (slice === "-.slice") return "";
  if (!slice.endsWith(".slice")) throw wrong('it does not end with ".slice"');
  if (slice.length > UNIT_MAX) throw wrong(`it is longer than ${UNIT_MAX}`);
  const stem = slice.slice(0, -".slice".length);
  if (stem.includes("/")) {
    throw wrong('it has a "/": name the innermost slice alone');
  }
  if (!UNIT_CHARACTERS.test(stem)) throw wrong(CHARACTERS);
  let path = "", above = "";
  for (const part of stem.split("-")) {
    if (part === "") throw wrong("a part between its hyphens is empty");
    if (/^\.+$/.test(part)) throw wrong("a part of it is only dots");
    path += `/${above}${part}.slice`;
    above += `${part}-`;
  }
  return path;
}

const CHARACTERS = "it has other characters than letters, digits and :_.-\\";

function checkPart(part: string): void {
  const wrong = (why: string) =>
    new RangeError(
      `${JSON.stringify(part)} is no part of a unit's name: ${why}`,
    );
  if (part.includes("/")) throw wrong('it has a "/"');
  if (/^\.+$/.test(part)) throw wrong("it is only dots");
  if (!UNIT_CHARACTERS.test(part)) throw wrong(CHARACTERS);
}

function checkLength(unit: string): void {
  if (unit.length <= UNIT_MAX) return;
  throw new RangeError(
    `the unit's name ${unit.slice(0, 20)}... is longer than ${UNIT_MAX}`,
  );
}
