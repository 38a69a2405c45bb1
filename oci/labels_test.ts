import { assertEquals } from "@std/assert";
import { describeProblem } from "./errors.ts";
import { securityModules, withoutForeignLabels } from "./labels.ts";
import type { Spec } from "./spec.ts";

const SPEC: Spec = {
  ociVersion: "1.3.0",
  root: { path: "rootfs" },
  process: {
    args: ["true"],
    cwd: "/",
    apparmorProfile: "docker-default",
    selinuxLabel: "u:r:t:s0",
  },
  linux: { mountLabel: "u:r:f:s0" },
};

function left(modules: { apparmor: boolean; selinux: boolean }) {
  const { spec, missing } = withoutForeignLabels(SPEC, () => modules);
  const { apparmorProfile, selinuxLabel } = spec.process!;
  const labels = [apparmorProfile, selinuxLabel, spec.linux!.mountLabel];
  return { labels, missing: missing.map(describeProblem) };
}

Deno.test("withoutForeignLabels() keeps the labels of the kernel's modules", () => {
  const all = left({ apparmor: true, selinux: true });
  assertEquals(all.labels, ["docker-default", "u:r:t:s0", "u:r:f:s0"]);
  assertEquals(all.missing, []);
  assertEquals(left({ apparmor: true, selinux: false }).labels, [
    "docker-default",
    undefined,
    undefined,
  ]);
});

Deno.test("withoutForeignLabels() tells what it leaves out", () => {
  const { labels, missing } = left({ apparmor: false, selinux: false });
  assertEquals(labels, [undefined, undefined, undefined]);
  assertEquals(missing, [
    "process.apparmorProfile: this kernel runs without AppArmor, profile " +
    '"docker-default" is left out',
    "process.selinuxLabel: this kernel runs without SELinux, label " +
    '"u:r:t:s0" is left out',
    "linux.mountLabel: this kernel runs without SELinux, label " +
    '"u:r:f:s0" is left out',
  ]);
});

Deno.test("withoutForeignLabels() asks nobody where there is no label", () => {
  const { spec } = withoutForeignLabels(
    { ...SPEC, process: { args: ["true"], cwd: "/" }, linux: {} },
    () => {
      throw new Error("asked");
    },
  );
  assertEquals(spec.process!.args, ["true"]);
});

Deno.test("securityModules() answers on any kernel", () => {
  const { apparmor, selinux } = securityModules();
  assertEquals([typeof apparmor, typeof selinux], ["boolean", "boolean"]);
});
