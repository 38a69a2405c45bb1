/**
 * Davit beside runc as containerd's users feel it: `ctr run --rm`, pods through
 * CRI, and the most memory that a container's start takes. Needs root, runc,
 * containerd, node, npm, busybox-static and dist/davit (deno task compile).
 *
 *     deno task bench:containerd [--runs N] [--pods N]
 *
 * The two sides take turns. Prints medians; asserts nothing.
 */
import { parseArgs } from "@std/cli/parse-args";
import { DAVIT } from "../tests/davit.ts";
import { Containerd, IMAGES } from "../tests/clients/containerd.ts";
import { Cri } from "../tests/clients/cri/cri.ts";
import { packagesMissing } from "../tests/clients/cri/packages.ts";
import { Pod, WAIT } from "../tests/clients/cri/pod.ts";
import { report, type Times } from "./bench_sides.ts";

const SIDES = { davit: DAVIT, runc: "runc" };
/** Its containers have pid namespaces of their own. */
const AS_KUBELET = {
  security_context: { namespace_options: { pid: "CONTAINER" } },
};

/** Times `ctr run --rm IMAGE true` inside, where nothing is to be entered. */
const RUNS = `set -eu
exec 3>&1 >/dev/null
for i in $(seq "$COUNT"); do
  for side in davit runc; do
    case $side in davit) runtime=$DAVIT ;; *) runtime=runc ;; esac
    t=$(date +%s%N)
    ctr -a "$SOCKET" run --rm --runc-binary "$runtime" "$IMAGE" "$side-$i" true
    echo "$side $(($(date +%s%N) - t))" >&3
  done
done
`;

/** The most that the memory cgroup of a fresh container has counted. */
const MEMORY = `set -eu
for side in davit runc; do
  case $side in davit) runtime=$DAVIT ;; *) runtime=runc ;; esac
  ctr -a "$SOCKET" run -d --runc-binary "$runtime" --cgroup "/$MACHINE/$side" \
    "$IMAGE" "$side" sleep 1000
  sleep 0.5
  echo "$side $(cat /sys/fs/cgroup/memory/$MACHINE/$side/memory.max_usage_in_bytes)"
  ctr -a "$SOCKET" task rm -f "$side" >/dev/null 2>&1
  ctr -a "$SOCKET" container rm "$side"
done
`;

/** Runs a script that prints lines of a side and a figure. */
async function figures(
  { machine, socket }: Containerd,
  script: string,
  count: number,
): Promise<Times> {
  const env = {
    COUNT: `${count}`,
    DAVIT,
    IMAGE: IMAGES[0]!.name,
    MACHINE: machine.id,
    SOCKET: socket,
  };
  const { code, stdout, stderr } = await machine.run(["sh", "-c", script], {
    env,
    timeout: 600,
  });
  if (code !== 0) throw new Error(stderr);
  const times: Times = { davit: [], runc: [] };
  for (const line of stdout.trim().split("\n")) {
    const [side, figure] = line.split(" ");
    times[side as keyof Times].push(Number(figure));
  }
  return times;
}

async function compareCtr(runs: number): Promise<void> {
  await using containerd = await Containerd.start({ runtime: "runc" });
  await containerd.importImages("default");
  const times = await figures(containerd, RUNS, runs + 1);
  for (const list of Object.values(times)) {
    list.forEach((time, i) => list[i] = time / 1e6);
  }
  report("ctr run --rm IMAGE true", "ms", times);
  const { davit, runc } = await figures(containerd, MEMORY, 1);
  console.log(
    `most memory of a container's cgroup from create on: davit ${
      davit[0]! / 1024
    } kB, runc ${runc[0]! / 1024} kB`,
  );
}

async function comparePods(count: number): Promise<void> {
  await using davit = await Cri.start(SIDES.davit);
  await using runc = await Cri.start(SIDES.runc);
  const up: Times = { davit: [], runc: [] };
  const down: Times = { davit: [], runc: [] };
  const together: Times = { davit: [], runc: [] };
  const sides = { davit, runc };
  for (let i = 0; i <= count; i++) {
    for (const side of ["davit", "runc"] as const) {
      const begin = performance.now();
      const pod = await Pod.run(sides[side], AS_KUBELET);
      await pod.start(WAIT, { linux: AS_KUBELET });
      const running = performance.now();
      await pod[Symbol.asyncDispose]();
      up[side].push(running - begin);
      down[side].push(performance.now() - running);
    }
  }
  report("a pod with a container, until it runs", "ms", up);
  report("stopping and removing it", "ms", down);
  for (let i = 0; i <= 4; i++) {
    for (const side of ["davit", "runc"] as const) {
      const begin = performance.now();
      await Promise.all(Array.from({ length: count / 4 }, async () => {
        await using pod = await Pod.run(sides[side], AS_KUBELET);
        await pod.start(WAIT, { linux: AS_KUBELET });
      }));
      together[side].push(performance.now() - begin);
    }
  }
  report(`${count / 4} pods at once, until they are gone`, "ms", together);
}

const { runs, pods } = parseArgs(Deno.args, {
  default: { runs: 40, pods: 20 },
});
const missing = await packagesMissing();
await compareCtr(runs);
if (missing === undefined) await comparePods(pods);
else console.log(`pods are left out: ${missing}`);
