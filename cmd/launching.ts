/**
 * The commands that launch containers, in one file to load: a file more costs
 * more than the few bytes that one of them does not need.
 *
 * @module
 */

export { command as create } from "./create.ts";
export { command as exec } from "./exec.ts";
export { command as features } from "./features.ts";
export { command as ps } from "./ps.ts";
export { command as run } from "./run.ts";
export { command as spec } from "./spec.ts";
export { command as tryOut } from "./try.ts";
