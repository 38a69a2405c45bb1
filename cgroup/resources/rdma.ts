/**
 * A part that is loaded on demand: it imports nothing at run time.
 *
 * @module
 */

import type { CgroupVersion, LoweringTools, ResourceWrite } from "./write.ts";

/** What of one RDMA device may be used; a value of `linux.resources.rdma`. */
export interface RdmaLimits {
  readonly hcaHandles?: number;
  readonly hcaObjects?: number;
}

/** The writes for `linux.resources.rdma`, whose names are devices. */
export function rdmaWrites(
  { refusal }: LoweringTools,
  version: CgroupVersion,
  devices: Readonly<Record<string, RdmaLimits>>,
): ResourceWrite[] {
  return Object.entries(devices).map(([device, limits]): ResourceWrite => {
    const { hcaHandles, hcaObjects } = limits;
    const escaped = device.replaceAll("~", "~0").replaceAll("/", "~1");
    const pointer = `/linux/resources/rdma/${escaped}`;
    if (!/^[^\s/]{1,63}$/.test(device)) {
      throw refusal(pointer, "limits", "it is no name of an RDMA device");
    }
    if (hcaHandles === undefined && hcaObjects === undefined) {
      throw refusal(pointer, "nothing", "want hcaHandles or hcaObjects");
    }
    const words = [
      ...(hcaHandles === undefined ? [] : [`hca_handle=${hcaHandles}`]),
      ...(hcaObjects === undefined ? [] : [`hca_object=${hcaObjects}`]),
    ];
    return {
      controller: "rdma",
      version,
      file: "rdma.max",
      value: [device, ...words].join(" "),
      line: {
        key: device,
        unset: `${device} hca_handle=max hca_object=max`,
      },
      pointer,
      why: "limit an RDMA device",
    };
  });
}
