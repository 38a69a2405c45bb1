/** A container's life in podman: created, seen, stopped, attached, changed. */
import type { PodmanCase } from "./podman_case.ts";

const LIFE: readonly PodmanCase[] = [
  {
    name: "create, start --attach, and again",
    run: `podman create --name $n $image sh -c 'echo run; exit 3'
      podman start --attach $n || echo $?; podman start --attach $n || echo $?`,
    out: /^run\n3\nrun\n3$/m,
    fast: true,
  },
  {
    name: "init, then start",
    run: `podman create --name $n $image echo started
      podman init $n; podman inspect --format '{{.State.Status}}' $n
      podman start -a $n`,
    out: /^initialized\nstarted$|^created\nstarted$/m,
  },
  {
    name: "init, then rm: a container that never ran",
    run: `podman create --name $n $image true; podman init $n; podman rm -f $n
      podman container exists $n || echo gone`,
    out: /^gone$/m,
  },
  {
    name: "restart: another first process",
    run:
      `podman run -d --name $n $image sh -c 'cat /proc/sys/kernel/random/uuid; exec sleep 1000'
      soon sh -c "podman logs $n | grep -q ."
      podman restart -t 0 $n; is $n Status running
      soon sh -c "test \\$(podman logs $n | sort -u | wc -l) = 2"`,
  },
  {
    name: "ps and top of a container that runs",
    run: `podman run -d --name $n $image sleep 1000
      podman ps --filter name=$n --format '{{.Names}} {{.State}}'
      podman top $n pid comm | tail -n1 | tr -s ' '`,
    out: /^davit-\S+ Up .*\n1 sleep$/m,
  },
  {
    name: "stop: a program that ends by itself",
    run: `podman run -d --name $n $image sh -c \\
        'trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.1; done'
      soon sh -c "podman logs $n | grep -q up"
      podman stop $n; podman wait $n; podman logs $n`,
    out: /^0\nup\nbye$/m,
    fast: true,
  },
  {
    name: "stop: a program that has to be killed",
    run: `podman run -d --name $n $image sleep 1000
      soon runs $n sleep; podman stop -t 1 $n 2>&1; podman wait $n`,
    out: /^137$/m,
  },
  {
    name: "stop --signal by the container's own choice",
    run: `podman run -d --name $n --stop-signal USR1 $image sh -c \\
        'trap "exit 11" USR1; echo up; while :; do sleep 0.1; done'
      soon sh -c "podman logs $n | grep -q up"
      podman stop $n; podman wait $n`,
    out: /^11$/m,
  },
  {
    name: "kill: a signal by its name, by its number",
    run: `podman run -d --name $n $image sh -c \\
        'trap "echo one" USR1; trap "exit 9" USR2; echo up; while :; do sleep 0.1; done'
      soon sh -c "podman logs $n | grep -q up"
      podman kill -s USR1 $n; soon sh -c "podman logs $n | grep -q one"
      podman kill -s 12 $n; podman wait $n`,
    out: /^9$/m,
    fast: true,
  },
  {
    name: "kill: a container that does not run is an error",
    run: `podman create --name $n $image true; podman kill $n`,
    code: 125,
    err: /can only kill running containers/,
  },
  {
    name: "rm --force of what runs; nothing is left of its processes",
    run: `podman run -d --name $n $image sh -c 'sleep 4711 & exec sleep 4711'
      podman rm -f -t 0 $n; absent pgrep -fx 'sleep 4711'`,
  },
  {
    name: "rm --force after conmon was killed",
    run: `podman run -d --name $n $image sleep 1000
      kill -9 $(podman inspect --format '{{.State.ConmonPid}}' $n)
      id=$(podman inspect --format '{{.Id}}' $n); podman rm -f -t 0 $n
      absent podman container exists $n
      # podman leaves it to nobody
      $runtime delete --force $id`,
  },
  {
    name: "run in the foreground: signals go to the container",
    run: `podman run --rm --name $n $image sh -c \\
        'trap "exit 5" TERM; touch /up; while :; do sleep 0.1; done' &
      soon podman exec $n test -e /up; kill -TERM $!; wait $!`,
    code: 5,
  },
  {
    name: "pause, unpause: nothing goes on meanwhile",
    run: `mkdir $dir/v; podman run -d --name $n -v $dir/v:/v $image sh -c \\
        'while :; do echo x >>/v/x; sleep 0.05; done'
      soon test -s $dir/v/x; podman pause $n; is $n Status paused
      cp $dir/v/x $dir/before; sleep 0.5; cmp $dir/v/x $dir/before
      podman unpause $n; is $n Status running; soon absent cmp -s $dir/v/x $dir/before`,
    as: "root",
    fast: true,
  },
  {
    name: "pause: exec is refused, rm --force succeeds",
    run: `podman run -d --name $n $image sleep 1000; podman pause $n
      podman exec $n true || echo refused; podman rm -f -t 0 $n`,
    out: /^refused$/m,
    as: "root",
  },
  {
    name: "cp, into a container that runs and out of it",
    run: `podman run -d --name $n $image sleep 1000; echo text >$dir/in
      podman cp $dir/in $n:/tmp/file; podman exec $n cat /tmp/file
      podman cp $n:/tmp/file $dir/out; cmp $dir/in $dir/out`,
    out: /^text$/m,
  },
  {
    name: "diff, export, commit of what a container wrote",
    run: `podman run --name $n $image sh -c 'echo mine >/mine'
      podman diff $n | grep -x 'A /mine'
      podman export $n | tar -t | grep -x mine
      podman commit -q $n localhost/$n; podman run --rm localhost/$n cat /mine`,
    out: /^A \/mine\nmine\n[0-9a-f]+\nmine$/m,
  },
  {
    name: "logs: all, the last, followed to the end",
    run:
      `podman run -d --name $n $image sh -c 'echo a; echo b >&2; sleep 1; echo c'
      podman logs -f $n 2>&1; podman logs --tail 1 $n`,
    out: /^a\nb\nc\nc$/m,
    fast: true,
  },
  {
    name: "logs of a driver that keeps none",
    run:
      `podman run --name $n --log-driver none $image echo seen; podman logs $n`,
    code: 125,
    out: "seen",
  },
  {
    name: "wait for several",
    run: `podman run -d --name $n-a $image sh -c 'exit 1'
      podman run -d --name $n-b $image sh -c 'sleep 0.5; exit 2'
      podman wait $n-a $n-b`,
    out: /^1\n2$/m,
  },
  {
    name: "healthcheck: unhealthy, then healthy",
    run: `podman run -d --name $n --health-cmd 'test -e /ok' \\
        --health-interval disable --health-retries 1 $image sleep 1000
      podman healthcheck run $n || echo status $?
      podman exec $n touch /ok; podman healthcheck run $n
      podman inspect --format '{{.State.Health.Status}}' $n`,
    out: /^(unhealthy\n)?status 1\nhealthy$/m,
  },
  {
    name: "info: which runtime it is",
    run:
      `podman info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Version}}'`,
    out: /^(runc runc version|davit davit version) \d/,
  },
];

