/**
 * The record of a container being made: before anything of it is there, and when
 * its init is.
 *
 * @module
 */

import { sandboxId } from "./annotations.ts";
import { rootfsPath } from "./lower.ts";
import type { CreateOptions } from "./runtime.ts";
import type { Spec } from "./spec.ts";
import type { ContainerRecord } from "./store.ts";
import { timestamp } from "./timestamp.ts";

/**
 * What is known before the container has its ID.
 * @throws {ConfigError} annotations name no sandbox, or a wrong one
 */
export function firstRecord(
  spec: Spec,
  { id, ownKeyring }: CreateOptions,
  more: Pick<ContainerRecord, "bundle" | "cgroups" | "owner">,
): ContainerRecord {
  const { annotations = {}, ociVersion } = spec;
  return {
    ociVersion,
    id,
    sandboxId: sandboxId(spec, id),
    bundle: more.bundle,
    rootfs: rootfsPath(spec, more.bundle),
    created: timestamp(Date.now()),
    owner: more.owner,
    annotations,
    status: "creating",
    cgroups: more.cgroups,
    cgroupsMade: false,
    resourceCgroups: [],
    reasons: {},
    ...ownKeyring !== undefined && { ownKeyring },
  };
}

/** What is known when init is there. */
export function createdRecord(
  record: ContainerRecord,
  init: NonNullable<ContainerRecord["init"]>,
  { hooks, reasons }: {
    readonly hooks: ContainerRecord["hooks"] | undefined;
    readonly reasons: ContainerRecord["reasons"];
  },
): ContainerRecord {
  return {
    ...record,
    status: "created",
    init,
    cgroupsMade: true,
    reasons,
    ...hooks !== undefined && { hooks },
  };
}
