/** The life of pods and containers through CRI, row by row. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { until } from "../../davit.ts";
import type { Row } from "../table.ts";
import type { Cri } from "./cri.ts";
import { Pod, type PodContainer, WAIT } from "./pod.ts";

export const LIFE_ROWS: readonly Row<Cri>[] = [
  {
    name: "a pod: ready, with an address, then gone",
    fast: true,
    async run(cri) {
      const pod = await Pod.run(cri);
      const { state, network } = await pod.status();
      assertEquals([state, network.ip], ["SANDBOX_READY", "10.99.0.2"]);
      await pod[Symbol.asyncDispose]();
      await assertRejects(() => pod.status(), Error, "not found");
    },
  },
  {
    name: "a container: created, running, ended, its log",
    fast: true,
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.create("echo out; echo err >&2; exit 7");
      assertEquals((await container.status()).state, "CONTAINER_CREATED");
      await container.start();
      const { exit_code, reason } = await container.ended();
      assertEquals([exit_code, reason], [7, "Error"]);
      assertMatch(container.log(), /^(out\nerr|err\nout)\n$/);
      await container.remove();
      await assertRejects(() => container.status(), Error, "not found");
    },
  },
  {
    name: "a container that ends well",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start("true");
      const { exit_code, reason } = await container.ended();
      assertEquals([exit_code, reason], [0, "Completed"]);
    },
  },
  {
    name: "no such program",
    async run(cri) {
      await using pod = await Pod.run(cri);
      await assertRejects(
        () => pod.start("", { command: ["nothing"] }),
        Error,
        'exec: "nothing": executable file not found in $PATH',
      );
    },
  },
  {
    name: "command, arguments, environment, working directory",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const text = await pod.output("", {
        command: ["sh", "-c", 'echo "$0 $1"; echo $A; pwd'],
        args: ["a", "b c"],
        envs: [{ key: "A", value: "d" }],
        working_dir: "/home/user",
      });
      assertEquals(text, "a b c\nd\n/home/user\n");
    },
  },
  {
    name: "containers of a pod share network, ipc and uts, not pid",
    fast: true,
    async run(cri) {
      await using pod = await Pod.run(cri, {
        security_context: { namespace_options: { pid: "CONTAINER" } },
      });
      const linux = {
        security_context: { namespace_options: { pid: "CONTAINER" } },
      };
      const ids = "cd /proc/self/ns; for n in net ipc uts pid mnt; do " +
        "readlink $n; done; echo $(hostname) $$";
      const [a, b] = await Promise.all(
        [1, 2].map(async () =>
          (await pod.output(ids, { linux })).trim().split("\n")
        ),
      );
      assertEquals(a!.slice(0, 3), b!.slice(0, 3));
      assert(a![3] !== b![3] && a![4] !== b![4]);
      assertEquals([a![5], b![5]], Array(2).fill(`${pod.config.hostname} 1`));
    },
  },
  {
    name: "containers of a pod that shares its pid namespace",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const one = await pod.start("exec sleep 1000");
      const other = await pod.start("exec sleep 2000");
      const list = await one.says("ps -o pid,args");
      assertMatch(list, /^ +1 sleep 1000000$/m);
      assertMatch(list, /sleep 1000$/m);
      assertMatch(list, /sleep 2000$/m);
      await other.stop(0);
      assertEquals((await one.status()).state, "CONTAINER_RUNNING");
    },
  },
  {
    name: "a container in another one's pid namespace",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const target = await pod.start("exec sleep 1000", {
        linux: {
          security_context: { namespace_options: { pid: "CONTAINER" } },
        },
      });
      const text = await pod.output("ps -o pid,args", {
        linux: {
          security_context: {
            namespace_options: { pid: "TARGET", target_id: target.id },
          },
        },
      });
      assertMatch(text, /^ +1 sleep 1000$/m);
    },
  },
  {
    name: "stop: asked to end, and made to end",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const willing = await pod.start("trap 'exit 9' TERM; sleep 1000 & wait");
      await until("its trap is set", () => willing.execSync("pidof sleep"));
      await willing.stop(30);
      assertEquals((await willing.ended()).exit_code, 9);
      const other = await pod.start(
        "trap : TERM; echo up; while :; do sleep 1; done",
      );
      await until("its trap is set", () => other.log());
      await other.stop(1);
      assertEquals((await other.ended()).exit_code, 137);
    },
  },
  {
    name: "restarts of a container",
    async run(cri) {
      await using pod = await Pod.run(cri);
      for (let attempt = 0; attempt < 3; attempt++) {
        const again: PodContainer = await pod.start(`exit ${attempt}`, {
          name: "again",
          attempt,
        });
        assertEquals((await again.ended()).exit_code, attempt);
        await again.remove();
      }
    },
  },
  {
    name: "four pods at once, each with two containers",
    async run(cri) {
      const texts = await Promise.all([1, 2, 3, 4].map(async (number) => {
        await using pod = await Pod.run(cri);
        const outputs = await Promise.all([
          pod.output(`echo a${number} $(hostname)`),
          pod.output(`echo b${number} $(hostname)`),
        ]);
        return outputs.map((text) =>
          text.replace(pod.config.hostname, "host").trim()
        );
      }));
      const wanted = [1, 2, 3, 4].map((n) => [`a${n} host`, `b${n} host`]);
      assertEquals(texts, wanted);
    },
  },
  {
    name: "containerd is killed and started again",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start(WAIT);
      await cri.containerd.kill();
      await cri.containerd.restart();
      await cri.ready();
      assertEquals((await pod.status()).state, "SANDBOX_READY");
      assertEquals(await container.says("echo alive"), "alive\n");
      await container.stop(10);
      assertEquals((await container.ended()).exit_code, 143);
    },
  },
  {
    name: "the sandbox's process is killed",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start(WAIT);
      const parent = `/sys/fs/cgroup/pids${pod.cgroup}/${pod.id}`;
      const pid = (await cri.machine.run(["cat", `${parent}/cgroup.procs`]))
        .stdout.trim();
      await cri.machine.run(["kill", "-9", pid]);
      await until(
        "the pod is not ready",
        async () => (await pod.status()).state === "SANDBOX_NOTREADY",
      );
      assertEquals((await container.ended()).exit_code, 137);
    },
  },
  {
    name: "through the old shim: run, exec, terminal, stop",
    async run(cri) {
      await using pod = await Pod.run(cri, {}, {}, "v1");
      const container = await pod.start(WAIT);
      assertEquals(await container.says("echo in"), "in\n");
      const { stdout } = await container.exec("tty", true, []);
      assertEquals(stdout, "/dev/pts/0\r\n");
      await container.stop(10);
      assertEquals((await container.ended()).exit_code, 143);
    },
  },
];
