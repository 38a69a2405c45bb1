/**
 * The commands that launch containers: what they load is much the same.
 *
 * @module
 */

export { command as create } from "./create.ts";
export { command as run } from "./run.ts";
