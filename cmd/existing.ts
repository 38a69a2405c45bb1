/**
 * The commands that change containers that exist, in one file to load.
 *
 * @module
 */

export { command as remove } from "./delete.ts";
export { command as kill } from "./kill.ts";
export { command as start } from "./start.ts";
