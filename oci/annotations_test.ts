import { assertEquals, assertThrows } from "@std/assert";
import { containerType, sandboxId } from "./annotations.ts";
import { ConfigError } from "./errors.ts";

const CRI_TYPE = "io.kubernetes.cri.container-type";
const CRI_ID = "io.kubernetes.cri.sandbox-id";
const CRIO_TYPE = "io.kubernetes.cri-o.ContainerType";
const CRIO_ID = "io.kubernetes.cri-o.SandboxID";

Deno.test("containerType() is single without annotations", () => {
  assertEquals(containerType({}), "single");
  assertEquals(containerType({ annotations: {} }), "single");
  assertEquals(containerType({ annotations: { [CRI_ID]: "x" } }), "single");
});

Deno.test("containerType() reads containerd's and CRI-O's annotations", () => {
  for (const key of [CRI_TYPE, CRIO_TYPE]) {
    for (const type of ["sandbox", "container"] as const) {
      assertEquals(containerType({ annotations: { [key]: type } }), type);
    }
  }
  const annotations = { [CRIO_TYPE]: "sandbox", [CRI_TYPE]: "container" };
  assertEquals(containerType({ annotations }), "container");
});

Deno.test("containerType() refuses an unknown value", () => {
  for (const key of [CRI_TYPE, CRIO_TYPE]) {
    for (const type of ["", "pod", "Sandbox"]) {
      const error = assertThrows(
        () => containerType({ annotations: { [key]: type } }),
        ConfigError,
      );
      assertEquals(
        error.message,
        `config.json: annotations["${key}"]: expected "sandbox" or ` +
          `"container", found "${type}"`,
      );
    }
  }
});

Deno.test("sandboxId() of a sandbox or a single container is its own", () => {
  assertEquals(sandboxId({}, "c1"), "c1");
  assertEquals(
    sandboxId({ annotations: { [CRI_TYPE]: "sandbox", [CRI_ID]: "x" } }, "c1"),
    "c1",
  );
});

Deno.test("sandboxId() of a container is the annotation's", () => {
  for (
    const [type, id] of [[CRI_TYPE, CRI_ID], [CRIO_TYPE, CRIO_ID]] as const
  ) {
    const annotations = { [type]: "container", [id]: "pod-1_a+b.c" };
    assertEquals(sandboxId({ annotations }, "c1"), "pod-1_a+b.c");
  }
});

Deno.test("sandboxId() refuses a container without a sandbox ID", () => {
  for (
    const [type, id] of [[CRI_TYPE, CRI_ID], [CRIO_TYPE, CRIO_ID]] as const
  ) {
    for (const more of [{}, { [id]: "" }]) {
      const annotations = { [type]: "container", ...more };
      assertThrows(
        () => sandboxId({ annotations }, "c1"),
        ConfigError,
        `Missing sandbox ID: annotation "${type}" says "container", so ` +
          `"${id}" must name its sandbox`,
      );
    }
  }
});

Deno.test("sandboxId() refuses an ID that could leave its directory", () => {
  for (const id of [".", "..", "a/b", "../x", "a\0", "a b", "x".repeat(1025)]) {
    const annotations = { [CRI_TYPE]: "container", [CRI_ID]: id };
    assertThrows(
      () => sandboxId({ annotations }, "c1"),
      ConfigError,
      'annotations["io.kubernetes.cri.sandbox-id"]: expected an ID of 1 to',
    );
  }
  const longest = "x".repeat(1024);
  const annotations = { [CRI_TYPE]: "container", [CRI_ID]: longest };
  assertEquals(sandboxId({ annotations }, "c1"), longest);
});
