/** Masked and read-only paths. */
import { assert, assertEquals } from "@std/assert";
import { change, containerTest, script } from "./container.ts";
import { assertSuccess } from "./davit.ts";

containerTest(
  "masks: all masked directories are one empty read-only file system",
  script(
    `ls -A /one /two /two/three /four
    for d in one two four; do touch /$d/x 2>/dev/null && echo wrote $d; done
    cat /file; (echo x >/file) && cat /file
    stat -c %d /one /two /four | sort -u | wc -l`,
    (config) => {
      config.linux["maskedPaths"] = [
        "/one",
        "/file",
        "/two/three",
        "/missing",
        "/two",
        "/four",
      ];
    },
  ),
  async (container) => {
    const { rootfs } = container;
    for (const name of ["one", "two/three", "four"]) {
      Deno.mkdirSync(`${rootfs}/${name}`, { recursive: true });
      Deno.writeTextFileSync(`${rootfs}/${name}/secret`, "secret\n");
    }
    Deno.writeTextFileSync(`${rootfs}/file`, "secret\n");
    const { stdout, stderr } = await container.run();
    assertEquals(stdout, "/four:\n\n/one:\n\n/two:\n1\n");
    assert(stderr.includes("/two/three"), stderr);
    change(container, (config) => {
      config.process.args = ["cat", "/proc/self/mountinfo"];
    });
    const text = assertSuccess(await container.run()).stdout;
    const lines = text.trim().split("\n").map((line) => line.split(" "))
      .filter((fields) => ["/one", "/two", "/four"].includes(fields[4]!));
    assertEquals(lines.length, 3);
    for (const fields of lines) assert(fields[5]!.startsWith("ro"));
    // The device of the file system is the same.
    assertEquals(new Set(lines.map((fields) => fields[2])).size, 1);
  },
);
