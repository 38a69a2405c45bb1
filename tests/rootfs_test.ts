/** What a container sees of its files: masks, devices, mounts. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { containerTest, rootTest, script } from "./container.ts";
import { assertSuccess, readIfThere } from "./davit.ts";
import { inside, sees, writable } from "./inside.ts";

rootTest("inside: masked paths show nothing", async () => {
  const text = await inside(
    "wc -c </masked; ls /masked-dir | wc -l; cat /proc/kcore 2>/dev/null | wc -c; ls /proc/scsi 2>/dev/null | wc -l; echo x 2>/dev/null >/masked-dir/x || echo read-only",
    (config) => {
      config.linux.maskedPaths.push("/masked", "/masked-dir", "/not/there");
      config.process.args = [
        "/bin/sh",
        "-c",
        config.process.args[2]!,
      ];
      config.mounts.push({
        destination: "/masked",
        type: "bind",
        source: "/etc/passwd",
        options: ["bind"],
      }, {
        destination: "/masked-dir",
        type: "bind",
        source: "/etc",
        options: ["rbind"],
      });
    },
  );
  assertEquals(text, "0\n0\n0\n0\nread-only");
});
sees(
  "read-only paths",
  `for p in /proc/sys/kernel/hostname /proc/sysrq-trigger /ro/x; do
    { echo x >$p; } 2>/dev/null && echo wrote $p; done; echo done`,
  "done",
  (config) => {
    writable(config);
    config.linux.readonlyPaths.push("/ro", "/not/there");
    config.mounts.push({
      destination: "/ro",
      type: "tmpfs",
      source: "tmpfs",
      options: ["mode=0755"],
    });
  },
);
sees(
  "a read-only root",
  "touch /x 2>/dev/null || echo refused; grep ' / / \\| / ro' /proc/self/mountinfo | head -n 1 | cut -d' ' -f 6 | cut -d, -f 1",
  "refused\nro",
);
sees("a writable root", "touch /x && rm /x && echo wrote", "wrote", writable);
sees(
  "default devices work",
  `for d in null zero full random urandom tty; do
    stat -c '%n %F %t:%T %a %u:%g' /dev/$d; done
  echo x >/dev/null && head -c 3 /dev/zero | wc -c
  head -c 4 /dev/urandom | wc -c; echo x 2>/dev/null >/dev/full || echo full`,
  `/dev/null character special file 1:3 666 0:0
/dev/zero character special file 1:5 666 0:0
/dev/full character special file 1:7 666 0:0
/dev/random character special file 1:8 666 0:0
/dev/urandom character special file 1:9 666 0:0
/dev/tty character special file 5:0 666 0:0
3
4
full`,
);
sees(
  "default links",
  "for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done",
  "/proc/self/fd\n/proc/self/fd/0\n/proc/self/fd/1\n/proc/self/fd/2\npts/ptmx",
);
rootTest("inside: mounts have their types and options", async () => {
  const text = await inside("cat /proc/self/mountinfo");
  const mounts = new Map(
    text.split("\n").map((line) => {
      const [left, right] = line.split(" - ") as [string, string];
      const fields = left.split(" ");
      const [type, , superOptions] = right.split(" ");
      return [fields[4]!, {
        type,
        options: fields[5]!.split(","),
        superOptions,
      }];
    }),
  );
  const expected: [string, string, string[]][] = [
    ["/proc", "proc", ["rw"]],
    ["/dev", "tmpfs", ["rw", "nosuid"]],
    ["/dev/pts", "devpts", ["rw", "nosuid", "noexec"]],
    ["/dev/shm", "tmpfs", ["rw", "nosuid", "nodev", "noexec"]],
    ["/dev/mqueue", "mqueue", ["rw", "nosuid", "nodev", "noexec"]],
    ["/sys", "sysfs", ["ro", "nosuid", "nodev", "noexec"]],
    ["/proc/sys", "proc", ["ro"]],
  ];
  for (const [path, type, options] of expected) {
    const mount = mounts.get(path);
    assertEquals(mount?.type, type, `${path}:\n${text}`);
    for (const option of options) {
      assert(mount?.options.includes(option), `${path}: ${mount?.options}`);
    }
  }
  assertMatch(mounts.get("/dev/shm")!.superOptions!, /size=65536k/);
  assertMatch(mounts.get("/dev/pts")!.superOptions!, /mode=620/);
});

containerTest(
  "inside: bind mounts: folder and file, read-only and recursive",
  script(
    `cat /in/file /one; echo new >/in/new
    { echo x >/ro/new; } 2>/dev/null || echo ro refused
    { echo x >/one-ro; } 2>/dev/null || echo one-ro refused
    grep -E ' (/in|/ro|/one) ' /proc/self/mountinfo | grep -c -E 'shared:|master:'
    exit 0`,
  ),
  async (container) => {
    const source = `${container.folder}/source`;
    Deno.mkdirSync(source);
    Deno.writeTextFileSync(`${source}/file`, "content\n");
    const file = `${container.bundle}/config.json`;
    const config = JSON.parse(readIfThere(file));
    const mount = (destination: string, source: string, ...options: string[]) =>
      config.mounts.push({ destination, type: "bind", source, options });
    mount("/in", source, "rbind", "rw", "rprivate");
    mount("/ro", source, "bind", "ro", "nosuid", "nodev", "noexec");
    mount("/one", `${source}/file`, "bind");
    mount("/one-ro", `${source}/file`, "bind", "ro");
    Deno.writeTextFileSync(file, JSON.stringify(config));
    assertEquals(
      assertSuccess(await container.run()).stdout,
      "content\ncontent\nro refused\none-ro refused\n0\n",
    );
    assertEquals(readIfThere(`${source}/new`), "new\n");
  },
);

rootTest(
  "inside: no file of the host is reachable by /proc/1/root or ..",
  async () => {
    const text = await inside(
      "ls / /.. /proc/1/root/.. | grep -c rootfs; exit 0",
    );
    assertEquals(text, "0");
  },
);

for (const count of [200, 1000]) {
  sees(
    `${count} masked paths and ${count} mounts`,
    "grep -c ' /many/' /proc/self/mountinfo",
    `${count}`,
    (config) => {
      writable(config);
      for (let i = 0; i < count; i++) {
        config.linux.maskedPaths.push(`/etc/missing-${i}`);
        config.mounts.push({
          destination: `/many/${i}`,
          type: "tmpfs",
          source: "tmpfs",
        });
      }
    },
  );
}
