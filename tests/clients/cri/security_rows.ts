/** Limits, rights and mounts through CRI, row by row. */
import { assertEquals, assertMatch } from "@std/assert";
import { until } from "../../davit.ts";
import type { Row } from "../table.ts";
import type { Cri, Message } from "./cri.ts";
import { Pod, WAIT } from "./pod.ts";

/** A container's security context. */
function context(security_context: Message): Message {
  return { linux: { security_context } };
}

/** A container's resources. */
function limits(resources: Message): Message {
  return { linux: { resources } };
}

export const SECURITY_ROWS: readonly Row<Cri>[] = [
  {
    name: "limits of processors and memory",
    fast: true,
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start(
        WAIT,
        limits({
          cpu_period: 100000,
          cpu_quota: 50000,
          cpu_shares: 512,
          cpuset_cpus: "0",
          memory_limit_in_bytes: 64 << 20,
          oom_score_adj: 900,
        }),
      );
      assertEquals(
        [
          container.cgroup("cpu", "cpu.cfs_period_us"),
          container.cgroup("cpu", "cpu.cfs_quota_us"),
          container.cgroup("cpu", "cpu.shares"),
          container.cgroup("cpuset", "cpuset.cpus"),
          container.cgroup("memory", "memory.limit_in_bytes"),
          await container.says("cat /proc/1/oom_score_adj"),
        ],
        ["100000", "50000", "512", "0", `${64 << 20}`, "0\n"],
      );
    },
  },
  {
    name: "the OOM killer is told as the reason",
    async run(cri) {
      await using pod = await Pod.run(cri);
      // containerd asks for the event once the container runs.
      const container = await pod.start(
        "while [ ! -e /go ]; do sleep 0.1; done; " +
          "exec dd if=/dev/zero of=/dev/null bs=64M count=1",
        limits({ memory_limit_in_bytes: 16 << 20 }),
      );
      await cri.machine.run([
        "touch",
        `/proc/${await container.pid()}/root/go`,
      ]);
      const { exit_code } = await container.ended();
      assertEquals(exit_code, 137);
      await until(
        "the reason is told",
        async () => (await container.status()).reason === "OOMKilled",
      );
    },
  },
  {
    name: "UpdateContainerResources",
    fast: true,
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start(
        WAIT,
        limits({ memory_limit_in_bytes: 64 << 20, cpu_shares: 512 }),
      );
      await container.update({
        memory_limit_in_bytes: 96 << 20,
        cpu_shares: 256,
        cpu_period: 50000,
        cpu_quota: 20000,
        cpuset_cpus: "1",
      });
      assertEquals(
        [
          container.cgroup("memory", "memory.limit_in_bytes"),
          container.cgroup("cpu", "cpu.shares"),
          container.cgroup("cpu", "cpu.cfs_period_us"),
          container.cgroup("cpu", "cpu.cfs_quota_us"),
          container.cgroup("cpuset", "cpuset.cpus"),
        ],
        [`${96 << 20}`, "256", "50000", "20000", "1"],
      );
      // It keeps its devices.
      const devices = "echo a >/dev/null && head -c 4 /dev/urandom | wc -c";
      assertEquals(await container.says(devices), "4\n");
    },
  },
  {
    name: "statistics",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start(WAIT);
      await until("figures", async () => {
        const { cpu, memory } = await container.stats();
        return cpu?.usage_core_nano_seconds.value > 100000 &&
          memory?.working_set_bytes.value > 100000;
      });
    },
  },
  {
    name: "cgroups: containers below the pod's",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start(WAIT);
      for (const controller of ["cpu", "memory", "pids", "devices"]) {
        await until(
          `two processes in ${controller}`,
          () =>
            container.cgroup(controller, "cgroup.procs").split("\n").length ===
              2,
        );
      }
    },
  },
  {
    name: "host namespaces",
    async run(cri) {
      const namespace_options = { network: "NODE", pid: "NODE", ipc: "NODE" };
      const security_context = { namespace_options };
      await using pod = await Pod.run(cri, { security_context }, {
        hostname: "",
      });
      const ids = "for n in net pid ipc uts; do " +
        "readlink /proc/self/ns/$n; done";
      const inside = await pod.output(ids, context({ namespace_options }));
      const host = await cri.machine.run(["sh", "-c", ids]);
      assertEquals(inside, host.stdout);
    },
  },
  {
    name: "host namespaces: a container's children end with it",
    async run(cri) {
      const namespace_options = { pid: "NODE" };
      const security_context = { namespace_options };
      await using pod = await Pod.run(cri, { security_context });
      const container = await pod.start(
        "sleep 1000 & echo $!; exec sleep 1001",
        context({ namespace_options }),
      );
      const pid = await until("a child", () => container.log().trim());
      await container.stop(0);
      assertEquals((await container.ended()).exit_code, 137);
      const { code } = await cri.machine.run(["test", "-e", `/proc/${pid}`]);
      assertEquals(code, 1);
    },
  },
  {
    name: "privileged",
    async run(cri) {
      const security_context = { privileged: true };
      await using pod = await Pod.run(cri, { security_context });
      const text = await pod.output(
        "grep CapEff /proc/self/status; mount -t tmpfs t /tmp && echo mounted; " +
          "ls /dev | grep -c .; grep Seccomp: /proc/self/status",
        context(security_context),
      );
      assertMatch(
        text,
        /^CapEff:\s+0000\w+\nmounted\n\d\d+\nSeccomp:\s+0\n$/,
      );
    },
  },
  {
    name: "seccomp: the runtime's default, none, and a file's",
    async run(cri) {
      await using pod = await Pod.run(cri, {
        security_context: { seccomp: { profile_type: "RuntimeDefault" } },
      });
      const look = "grep Seccomp: /proc/self/status; " +
        "mkdir /tmp/a && echo made; unshare -U true || echo refused";
      const file = cri.machine.path("profile.json");
      Deno.writeTextFileSync(
        cri.machine.outside("profile.json"),
        JSON.stringify({
          defaultAction: "SCMP_ACT_ALLOW",
          syscalls: [{
            names: ["mkdir", "mkdirat"],
            action: "SCMP_ACT_ERRNO",
          }],
        }),
      );
      const seen = [];
      for (
        const seccomp of [
          { profile_type: "RuntimeDefault" },
          { profile_type: "Unconfined" },
          { profile_type: "Localhost", localhost_ref: file },
        ]
      ) {
        const text = await pod.output(look, context({ seccomp }));
        seen.push(
          [/Seccomp:\s+2/, /made/, /refused/].map((word) => word.test(text)),
        );
      }
      assertEquals(seen, [
        [true, true, true],
        [false, true, false],
        [true, false, false],
      ]);
    },
  },
  {
    name: "sysctls",
    async run(cri) {
      await using pod = await Pod.run(cri, {
        sysctls: {
          "kernel.shm_rmid_forced": "1",
          "net.ipv4.ip_local_port_range": "2000 3000",
        },
      });
      const text = await pod.output(
        "cat /proc/sys/kernel/shm_rmid_forced " +
          "/proc/sys/net/ipv4/ip_local_port_range",
      );
      assertEquals(text, "1\n2000\t3000\n");
    },
  },
  {
    name: "users and groups",
    fast: true,
    async run(cri) {
      await using pod = await Pod.run(cri);
      const text = await pod.output(
        "id",
        context({
          run_as_user: { value: 1000 },
          run_as_group: { value: 3000 },
          supplemental_groups: [4000, 4001],
        }),
      );
      assertMatch(text, /^uid=1000\(user\) gid=3000 groups=.*4000,4001/);
      const named = await pod.output(
        "id -u; id -G",
        context({ run_as_username: "user" }),
      );
      assertMatch(named, /^1000\n.*2000/);
    },
  },
  {
    name: "capabilities and no_new_privs",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const text = await pod.output(
        "grep -E 'CapEff|CapBnd|NoNew' /proc/self/status",
        context({
          capabilities: {
            drop_capabilities: ["ALL"],
            add_capabilities: ["NET_BIND_SERVICE", "CHOWN"],
          },
          no_new_privs: true,
        }),
      );
      const set = "0000000000000401";
      assertEquals(
        text,
        `CapEff:\t${set}\nCapBnd:\t${set}\nNoNewPrivs:\t1\n`,
      );
    },
  },
  {
    name: "a root file system for reading; masked paths",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const text = await pod.output(
        "touch /a 2>&1; wc -c </proc/version; " +
          "(echo a >/proc/sys/kernel/hostname) 2>&1; echo $?",
        context({
          readonly_rootfs: true,
          masked_paths: ["/proc/version"],
          readonly_paths: ["/proc/sys"],
        }),
      );
      assertMatch(text, /^touch: \/a: Read-only.*\n0\nsh: .*Read-only.*\n1\n$/);
    },
  },
  {
    name: "mounts of the host, for reading, writing, and propagating",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const folder = pod.config.metadata.name;
      const path = cri.machine.path(`${folder}/data`);
      const outside = cri.machine.outside(`${folder}/data`);
      Deno.mkdirSync(`${outside}/sub`, { recursive: true });
      Deno.writeTextFileSync(`${outside}/file`, "text\n");
      await cri.machine.run(["mount", "--bind", path, path]);
      await cri.machine.run(["mount", "--make-shared", path]);
      const container = await pod.start(WAIT, {
        mounts: [
          { container_path: "/a", host_path: path, readonly: true },
          { container_path: "/b", host_path: path },
          {
            container_path: "/c",
            host_path: path,
            propagation: "PROPAGATION_HOST_TO_CONTAINER",
          },
        ],
      });
      await cri.machine.run(["mount", "-t", "tmpfs", "t", `${path}/sub`]);
      assertEquals(
        await container.says(
          "cat /a/file; touch /a/x || echo no; touch /b/y && echo yes; " +
            'for m in a b c; do grep -q " /$m/sub " /proc/self/mountinfo && echo $m; done',
        ),
        "text\nno\nyes\nc\n",
      );
      await container.stop(0);
      await cri.machine.run(["umount", `${path}/sub`, path]);
    },
  },
  {
    name: "devices",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const seen = [];
      for (const permissions of ["r", "rw"]) {
        const container = await pod.start("(: >/dev/log) 2>&1", {
          devices: [{
            ...{ container_path: "/dev/log", host_path: "/dev/kmsg" },
            permissions,
          }],
        });
        const { exit_code } = await container.ended();
        seen.push([exit_code, container.log()]);
      }
      const refused = "sh: can't create /dev/log: Operation not permitted\n";
      assertEquals(seen, [[1, refused], [0, ""]]);
    },
  },
];
