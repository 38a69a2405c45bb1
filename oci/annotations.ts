import { ConfigError } from "./errors.ts";
import { quote } from "./quote.ts";
import { below } from "./schema.ts";
import type { Spec } from "./spec.ts";

/**
 * What a container is to its pod: the `sandbox` itself, a `container` in one,
 * or `single`, which is a sandbox of its own.
 */
export type ContainerType = "sandbox" | "container" | "single";

/** Annotation keys of each engine: the type, and the sandbox's ID. */
const KEYS = [
  {
    type: "io.kubernetes.cri.container-type",
    sandbox: "io.kubernetes.cri.sandbox-id",
  },
  {
    type: "io.kubernetes.cri-o.ContainerType",
    sandbox: "io.kubernetes.cri-o.SandboxID",
  },
] as const;

/**
 * The type that the engine's annotation gives: containerd's, else CRI-O's,
 * else `single`.
 *
 * @throws {ConfigError} the annotation has another value
 */
export function containerType(spec: Pick<Spec, "annotations">): ContainerType {
  for (const { type: key } of KEYS) {
    const value = annotation(spec, key);
    if (value === undefined) continue;
    if (value === "sandbox" || value === "container") return value;
    throw annotationError(
      key,
      value,
      `expected "sandbox" or "container", found ${quote(value)}`,
    );
  }
  return "single";
}

/**
 * The ID of the sandbox that a container belongs to. A sandbox, and a
 * container on its own, is its own sandbox.
 *
 * @throws {ConfigError} an unknown type, or a container whose sandbox's ID is
 * missing or not a valid ID
 */
export function sandboxId(
  spec: Pick<Spec, "annotations">,
  containerId: string,
): string {
  if (containerType(spec) !== "container") return containerId;
  for (const { sandbox: key } of KEYS) {
    const id = annotation(spec, key);
    if (id === undefined || id === "") continue;
    if (/^[A-Za-z0-9_+.-]{1,1024}$/.test(id) && id !== "." && id !== "..") {
      return id;
    }
    throw annotationError(
      key,
      id,
      "expected an ID of 1 to 1024 letters, digits and _+.- that is not " +
        `"." or "..", found ${quote(id)}`,
    );
  }
  const type = KEYS.find((k) => annotation(spec, k.type) !== undefined)!;
  throw new ConfigError([{
    pointer: below("/annotations", type.sandbox),
    found: "nothing",
    message: "is missing, it is required for a container of a sandbox",
  }], {
    message: `Missing sandbox ID: annotation ${quote(type.type)} says ` +
      `"container", so ${quote(type.sandbox)} must name its sandbox`,
  });
}

function annotation(
  spec: Pick<Spec, "annotations">,
  key: string,
): string | undefined {
  const all = spec.annotations;
  return all !== undefined && Object.hasOwn(all, key) ? all[key] : undefined;
}

function annotationError(
  key: string,
  value: string,
  message: string,
): ConfigError {
  const pointer = below("/annotations", key);
  return new ConfigError([{ pointer, found: quote(value), message }]);
}
