/**
 * Labels of security modules, where the kernel has these modules.
 *
 * A host without the module can give no label. The specification leaves open
 * what to do then, and OCI's own test suite expects that the container runs:
 * so it does, with a warning, and `--strict` refuses.
 *
 * @module
 */

import { readText } from "../ffi/files.ts";
import { statfs } from "../ffi/statfs.ts";
import type { Problem } from "./errors.ts";
import type { Spec } from "./spec.ts";

const SELINUX_MAGIC = 0xf97cff8c;

/** Which security modules the kernel uses. */
export interface SecurityModules {
  readonly apparmor: boolean;
  readonly selinux: boolean;
}

/** Asks the kernel. */
export function securityModules(): SecurityModules {
  const unlessMissing = (test: () => boolean) => {
    try {
      return test();
    } catch {
      return false;
    }
  };
  const enabled = "/sys/module/apparmor/parameters/enabled";
  return {
    apparmor: unlessMissing(() => readText(enabled).startsWith("Y")),
    selinux: unlessMissing(() =>
      statfs("/sys/fs/selinux").type === SELINUX_MAGIC
    ),
  };
}

/** A configuration without the labels that cannot be given, and what these are. */
export interface Labelled {
  readonly spec: Spec;
  readonly missing: readonly Problem[];
}

/** Leaves out what the kernel has no module for. */
export function withoutForeignLabels(
  spec: Spec,
  modules: () => SecurityModules = securityModules,
): Labelled {
  const { linux, process } = spec;
  const profile = process?.apparmorProfile || undefined;
  const label = process?.selinuxLabel || undefined;
  const mountLabel = linux?.mountLabel || undefined;
  if ((profile ?? label ?? mountLabel) === undefined) {
    return { spec, missing: [] };
  }
  const { apparmor, selinux } = modules();
  const missing: Problem[] = [];
  const left = (
    name: string,
    module: string,
    pointer: string,
    found: string | undefined,
  ) => {
    if (found === undefined) return;
    missing.push({
      pointer,
      found,
      message: `this kernel runs without ${module}, ${name} "${found}" is ` +
        "left out",
    });
  };
  const { apparmorProfile: _1, selinuxLabel: _2, ...bare } = process ?? {};
  const { mountLabel: _3, ...bareLinux } = linux ?? {};
  if (!apparmor) {
    left("profile", "AppArmor", "/process/apparmorProfile", profile);
  }
  if (!selinux) {
    left("label", "SELinux", "/process/selinuxLabel", label);
    left("label", "SELinux", "/linux/mountLabel", mountLabel);
  }
  return {
    missing,
    spec: {
      ...spec,
      ...(process !== undefined && {
        process: {
          ...bare as typeof process,
          ...(apparmor && profile !== undefined && {
            apparmorProfile: profile,
          }),
          ...(selinux && label !== undefined && { selinuxLabel: label }),
        },
      }),
      ...(linux !== undefined && {
        linux: {
          ...bareLinux,
          ...(selinux && mountLabel !== undefined && { mountLabel }),
        },
      }),
    },
  };
}
