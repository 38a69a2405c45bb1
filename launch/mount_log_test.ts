import { assertEquals } from "@std/assert";
import { close } from "../ffi/fd.ts";
import { FSOPEN_CLOEXEC } from "../ffi/mount.ts";
import { syscall } from "../ffi/syscall.ts";
import { filesystemLog } from "./mount_log.ts";
import { makeFilesystem } from "./filesystems.ts";
import { PlanBuilder } from "./plan.ts";

/** Whether fsopen(2) is allowed: root may be without its rights. */
function mayMakeFilesystems(): boolean {
  const fd = syscall("fsopen", "tmpfs", FSOPEN_CLOEXEC);
  close(fd);
  return fd >= 0;
}

/** A plan that makes a tmpfs with these options. */
function plan(...data: string[]) {
  const builder = new PlanBuilder();
  builder.because("begin").call("umask", [0]);
  const wanted = { type: "tmpfs", source: "", data, attributes: 0 };
  makeFilesystem(builder, "mount", wanted);
  return builder.build();
}

Deno.test("filesystemLog() has nothing to say of other steps", () => {
  const { steps, blocks } = plan("mode=700");
  for (const [index, { action }] of steps.entries()) {
    if ("call" in action && action.call === "fsconfig") continue;
    assertEquals(filesystemLog({ steps, blocks }, index), []);
  }
});

Deno.test({
  name: "filesystemLog() gives the file system's reason, as one line",
  ignore: !mayMakeFilesystems(),
  fn() {
    const whole = plan("mode=700", "nonsense=1", "size=x");
    const of = (option: string) =>
      whole.steps.findIndex(({ action }) =>
        "call" in action && action.call === "fsconfig" &&
        action.args[2] === option
      );
    assertEquals(filesystemLog(whole, of("mode")), []);
    assertEquals(filesystemLog(whole, of("nonsense")), [
      "tmpfs: Unknown parameter 'nonsense'",
    ]);
  },
});
