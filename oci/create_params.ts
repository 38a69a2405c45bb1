import { isDirectory, realPath, stat } from "../ffi/files.ts";
import { isId, NAME_MAX } from "./container_info.ts";
import { RuntimeError } from "./errors.ts";
import { osText } from "./os_error.ts";
import { quote } from "./quote.ts";
import type { Runtime } from "./runtime.ts";
import { hasFolder, idInUse, RESERVED } from "./store.ts";

/**
 * Checks an ID and a bundle's path, in this order: the ID is there, well
 * formed and not in use; the path is there, exists and is a directory.
 *
 * @returns the bundle's path with every symbolic link resolved
 * @throws {RuntimeError} usage, exists or config, with Kata's words
 */
export function validCreateParams(
  { root }: Runtime,
  id: string,
  bundle: string,
): string {
  checkNewId(id);
  if (hasFolder(root, id)) throw idInUse(id);
  if (bundle === "") throw new RuntimeError("usage", "Missing bundle path");
  const invalid = (reason: string) =>
    new RuntimeError("config", `Invalid bundle path '${bundle}': ${reason}`);
  let resolved: string;
  try {
    resolved = realPath(bundle);
    if (isDirectory(stat(resolved))) return resolved;
  } catch (error) {
    throw invalid(osText(error));
  }
  throw new RuntimeError(
    "config",
    `Invalid bundle path '${bundle}', it should be a directory`,
  );
}

function checkNewId(id: string): void {
  if (id === "") throw new RuntimeError("usage", "Missing container ID");
  const refuse = (why: string) => {
    const shown = id.length > 80 ? `${id.slice(0, 80)}...` : id;
    throw new RuntimeError(
      "usage",
      `Invalid container ID ${quote(shown)}: ${why}`,
    );
  };
  if (!isId(id)) {
    refuse(
      'wanted 1 to 1024 letters, digits and _+.-, and neither "." nor ".."',
    );
  }
  if (id === RESERVED) refuse("this name is used by Davit itself");
  if (id.length > NAME_MAX) {
    refuse(
      `it has ${id.length} characters, names of directories and cgroups ` +
        `have at most ${NAME_MAX}`,
    );
  }
}
