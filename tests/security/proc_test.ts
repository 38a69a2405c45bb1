/** /proc, /sys, labels, masked and read-only paths. Each attack is under its number. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { readConfig } from "../bundle.ts";
import { assertRefused, attack, replaceByLink, Swapper } from "../canary.ts";
import type { Patch } from "../config.ts";
import { change, script } from "../container.ts";
import { assertSuccess } from "../davit.ts";

const ORDINARY = /must be mounted on ordinary directory/;

attack(
  "CVE-2019-19921: a /proc that is a symbolic link is refused",
  script("ls /proc /bad-proc; exit 0"),
  async (container) => {
    Deno.mkdirSync(`${container.rootfs}/bad-proc/self`, { recursive: true });
    replaceByLink(container, "proc", "/bad-proc");
    assertRefused(container, await container.run(), ORDINARY);
  },
);

for (
  const [name, destination] of [["sys", "/sys"], ["proc", "/a/../proc"]] as [
    string,
    string,
  ][]
) {
  attack(
    `CVE-2023-27561: so is ${destination} that is one`,
    script("exit 0"),
    async (container, canary) => {
      change(container, (config) => {
        for (const mount of config.mounts) {
          if (mount.destination === `/${name}`) mount.destination = destination;
        }
        config.mounts = config.mounts.filter(({ type }) => type !== "cgroup");
      });
      replaceByLink(container, name, canary.path);
      assertRefused(container, await container.run(), ORDINARY);
    },
  );
}

attack(
  "CVE-2025-54867: a link on the way to a mount of proc stays inside",
  script("exit 0"),
  async (container, canary) => {
    Deno.symlinkSync("../../../../../../../..", `${container.rootfs}/up`);
    Deno.symlinkSync(canary.path, `${container.rootfs}/out`);
    change(container, (config) => {
      for (const destination of ["/up/proc", "/out/deep"]) {
        config.mounts.push({ destination, type: "proc", source: "proc" });
      }
    });
    await container.run(); // refused or inside: the canary tells
  },
);

/** A label, which is written to a file below /proc. */
const labelled: Patch = (config) => {
  config.process.apparmorProfile = "unconfined";
};

attack(
  "CVE-2023-28642: a /proc that is a link is refused with a label as well",
  script("cat /proc/self/attr/current; exit 0", labelled),
  async (container, canary) => {
    replaceByLink(container, "proc", canary.path);
    assertRefused(container, await container.run(), ORDINARY);
    Deno.removeSync(`${container.rootfs}/proc`);
    Deno.symlinkSync("/home", `${container.rootfs}/proc`);
    assertRefused(container, await container.run(), ORDINARY);
  },
);

const OVER_PROC: [type: string, source: string, destination: string][] = [
  ["tmpfs", "tmpfs", "/proc"],
  ["bind", "FOLDER", "/proc"],
  ["tmpfs", "tmpfs", "/proc/self"],
  ["tmpfs", "tmpfs", "/proc/self/attr"],
  ["bind", "FOLDER", "/proc/self/attr"],
  ["bind", "/proc/self/sched", "/proc/self/attr/exec"],
  ["bind", "/proc/self/sched", "/a/../proc/self/attr/exec"],
  ["bind", "/proc/self/sched", "/to-proc/self/attr/exec"],
  ["bind", "/proc/self/sched", "/to-attr/exec"],
  ["bind", "/proc/self/sched", "/proc/thread-self/attr/apparmor/exec"],
  ["bind", "/proc/sysrq-trigger", "/proc/sys/kernel/hostname"],
  ["bind", "FOLDER", "/proc/sys"],
  ["bind", "FOLDER", "/to-proc/sys/net"],
];
const IDS_OVER_PROC =
  "CVE-2019-16884, CVE-2025-52881, CVE-2025-62596: nothing goes over";
for (const [type, source, destination] of OVER_PROC) {
  attack(
    `${IDS_OVER_PROC} ${destination} (${type} ${source})`,
    script("echo ran", labelled),
    async (container, canary) => {
      Deno.symlinkSync("/proc", `${container.rootfs}/to-proc`);
      Deno.symlinkSync("proc/self/attr", `${container.rootfs}/to-attr`);
      change(container, (config) => {
        const at = config.mounts.findIndex(({ type }) => type === "proc");
        const mount = {
          destination,
          type,
          source: source === "FOLDER" ? canary.path : source,
          options: type === "bind" ? ["bind"] : [],
        };
        config.mounts.splice(at + 1, 0, mount);
        config.linux.sysctl = { "net.ipv4.ip_forward": "1" };
      });
      const result = await container.run();
      assertEquals(result.stdout, "");
      assertRefused(container, result, /proc/);
    },
  );
}

attack(
  "CVE-2025-52881: a sysctl is written to no file but the kernel's",
  script("exit 0", (config) => {
    config.linux.sysctl = { "net.ipv4.ip_forward": "1" };
    config.mounts = config.mounts.filter(({ type }) => type !== "proc");
    config.linux.maskedPaths = config.linux.readonlyPaths = [];
  }),
  async (container, canary) => {
    // Without a proc of its own the container has only what the image holds.
    const net = `${container.rootfs}/proc/sys/net`;
    Deno.mkdirSync(net, { recursive: true });
    Deno.mkdirSync(`${canary.path}/../sysctl/ipv4`, { recursive: true });
    const file = `${container.folder}/sysctl/ipv4/ip_forward`;
    Deno.writeTextFileSync(file, "untouched");
    Deno.symlinkSync(`${container.folder}/sysctl/ipv4`, `${net}/ipv4`);
    await container.run();
    assertEquals(Deno.readTextFileSync(file), "untouched");
  },
);

attack(
  "GHSA-3q8j-pf29-vwv8: a path that is swapped meanwhile is read-only, or another is",
  script("grep ' /vol/' /proc/self/mountinfo; exit 0"),
  async (container) => {
    const volume = `${container.folder}/volume`;
    for (const name of ["a", "b"]) {
      Deno.mkdirSync(`${volume}/${name}/path`, { recursive: true });
    }
    change(container, (config) => {
      const bind = { type: "bind", source: volume, options: ["rbind", "rw"] };
      config.mounts.push({ destination: "/vol", ...bind });
      config.linux.readonlyPaths.push("/vol/a/path");
      config.linux.maskedPaths.push("/vol/b/path");
    });
    using swapper = new Swapper(`${volume}/a`, `${volume}/b`);
    for (let i = 0; i < 30; i++) {
      const { stdout } = assertSuccess(await container.run());
      const lines = stdout.trim().split("\n").filter((line) => line !== "");
      for (const line of lines) assertMatch(line.split(" ")[5]!, /^ro\b/, line);
      assert(lines.length > 0, "neither path has got its mount");
    }
    assert(swapper.swaps > 1000, `${swapper.swaps} swaps`);
  },
);

const TELLING = "/proc/kcore /proc/keys /proc/latency_stats /proc/timer_list " +
  "/proc/sched_debug /proc/scsi /proc/acpi /proc/asound " +
  "/sys/devices/virtual/powercap /sys/firmware";
attack(
  "GHSA-7ww5-4wqc-m92c: spec hides what tells of the host, powercap too",
  script(
    `for path in ${TELLING}; do
      [ -e $path ] || continue
      if [ -d $path ]; then ls -A $path; else head -c 1 $path; fi
    done`,
  ),
  async (container) => {
    const { maskedPaths } = readConfig(container.bundle).linux;
    for (const path of TELLING.split(" ")) {
      assert(maskedPaths.includes(path), path);
    }
    assertEquals(assertSuccess(await container.run()).stdout, "");
  },
);
