/**
 * The commands that only look at containers, in one file to load.
 *
 * @module
 */

export { command as list } from "./list.ts";
export { command as state } from "./state.ts";
