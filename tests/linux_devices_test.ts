/** Devices that the configuration asks for, seen from inside. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Config, Patch } from "./config.ts";
import { command, containerTest, script } from "./container.ts";
import { assertSuccess, run } from "./davit.ts";
import { sees, writable } from "./inside.ts";

const devices = (...list: Record<string, unknown>[]): Patch => (config) => {
  writable(config);
  config.linux.devices = list;
};

const STAT = "stat -c '%F %t:%T %a %u:%g'";

sees(
  "a character device with mode and owner",
  `${STAT} /dev/mine`,
  "character special file 1:3 640 5:6",
  devices({
    type: "c",
    path: "/dev/mine",
    major: 1,
    minor: 3,
    fileMode: 0o640,
    uid: 5,
    gid: 6,
  }),
);
sees(
  "an unbuffered device, a block device and a FIFO, in new folders",
  `${STAT} /dev/a/b/u /some/where/b /dev/p`,
  "character special file 1:5 666 0:0\nblock special file 7:3039 666 0:0\n" +
    "fifo 0:0 600 7:8",
  devices(
    { type: "u", path: "/dev/a/b/u", major: 1, minor: 5 },
    // 12345 takes more than the 8 bits that minor numbers once had.
    { type: "b", path: "/some/where/b", major: 7, minor: 12345 },
    { type: "p", path: "/dev/p", fileMode: 0o600, uid: 7, gid: 8 },
  ),
);
sees(
  "the type of the file among the bits of its mode",
  `${STAT} /dev/mine`,
  "character special file 1:3 600 0:0",
  devices({
    type: "c",
    path: "/dev/mine",
    major: 1,
    minor: 3,
    fileMode: 0o020600,
  }),
);
sees(
  "a default device with another mode",
  `${STAT} /dev/null`,
  "character special file 1:3 600 1:2",
  devices({
    type: "c",
    path: "/dev/null",
    major: 1,
    minor: 3,
    fileMode: 0o600,
    uid: 1,
    gid: 2,
  }),
);
sees(
  "a device twice: what is there stays as it is",
  `${STAT} /dev/mine`,
  "character special file 1:3 666 0:0",
  devices(
    { type: "c", path: "/dev/mine", major: 1, minor: 3 },
    { type: "c", path: "/dev/mine", major: 1, minor: 3, fileMode: 0o600 },
  ),
);
sees(
  "a device that engines list in the place of the container's own terminals",
  "readlink /dev/ptmx",
  "pts/ptmx",
  devices({ type: "c", path: "/dev/ptmx", major: 5, minor: 2 }),
);
const mapped: Patch = (config) => {
  const ids = [{ containerID: 0, hostID: 0, size: 65536 }];
  config.linux.namespaces = [...config.linux.namespaces!, { type: "user" }];
  config.linux.uidMappings = ids;
  config.linux.gidMappings = ids;
};

sees(
  "the host's device, bound, in a user namespace",
  "stat -c '%F %t:%T' /dev/full /dev/pipe; cat /dev/zero | head -c 3 | wc -c",
  "character special file 1:7\nfifo 0:0\n3",
  (config) => {
    devices(
      { type: "c", path: "/dev/full", major: 1, minor: 7 },
      { type: "p", path: "/dev/pipe" },
    )(config);
    mapped(config);
  },
);

for (
  const [what, patch, message] of [
    [
      "where another device is",
      devices(
        { type: "c", path: "/dev/mine", major: 1, minor: 3 },
        { type: "c", path: "/dev/mine", major: 1, minor: 5 },
      ),
      /make the device \/dev\/mine \(c 1:5\) \(linux\.devices\[1\]\): File exists/,
    ],
    [
      "where a file is",
      devices({ type: "c", path: "/etc/passwd", major: 1, minor: 3 }),
      /make the device \/etc\/passwd .*: File exists/,
    ],
    [
      "in the place of the root",
      devices({ type: "c", path: "/dev/..", major: 1, minor: 3 }),
      /linux\.devices\[0\]\.path: must not be the root directory/,
    ],
    [
      "that is another one on the host, in a user namespace",
      (config: Config) => {
        devices({ type: "c", path: "/dev/full", major: 1, minor: 3 })(config);
        mapped(config);
      },
      /make the device \/dev\/full \(c 1:3\) .*: No such device/,
    ],
    [
      "with a number that the kernel has no room for",
      devices({ type: "c", path: "/dev/x", major: 4096, minor: 3 }),
      /linux\.devices\[0\]\.major: expected an integer from 0 to 4095/,
    ],
    [
      "without a number",
      devices({ type: "b", path: "/dev/x" }),
      /linux\.devices\[0\]\.major: is missing/,
    ],
  ] as const
) {
  containerTest(
    `run refuses a device ${what}`,
    command(["true"], patch),
    async (container) => {
      const { code, stderr } = await container.run();
      assertEquals(code, 1);
      assertMatch(stderr, message);
    },
  );
}

/** The host's devices, as engines list them for a privileged container. */
function hostDevices(): Record<string, unknown>[] {
  const list: Record<string, unknown>[] = [];
  const visit = (folder: string) => {
    for (const { name } of Deno.readDirSync(folder)) {
      const path = `${folder}/${name}`;
      const { isDirectory, isCharDevice, isBlockDevice, mode, rdev, uid, gid } =
        Deno.lstatSync(path);
      const left = ["/dev/pts", "/dev/shm", "/dev/mqueue", "/dev/console"];
      if (left.includes(path)) continue;
      if (isDirectory) visit(path);
      if (!isCharDevice && !isBlockDevice) continue;
      list.push({
        path,
        type: isBlockDevice ? "b" : "c",
        // As makedev(3) puts them together, as far as they are small.
        major: rdev! >> 8 & 0xfff,
        minor: rdev! & 0xff | rdev! >> 12 & 0xfff00,
        fileMode: mode! & 0o777,
        uid,
        gid,
      });
    }
  };
  visit("/dev");
  return list;
}

containerTest(
  "all of the host's devices are there as with runc",
  script(
    "find /dev -type c -o -type b -o -type l | grep -v /dev/pts/ | sort | " +
      "while read -r path; do stat -c '%n %F %t:%T %a %u:%g' $path; done; " +
      "readlink /dev/ptmx",
    (config) => {
      devices(...hostDevices())(config);
      // Else runc denies itself a default device that is listed.
      config.linux.resources = { devices: [{ allow: true, access: "rwm" }] };
    },
  ),
  async (c) => {
    const runc = ["runc", "--root", `${c.folder}/runc`];
    const ours = assertSuccess(await c.run());
    const theirs = await run([...runc, "run", "-b", c.bundle, c.id]);
    await run([...runc, "delete", "--force", c.id]);
    assertSuccess(theirs);
    assertEquals(ours.stdout, theirs.stdout);
    assert(ours.stdout.split("\n").length > 12, ours.stdout);
  },
  { programs: ["runc"] },
);
