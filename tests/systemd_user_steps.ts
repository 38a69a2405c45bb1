/** What an ordinary user has of systemd, and of cgroups delegated to him. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import type { Step } from "./systemd_job.ts";
import { USER } from "./systemd_vm.ts";

const MANAGER = `/user.slice/user-${USER.uid}.slice/user@${USER.uid}.service`;
const LIMITS = { memory: { limit: 32 << 20 }, cpu: { shares: 512 } };

const limited: Patch = (config) => {
  config.linux.resources = LIMITS;
};

/** Commands that make the file `inner`, for another shell to do `script`. */
const inner = (script: string) =>
  `{ declare -f field cgroup values; declare -p D R B; cat <<'END'
${script}
END
} >inner`;

const lines = (output: string) => output.trimEnd().split("\n");

export const USER_STEPS: readonly Step[] = [
  {
    name: "a user's scope is one of his own manager",
    asUser: true,
    bundles: { one: limited },
    script: `$D --systemd-cgroup create --bundle $B/one u1
cgroup u1; values $(cgroup u1) memory.max cpu.weight
$D start u1
$D exec u1 cat /proc/self/cgroup
$D pause u1; field status u1; $D resume u1
$D delete -f u1; left u1`,
    check: (output) =>
      assertEquals(lines(output), [
        `/sys/fs/cgroup${MANAGER}/user.slice/davit-u1.scope`,
        `memory.max=${32 << 20}`,
        "cpu.weight=59",
        "0::/",
        "paused",
      ]),
  },
  {
    name: "root of a user's own namespace has the user's manager",
    asUser: true,
    bundles: {
      one: (config) => {
        limited(config);
        const { linux } = config;
        linux.namespaces = linux.namespaces.filter(({ type }) =>
          type !== "user"
        );
        delete linux.uidMappings;
        delete linux.gidMappings;
      },
    },
    script: `${
      inner(`
$D --systemd-cgroup create --bundle $B/one u8; cgroup u8
values $(cgroup u8) memory.max
$D start u8; $D exec u8 cat /proc/self/cgroup; $D delete -f u8`)
    }
unshare --user --map-root-user --mount bash inner
left u8`,
    check: (output) =>
      assertEquals(lines(output), [
        `/sys/fs/cgroup${MANAGER}/user.slice/davit-u8.scope`,
        `memory.max=${32 << 20}`,
        "0::/",
      ]),
  },
  {
    name: "a user without a manager is told so",
    asUser: true,
    bundles: { one: () => {} },
    script: `XDG_RUNTIME_DIR=/nowhere $D --root root --systemd-cgroup create \\
  --bundle $B/one u2; echo $?; ls root`,
    check(output) {
      const [error = "", ...rest] = lines(output);
      assertMatch(error, /Cannot reach the user's own systemd for cgroups/);
      assertMatch(error, /"\/nowhere\/bus": No such file or directory/);
      assertMatch(error, /set XDG_RUNTIME_DIR, .*loginctl enable-linger/);
      assertEquals(rest[0], "1");
    },
  },
  {
    name: "a user's cgroups are made where he may, by Davit itself",
    asUser: true,
    bundles: {
      one: limited,
      relative: (config) => {
        limited(config);
        config.linux.cgroupsPath = "some/where";
      },
    },
    script: `${
      inner(`
$D create --bundle $B/one u3; cgroup u3; values $(cgroup u3) memory.max cpu.weight
$D start u3; $D exec u3 cat /proc/self/cgroup; $D delete -f u3
$D create --bundle $B/relative u4; cgroup u4; $D delete -f u4`)
    }
systemd-run --user --scope -q -p Delegate=yes bash inner
left u3; left some`,
    check: (output) =>
      assertEquals(lines(output), [
        `/sys/fs/cgroup${MANAGER}/app.slice/u3`,
        `memory.max=${32 << 20}`,
        "cpu.weight=59",
        "0::/",
        `/sys/fs/cgroup${MANAGER}/app.slice/some/where`,
      ]),
  },
  {
    name: "a user to whom nothing is delegated has no limits",
    asUser: true,
    bundles: { none: () => {}, one: limited },
    script: `$D create --bundle $B/one u5; echo $?
$D create --bundle $B/none u5 2>/dev/null; cgroup u5; $D delete -f u5`,
    check(output) {
      const [error = "", ...rest] = lines(output);
      assertMatch(error, /rootless needs no limits \+ no cgrouppath when no/);
      assertMatch(
        error,
        /no cgroup .* is delegated to its user: start it with/,
      );
      assertEquals(rest, ["1", "/sys/fs/cgroup/system.slice/job.service"]);
    },
  },
  {
    name: "a service's own cgroup takes no controllers beside its processes",
    forUser: true,
    bundles: { none: () => {}, one: limited },
    script: `${
      inner(`
export XDG_RUNTIME_DIR=/run/user/${USER.uid}
$D create --bundle $B/one u6; echo $?
$D create --bundle $B/none u6; cgroup u6; $D delete -f u6
cat $(sed -n 's,^0::,/sys/fs/cgroup,p' /proc/self/cgroup)/cgroup.type`)
    }
systemd-run --wait -q --pipe -p User=${USER.name} -p Delegate=yes \\
  --unit davit-service bash /run/inner
left u6`,
    check(output) {
      const [error = "", ...rest] = lines(output);
      assertMatch(
        error,
        /the cgroup controller "(memory|cpu)" is not available/,
      );
      assertMatch(error, /EBUSY, that cgroup has processes of its own/);
      assertEquals(rest, [
        "1",
        "/sys/fs/cgroup/system.slice/davit-service.service/u6",
        "domain",
      ]);
    },
  },
  {
    name: "a controller that is not delegated is told with its mend",
    asUser: true,
    bundles: {
      one: (config) => {
        config.linux.resources = { cpu: { cpus: "0" } };
      },
    },
    script: `${inner("$D create --bundle $B/one u7; echo $?")}
systemd-run --user --scope -q bash inner
left u7`,
    check(output) {
      const [error = "", ...rest] = lines(output);
      assertMatch(error, /Cannot set linux\.resources\.cpu\.cpus: .*"cpuset"/);
      assertEquals(rest, ["1"]);
    },
  },
];
