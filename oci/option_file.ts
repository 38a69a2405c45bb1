import { Handle, O, open } from "../ffi/fd.ts";
import { readToEnd } from "../ffi/files.ts";
import { CONFIG_BYTES_MAX } from "./config.ts";
import { ConfigError } from "./errors.ts";
import { osText } from "./os_error.ts";
import { quote } from "./quote.ts";

/** A file that an option names; "-" is stdin. */
export function optionFileName(path: string): string {
  return path === "-" ? "stdin" : quote(path);
}

/**
 * Reads a file that an option names. Unlike a bundle's, the caller has chosen
 * it: a FIFO is read as well.
 *
 * @param what what it holds, such as `the process`
 * @throws {ConfigError} it cannot be read, or is too large
 */
export function readOptionFile(path: string, what: string): Uint8Array {
  const failure = (why: string, cause?: unknown) =>
    new ConfigError([], {
      message: `Cannot read ${what} from ${optionFileName(path)}: ${why}`,
      cause,
    });
  let text: Uint8Array;
  try {
    if (path === "-") text = readToEnd(0, CONFIG_BYTES_MAX + 1);
    else {
      using file = new Handle(open(path, O.RDONLY));
      text = readToEnd(file.fd, CONFIG_BYTES_MAX + 1);
    }
  } catch (error) {
    throw failure(osText(error), error);
  }
  if (text.length <= CONFIG_BYTES_MAX) return text;
  throw failure(`it has more than ${CONFIG_BYTES_MAX} bytes`);
}
