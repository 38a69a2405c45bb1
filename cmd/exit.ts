/**
 * The end of a command.
 *
 * @module
 */

export { exit } from "../ffi/process.ts";
