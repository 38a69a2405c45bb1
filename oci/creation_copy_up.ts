/**
 * Filling a tmpfs with what it covers, while a container is being made.
 *
 * @module
 */

import { SyscallError } from "../ffi/error.ts";
import { close, O, read, RESOLVE, write } from "../ffi/fd.ts";
import { checked } from "../ffi/syscall.ts";
import type { LaunchOptions } from "../launch/launch.ts";
import { RuntimeError } from "./errors.ts";
import { osText } from "./os_error.ts";
import type { Parts } from "./parts.ts";
import { quote } from "./quote.ts";

/**
 * What fills a tmpfs, for mounts with `tmpcopyup`.
 *
 * @param parts what `loadParts` gave for the configuration
 * @returns a part of the options of `launch`; empty if no mount asks for it
 */
export function copyUpWork(
  { copyUp: part }: Pick<Parts, "copyUp">,
): Pick<LaunchOptions, "copyUp"> {
  if (part === undefined) return {};
  return {
    copyUp: (from, to, root) => {
      try {
        part.copyUp(
          { checked, close, read, write, O, RESOLVE },
          from,
          to,
          root,
        );
      } catch (error) {
        if (!(error instanceof SyscallError)) throw error;
        throw new RuntimeError(
          "system",
          `Cannot copy files into a tmpfs (tmpcopyup of mounts): ${
            quote(error.subject)
          }: ${osText(error)}`,
          { cause: error },
        );
      }
    },
  };
}