/** Rows that need control groups. */
const RESOURCES: readonly PodmanCase[] = [
  {
    name: "stats --no-stream",
    run:
      `podman run -d --name $n -m 64m $image sh -c 'sleep 1000 & exec sleep 1000'
      soon sh -c "podman stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.PIDs}}' $n | grep ' 2$'"`,
    out: /davit-\S+ \S+B \/ 67\.\d+MB 2$/m,
  },
  {
    name: "limits of memory, processors and processes",
    run: `podman run --rm -m 64m --memory-reservation 32m --cpus 0.5 \\
        --cpu-shares 512 --cpuset-cpus 0 --pids-limit 20 $image sh -c '
        cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes \\
          memory/memory.soft_limit_in_bytes cpu/cpu.cfs_quota_us \\
          cpu/cpu.shares cpuset/cpuset.cpus pids/pids.max'`,
    out: "67108864\n33554432\n50000\n512\n0\n20",
    fast: true,
  },
  {
    name: "update of limits",
    run: `podman run -d --name $n -m 64m $image sleep 1000
      podman update -m 32m --cpus 0.25 --cpu-shares 100 $n
      podman exec $n sh -c 'cd /sys/fs/cgroup; cat \\
        memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.shares'`,
    out: /^33554432\n25000\n100$/m,
    fast: true,
  },
  {
    name: "out of memory",
    run: `podman run --rm -m 16m --memory-swap 16m $image tail /dev/zero`,
    code: 137,
  },
  {
    name: "a limit of processes holds",
    run: `podman run --rm --pids-limit 5 $image sh -c \\
        'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done; echo all' 2>&1`,
    code: 2,
    out: /can't fork/,
  },
  {
    name: "cgroup: own namespace, the host's, a parent of one's own",
    run: `podman run --rm --cgroupns private $image cat /proc/self/cgroup |
        grep -c ':memory:/$'
      podman run --rm --cgroupns host --cgroup-parent /$n-parent $image \\
        cat /proc/self/cgroup | grep -c ":memory:.*/$n-parent/libpod-"`,
    out: "1\n1",
  },
  {
    name: "limits of input and output",
    run: `disk=$(ls /sys/block | grep -E '^(vd|sd|nvme|xvd|loop)' | head -n1)
      podman run --rm --device-read-bps /dev/$disk:1mb $image sh -c \\
        'cat /sys/fs/cgroup/blkio/blkio.throttle.read_bps_device'`,
    out: /1048576/,
  },
];

/** What podman does with a container that is there. */
export const LIFE_CASES: readonly PodmanCase[] = [
  ...LIFE,
  ...RESOURCES.map((row): PodmanCase => ({ ...row, as: "root" })),
];
