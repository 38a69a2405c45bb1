/**
 * Davit as a library: containers from TypeScript.
 *
 * ```ts ignore
 * import { create } from "@davit/davit";
 *
 * await using container = await create("hello", {
 *   bundle: "/srv/hello",
 *   stdout: "captured",
 * });
 * await container.start();
 * const { status, stdout } = await container.wait();
 * ```
 *
 * It needs Linux, and the permissions to read, write, run and call libc
 * (`deno run --allow-all`). Errors for the user are `RuntimeError`s of one
 * line, whose `code` says what kind of failure they are.
 *
 * @module
 */

export {
  Container,
  create,
  type CreateContainerOptions,
  type ExecContainerOptions,
  get,
  type ProgramEnd,
  run,
} from "./api/container.ts";
export {
  build,
  exec,
  kill,
  list,
  plan,
  type PlanBundleOptions,
  planDifference,
  planLines,
  remove,
  start,
  stats,
  validate,
  wait,
} from "./api/functions.ts";
export type { BundleOptions, DavitOptions } from "./api/options.ts";
export type { Output, StdioOptions } from "./api/stdio.ts";
export type { BuildCgroups, BuildOptions } from "./oci/build.ts";
export type { BundleReport } from "./oci/bundle_check.ts";
export type { BundlePlan, PlanEntry, PlanSection } from "./oci/bundle_plan.ts";
export { defaultSpec } from "./oci/default_spec.ts";
export {
  ConfigError,
  type ErrorCode,
  type Problem,
  RuntimeError,
} from "./oci/errors.ts";
export type { ExecProcessOptions } from "./oci/exec_process.ts";
export type { Arch } from "./ffi/syscall_numbers.ts";
export type { ListedCall, PlanProcess } from "./launch/listing.ts";
export type { LogFields, Logger } from "./oci/logger.ts";
export type { StateReport, Status } from "./oci/runtime.ts";
export type * from "./oci/spec.ts";
export type * from "./cgroup/statistics/types.ts";
