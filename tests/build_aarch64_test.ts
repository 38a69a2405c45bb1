/** A launcher for aarch64, under qemu-user: of a bundle without namespaces. */
import { assertEquals } from "@std/assert";
import { ARCH } from "../ffi/syscall.ts";
import { compile } from "../launch/compile.ts";
import { elf } from "../launch/elf.ts";
import { PlanBuilder } from "../launch/plan.ts";
import { layOut } from "../launch/program.ts";
import { emulator, lacks } from "../launch/testdata/harness.ts";
import { build } from "../oci/build.ts";
import { Container, rootTest, script } from "./container.ts";
import { assertOneLine, run } from "./davit.ts";
import { translatable } from "./qemu.ts";

const PR_SET_CHILD_SUBREAPER = 36;
const lack = lacks("aarch64");
const needs = lack === undefined ? {} : { missing: lack };

/** Builds a container's launcher for aarch64, as far as qemu-user runs it. */
async function launcher(container: Container): Promise<string[]> {
  const { bundle, folder, id } = container;
  const { plan, program } = await build({
    bundle,
    id,
    target: "aarch64",
    cgroups: "none",
  });
  assertEquals(program[18], 183, "e_machine");
  const path = `${folder}/launcher`;
  const whole = elf(layOut(translatable(plan), "aarch64"), "aarch64");
  Deno.writeFileSync(path, whole, { mode: 0o755 });
  // There init is not the launcher's child: it has to be adopted, which
  // qemu-user cannot ask for, but inherits.
  const qemu = emulator("aarch64")!;
  const adopting = new PlanBuilder()
    .call("prctl", [PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0])
    .call("execve", [qemu, { strings: [qemu, path] }, { strings: [] }])
    .build();
  const wrapper = `${folder}/adopting`;
  Deno.writeFileSync(wrapper, compile(adopting, ARCH), { mode: 0o755 });
  return [wrapper];
}

/** A bundle without anything that qemu-user does not translate. */
function plain(text: string) {
  return script(text, (config) => {
    config.mounts = [];
    config.linux = { namespaces: [], maskedPaths: [], readonlyPaths: [] };
    config.hostname = "";
    config.root.readonly = false;
  });
}

rootTest(
  "an aarch64 launcher runs its program and ends with its status",
  async () => {
    await using container = new Container(plain("echo hello; pwd; exit 6"));
    const result = await run(await launcher(container));
    assertEquals(result.stdout, "hello\n/\n");
    assertEquals(result.code, 6, result.stderr);
  },
  needs,
);

rootTest("an aarch64 launcher tells in words what fails", async () => {
  await using container = new Container(plain("true"));
  Deno.renameSync(container.rootfs, `${container.folder}/elsewhere`);
  const words = await launcher(container);
  assertOneLine(
    await run(words),
    /^davit: Cannot open the root file system .*No such file or directory$/,
  );
}, needs);
