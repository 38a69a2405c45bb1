/** What root has of systemd besides limits. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import type { Step } from "./systemd_job.ts";

const runs = (...args: string[]): Patch => (config) => {
  config.process.args = args;
};

/** A container in a place of its own. */
const at = (path: string, more: Patch = () => {}): Patch => (config) => {
  config.linux.cgroupsPath = path;
  more(config);
};

const annotated = (annotations: Record<string, string>): Patch => (config) => {
  config.annotations = Object.fromEntries(
    Object.entries(annotations)
      .map(([name, value]) => [`org.systemd.property.${name}`, value]),
  );
};

/** Lines, without empty ones at the end. */
const lines = (output: string) => output.trimEnd().split("\n");

export const STEPS: readonly Step[] = [
  {
    name: "a container is a scope of its own, from create to delete",
    bundles: { one: runs("sleep", "1000") },
    script: `$D --systemd-cgroup create --bundle $B/one n1
cgroup n1
systemctl show -p ActiveState,Slice,Delegate,Description,MemoryAccounting,CPUAccounting,IOAccounting,TasksAccounting,DefaultDependencies davit-n1.scope | sort
$D start n1
$D exec n1 cat /proc/self/cgroup
$D pause n1; field status n1; $D resume n1; field status n1
$D kill n1 KILL; until [ "$(field status n1)" = stopped ]; do sleep 0.05; done
$D delete n1; echo deleted $?; left n1`,
    check(output) {
      assertEquals(lines(output), [
        "/sys/fs/cgroup/system.slice/davit-n1.scope",
        "ActiveState=active",
        "CPUAccounting=yes",
        "DefaultDependencies=no",
        "Delegate=yes",
        "Description=Davit container n1",
        "IOAccounting=yes",
        "MemoryAccounting=yes",
        "Slice=system.slice",
        "TasksAccounting=yes",
        "0::/",
        "paused",
        "running",
        "deleted 0",
      ]);
    },
  },
  {
    name: "cgroupsPath names the slice, which may be new, and the scope",
    bundles: {
      nested: at("a-b-c.slice:pre:nm", (config) => {
        config.linux.resources = { pids: { limit: 9 } };
      }),
      root: at("-.slice:pre:nm"),
      plain: at(":pre:nm"),
    },
    script: `$D --systemd-cgroup create --bundle $B/nested p1; cgroup p1
sed 's/.*"resourceCgroups":\\[\\([^]]*\\)\\].*/\\1/' davit/p1/state.json; echo
$D delete -f p1; systemctl is-active a-b-c.slice
$D --cgroup-manager systemd create --bundle $B/root p2; cgroup p2; $D delete -f p2
$D --systemd-cgroup create --bundle $B/plain p3; cgroup p3; $D delete -f p3
left pre-nm`,
    check(output) {
      assertEquals(lines(output), [
        "/sys/fs/cgroup/a.slice/a-b.slice/a-b-c.slice/pre-nm.scope",
        '"/sys/fs/cgroup/a.slice/a-b.slice/a-b-c.slice/pre-nm.scope"',
        "active",
        "/sys/fs/cgroup/pre-nm.scope",
        "/sys/fs/cgroup/system.slice/pre-nm.scope",
      ]);
    },
  },
  {
    name: "a scope that is somebody's stays his",
    bundles: { one: at(":same:name"), two: at(":same:name") },
    script: `$D --systemd-cgroup create --bundle $B/one o1
$D --systemd-cgroup create --bundle $B/two o2; echo $?
field status o1; left o2; $D delete -f o1; left same-name`,
    check(output) {
      const [error = "", ...rest] = lines(output);
      assertMatch(error, /unable to apply cgroup configuration/);
      assertMatch(error, /Unit same-name\.scope .*already/);
      assertEquals(rest, ["1", "created"]);
    },
  },
  {
    name: "deleting a stopped container spares another one in its place",
    bundles: {
      one: at(":next:name", runs("true")),
      two: at(":next:name"),
    },
    script: `$D --systemd-cgroup run --detach --bundle $B/one x1
until [ "$(field status x1)" = stopped ]; do sleep 0.05; done
$D --systemd-cgroup run --detach --bundle $B/two x2
$D delete x1; field status x2; $D delete -f x2; left next-name`,
    check(output) {
      const [warning = "", ...rest] = lines(output);
      assertMatch(warning, /the unit next-name\.scope is left to whoever/);
      assertEquals(rest, ["running"]);
    },
  },
  {
    name: "a container without a cgroup namespace sees its scope alone",
    bundles: {
      one: (config) => {
        const { linux, process } = config;
        linux.namespaces = linux.namespaces.filter(({ type }) =>
          type !== "cgroup"
        );
        const script = "cat /proc/self/cgroup; " +
          "grep -x 1 /sys/fs/cgroup/cgroup.procs; " +
          "grep -o ' /[^ ]* /sys/fs/cgroup ' /proc/self/mountinfo";
        process.args = ["sh", "-c", script];
      },
    },
    script: `$D --systemd-cgroup run --bundle $B/one c1; left c1`,
    check: (output) =>
      assertEquals(lines(output), [
        "0::/system.slice/davit-c1.scope",
        "1",
        " /system.slice/davit-c1.scope /sys/fs/cgroup",
      ]),
  },
  {
    name: "a container's user owns the scope's cgroup, as with runc",
    bundles: {
      one: at(":own:n", ({ linux, mounts }) => {
        linux.namespaces.push({ type: "user" });
        linux.uidMappings = linux.gidMappings = [
          { containerID: 0, hostID: 100_000, size: 65536 },
        ];
        const mount = mounts.find(({ type }) => type === "cgroup")!;
        mount.options = mount.options!.filter((option) => option !== "ro");
      }),
    },
    script: `at=/sys/fs/cgroup/system.slice/own-n.scope
for runtime in $D runc; do
  # runc warns of a device that this kernel has not.
  $runtime --systemd-cgroup run --detach --bundle $B/one w1 2>/dev/null
  for file in . cgroup.procs memory.oom.group pids.max; do
    stat -c %u:%g $at/$file
  done
  $runtime exec w1 sh -c 'mkdir /sys/fs/cgroup/sub && echo made'
  $runtime delete --force w1
done`,
    check(output) {
      const one = ["100000:0", "100000:0", "100000:0", "0:0", "made"];
      assertEquals(lines(output), [...one, ...one]);
    },
  },
  {
    name: "a program that ends, or is none, leaves nothing",
    bundles: { ends: runs("true"), none: runs("/no/such") },
    script: `$D --systemd-cgroup run --bundle $B/ends ends-1; echo $?
$D --systemd-cgroup run --bundle $B/none ends-2; echo $?
left ends-1; left ends-2`,
    check(output) {
      const [first, error = "", ...rest] = lines(output);
      assertEquals([first, ...rest], ["0", "1"]);
      assertMatch(error, /"\/no\/such": no such file or directory/);
    },
  },
  {
    name: "little of a small memory, and one task, are enough to begin with",
    bundles: {
      memory: (config) => {
        config.process.args = ["/bin/busybox", "true"];
        config.linux.resources = { memory: { limit: 1 << 20, swap: 1 << 20 } };
      },
      task: (config) => {
        const script = "read n </sys/fs/cgroup/pids.max; echo $n; " +
          "busybox true & wait";
        config.process.args = ["sh", "-c", script];
        config.linux.resources = { pids: { limit: 1 } };
      },
    },
    script: `$D --systemd-cgroup run --bundle $B/memory s1; echo $?
$D --systemd-cgroup run --bundle $B/task s2 2>&1 | head -n 2`,
    check(output) {
      const [status, tasks, error = ""] = lines(output);
      assertEquals([status, tasks], ["0", "1"]);
      assertMatch(error, /fork/);
    },
  },
  {
    name: "annotations become properties",
    bundles: {
      good: annotated({
        CollectMode: "'inactive-or-failed'",
        TimeoutStopSec: "uint64 12",
        Description: "'of an annotation'",
        After: "['dbus.service']",
        AllowedCPUs: "[byte 0x05]",
      }),
      unknown: annotated({ NoSuchThing: "true" }),
      wrong: annotated({ TimeoutStopUSec: "soon" }),
      own: annotated({ PIDs: "[uint32 1]" }),
    },
    script: `$D --systemd-cgroup create --bundle $B/good a1
systemctl show -p CollectMode,TimeoutStopUSec,Description,After,AllowedCPUs davit-a1.scope | sort
$D delete -f a1
for b in unknown wrong own; do $D --systemd-cgroup create --bundle $B/$b a2; done
left a2`,
    check(output) {
      const found = lines(output);
      assertMatch(found[0]!, /^After=.*dbus\.service/);
      assertEquals(found.slice(1, 5), [
        "AllowedCPUs=0 2",
        "CollectMode=inactive-or-failed",
        "Description=of an annotation",
        "TimeoutStopUSec=12s",
      ]);
      assertEquals(found.length, 8, output);
      assertMatch(found[5]!, /Cannot set property NoSuchThing, or unknown/);
      assertMatch(found[6]!, /property\.TimeoutStopUSec"\]: expected /);
      assertMatch(found[7]!, /property\.PIDs"\]: .*the runtime's own/);
    },
  },
  {
    name: "devices are those of the rules, also after systemd's reload",
    bundles: {
      one: (config) => {
        const look = "for n in '1 1' '1 11' '1 3'; do rm -f /tmp/d; " +
          "mknod /tmp/d c $n; head -c 0 /tmp/d 2>&1; done; echo looked";
        config.process.args = ["sh", "-c", `${look}; read x </go; ${look}`];
        config.mounts.push(
          { destination: "/tmp", type: "tmpfs", source: "tmpfs" },
          { destination: "/go", type: "bind", source: "/run/go" },
        );
        config.mounts.at(-1)!.options = ["bind"];
        const { capabilities } = config.process;
        for (const set of ["bounding", "effective", "permitted"] as const) {
          capabilities[set].push("CAP_MKNOD");
        }
        config.linux.resources = {
          devices: [
            { allow: false, access: "rwm" },
            { allow: true, type: "c", major: 1, minor: 11, access: "rwm" },
          ],
        };
      },
    },
    script: `rm -f go; mkfifo go
$D --systemd-cgroup run --bundle $B/one v1 & 
until [ "$(field status v1 2>&1)" = running ]; do sleep 0.05; done
systemctl show -p DevicePolicy davit-v1.scope
systemctl show -p DeviceAllow davit-v1.scope | grep -c 1:11
systemctl daemon-reload; echo go >go; wait; left v1`,
    check(output) {
      const found = lines(output).sort();
      const denied = "head: /tmp/d: Operation not permitted";
      const properties = ["1", "DevicePolicy=strict"];
      assertEquals(found, [
        ...properties,
        denied,
        denied,
        "looked",
        "looked",
      ], output);
    },
  },
  {
    name: "paths that are no units are refused",
    bundles: {
      path: at("/a/b"),
      slice: at("system.slice:x:pod.slice"),
      dots: at("system.slice:..:x"),
    },
    script: `for b in path slice dots; do
  $D --systemd-cgroup create --bundle $B/$b w1; echo $?
done; left w1`,
    check(output) {
      const found = lines(output);
      assertEquals([found[1], found[3], found[5]], ["1", "1", "1"], output);
      assertMatch(found[0]!, /of format "slice:prefix:name" for systemd/);
      assertMatch(found[2]!, /pod\.slice is a slice, which has no processes/);
      assertMatch(found[4]!, /is only dots/);
      assertEquals(found.length, 6, output);
    },
  },
  {
    name: "a process of another pid namespace has no scope",
    bundles: { one: runs("true") },
    script: `unshare --pid --fork --mount-proc \\
  $D --systemd-cgroup run --bundle $B/one ns-1; echo $?; left ns-1`,
    check(output) {
      const [error = "", ...rest] = lines(output);
      assertMatch(error, /not process 1 of this pid namespace/);
      assertEquals(rest, ["1"]);
    },
  },
  {
    name: "without a bus root talks with systemd itself",
    bundles: { one: runs("cat", "/proc/self/cgroup") },
    script: `exec 3>&1
unshare --mount sh -c "mount -t tmpfs none /run/dbus
  $D --systemd-cgroup run --bundle $B/one b1 >&3"; left b1`,
    check: (output) => assertEquals(lines(output), ["0::/"]),
  },
];
