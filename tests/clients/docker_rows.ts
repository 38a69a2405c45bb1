/** What docker does with a runtime, row by row. */
import type { ScriptRow } from "./table.ts";

/**
 * Before each script. `d` is docker, `run` its run of the test's image, `up`
 * one in the background that ends when told, `of` a field of its inspection.
 */
export const PRELUDE = `set -eu
export HOME=$PWD DOCKER_CONFIG=$PWD/.docker DOCKER_HOST=$HOST
d() { "$DOCKER" "$@"; }
run() { d run --name "$ID" "$@"; }
up() { run -d "$@" "$IMAGE" sh -c 'trap exit TERM; sleep 1000 & wait' >$ID.full; }
of() { d inspect -f "{{.$1}}" "$ID"; }
is() { [ "$(of "$1")" = "$2" ]; }
cgroup() { cat "/sys/fs/cgroup/$1/$MACHINE/$(of Id)/$2"; }
soon() {
  for try in $(seq 200); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.05
  done
  echo "not in time: $*"
  return 1
}
`;

/** After each script: its containers go. */
export const FINALE = `d rm -f $(d ps -aq --filter name=$ID) || true
d network rm $ID || true
`;

export const DOCKER_ROWS: readonly ScriptRow[] = [
  {
    name: "run",
    script: "run --rm $IMAGE echo hello",
    prints: /^hello\n$/,
    fast: true,
  },
  {
    name: "exit status: the program's",
    script: "run $IMAGE sh -c 'exit 42'",
    prints: /^$/,
    status: 42,
  },
  {
    name: "exit status 125: docker's own",
    script: "run --memory 1 $IMAGE true",
    prints: /Minimum memory limit/,
    status: 125,
  },
  {
    name: "exit status 126: not executable",
    script: "run $IMAGE /etc/passwd",
    prints: /permission denied/,
    status: 126,
    fast: true,
  },
  {
    name: "exit status 127: no such program",
    script: "run $IMAGE nothing",
    prints: /exec: \\?"nothing\\?": executable file not found in \$PATH/,
    status: 127,
    fast: true,
  },
  {
    name: "exit status 137: killed",
    script:
      "run $IMAGE sh -c 'echo up; exec sleep 1000' & soon d kill $ID; wait $!",
    prints: /^(up\n)?$/,
    status: 137,
    fast: true,
  },
  {
    name: "output and errors apart, input to its end",
    script: `echo word | run -i $IMAGE sh -c 'cat; echo b >&2' 2>$ID.err
      cat $ID.err >&2`,
    prints: /^word\nb\n$/,
  },
  {
    name: "run -it: size, input, exit status",
    script: `echo word | script -qec '. $PRELUDE; stty cols 91 rows 33
      run -it $IMAGE sh -c "tty; read a; until stty size | grep 91; do sleep 0.05; done 2>/dev/null; echo got \\$a; exit 3"' \
        /dev/null`,
    prints: /\/dev\/pts\/0\n[^]*33 91\n[^]*got word\n/,
    status: 3,
    fast: true,
  },
  {
    name: "run -d, logs, wait",
    script: "run -d $IMAGE sh -c 'echo a; echo b >&2; exit 4' >/dev/null; " +
      "d wait $ID; d logs $ID",
    prints: /^4\na\nb\n$/,
  },
  {
    name: "attach",
    script: `run -di $IMAGE sh -c 'read a; echo got $a; exit 5' >/dev/null
      { echo word; sleep 1; } | d attach $ID`,
    prints: /^got word\n$/,
    status: 5,
  },
  {
    name: "stop: asked to end",
    script:
      `run -d $IMAGE sh -c 'trap "exit 9" TERM; echo up; sleep 1000 & wait' \
        >/dev/null; soon sh -c "$DOCKER logs $ID | grep up"
      d stop $ID; of State.ExitCode`,
    prints: /^d\d+\n9\n$/,
    fast: true,
  },
  {
    name: "stop: made to end",
    script:
      `run -d $IMAGE sh -c 'trap : TERM; while :; do sleep 1; done' >/dev/null
      d stop -t 1 $ID; of State.ExitCode`,
    prints: /^d\d+\n137\n$/,
  },
  {
    name: "--stop-signal, kill -s",
    script: `run -d --stop-signal USR1 $IMAGE sh -c '
        trap "echo one" USR1; trap "echo two; exit 6" USR2; echo up
        while :; do sleep 0.1; done' >/dev/null
      soon sh -c "$DOCKER logs $ID | grep up"
      d kill -s USR1 $ID; soon sh -c "$DOCKER logs $ID | grep one"
      d kill -s USR2 $ID; d wait $ID; d logs $ID`,
    prints: /6\nup\none\ntwo\n$/,
  },
  {
    name: "exec: output, user, environment, exit status",
    script: `up; d exec $ID echo in
      d exec -u 1000 -w /tmp -e A=b $ID sh -c 'id -u; pwd; echo $A'
      echo word | d exec -i $ID cat; d exec $ID sh -c 'exit 7'`,
    prints: /^in\n1000\n\/tmp\nb\nword\n$/,
    status: 7,
    fast: true,
  },
  {
    name: "exec -it",
    script: `up; echo word | script -qec '. $PRELUDE; stty cols 91 rows 33
      d exec -it $ID sh -c "tty; read a; until stty size | grep 91; do sleep 0.05; done 2>/dev/null; echo got \\$a; exit 3"' \
        /dev/null`,
    prints: /\/dev\/pts\/0\n[^]*33 91\n[^]*got word\n/,
    status: 3,
  },
  {
    name: "exec of no such program",
    script: "up; d exec $ID nothing",
    prints: /exec: \\?"nothing\\?": executable file not found in \$PATH/,
    status: 126,
  },
  {
    name: "exec -d, top",
    script: `up; d exec -d $ID sleep 777
      soon sh -c "$DOCKER top $ID | grep 'sleep 777'"; d top $ID -o pid,args`,
    prints: /sleep 1000\n[^]*sleep 777\n/,
  },
  {
    name: "exec --privileged",
    script: "up; d exec --privileged $ID grep CapEff /proc/self/status",
    prints: /CapEff:\s+0000\w+\n/,
  },
  {
    name: "pause, unpause",
    script: `up; d pause $ID; of State.Status; cgroup freezer freezer.state
      d exec $ID true || true
      d unpause $ID; of State.Status; d exec $ID echo thawed`,
    prints: /paused\nFROZEN\n[^]*running\nthawed\n.*is paused.*\n$/,
    fast: true,
  },
  {
    name: "a paused container is removed by force",
    script: "up; d pause $ID; d rm -f $ID; d ps -aq --filter name=$ID",
    prints: /^d\d+\nd\d+\n$/,
  },
  {
    name: "stats",
    script: `up --memory 64m
      d stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' $ID`,
    prints: /^[\d.]+[kKM]iB \/ 64MiB 2\n$/,
    fast: true,
  },
  {
    name: "update",
    script: `up --memory 64m --memory-swap 64m --cpus 1
      d update --memory 96m --memory-swap 96m --cpus 0.5 --pids-limit 50 \
        --cpu-shares 300 --cpuset-cpus 1 $ID
      cgroup memory memory.limit_in_bytes; cgroup cpu cpu.cfs_quota_us
      cgroup pids pids.max; cgroup cpu cpu.shares; cgroup cpuset cpuset.cpus
      d exec $ID sh -c 'echo a >/dev/null && echo devices'`,
    prints: /^d\d+\n100663296\n50000\n50\n300\n1\ndevices\n/,
  },
  {
    name: "restart, and start again",
    script:
      `up; d restart -t 5 $ID; is State.Running true; d stop $ID; d start $ID
      is State.Running true; d exec $ID echo alive`,
    prints: /^(d\d+\n){3}alive\n$/,
  },
  {
    name: "restart policy: on-failure",
    script:
      `run -d --restart on-failure:2 $IMAGE sh -c 'echo run; exit 3' >/dev/null
      soon is RestartCount 2; soon is State.Status exited
      of State.ExitCode; d logs $ID`,
    prints: /^3\nrun\nrun\nrun\n$/,
    fast: true,
  },
  {
    name: "restart policy: always, after a kill from outside",
    script: `up --restart always; p=$(of State.Pid); kill -9 $p
      soon is RestartCount 1; soon d exec $ID true
      [ $(of State.Pid) != $p ]; echo alive`,
    prints: /^alive\n$/,
  },
  {
    name: "the health is looked at",
    script: `up --health-cmd 'test -e /ok' --health-interval 200ms \
        --health-retries 1
      soon is State.Health.Status unhealthy; d exec $ID touch /ok
      soon is State.Health.Status healthy; of State.Health.Status`,
    prints: /^healthy\n$/,
  },
  {
    name: "dockerd is killed and started again",
    script: `up; p=$(of State.Pid); old=$(cat dockerd.pid); kill -9 $old
      soon sh -c "! kill -0 $old"
      sh -c 'echo $$ >dockerd.pid; exec "$@"' sh $(cat dockerd.args) \
        >>dockerd.log 2>&1 &
      soon d version; is State.Pid $p; d exec $ID echo alive; d stop $ID`,
    prints: /^alive\nd\d+\n$/,
  },
  {
    name: "cp, diff, commit",
    script: `up; d exec $ID touch /new; d diff $ID | grep new
      echo text >$ID.txt; d cp $ID.txt $ID:/tmp/a; d exec $ID cat /tmp/a
      d commit $ID $ID:1 >/dev/null; d run --rm $ID:1 ls /new`,
    prints: /A \/new\n[^]*text\n[^]*\/new\n$/,
  },
  {
    name: "four at once",
    script: `for i in 1 2 3 4; do
        d run --rm --name $ID-$i $IMAGE sh -c "echo $i; exit $i" || echo end $? &
      done; wait`,
    prints: /^(?=[^]*\b1\n)(?=[^]*end 4\n)((end )?\d\n){8}$/,
  },
  {
    name: "build, by the classic builder",
    script: `printf 'FROM %s\\nRUN echo built >/built\\n' $IMAGE |
        DOCKER_BUILDKIT=0 d build -q -t $ID - >/dev/null
      d run --rm $ID cat /built`,
    prints: /^built\n/,
  },
  {
    name: "build, by BuildKit",
    script: `printf 'FROM %s\\nRUN echo built >/built; id -u\\n' $IMAGE |
        DOCKER_BUILDKIT=1 d build --network host --progress plain -t $ID - >$ID.out 2>&1 ||
        { cat $ID.out; exit 1; }
      d run --rm $ID cat /built`,
    prints: /^built\n$/,
  },
  {
    name: "build, by BuildKit: the exit status of a step",
    script: `printf 'FROM %s\\nRUN exit 9\\n' $IMAGE |
        DOCKER_BUILDKIT=1 d build --network host --progress plain -t $ID -`,
    prints: /exit code: 9/,
    status: 1,
  },
  {
    name: "what --rm leaves",
    script: `up --rm; i=$(of Id); p=$(of State.Pid); d stop $ID >/dev/null
      soon sh -c "! $DOCKER inspect $ID"
      find exec data/containers /run | grep $i || echo nothing
      grep $i /proc/self/mountinfo || echo no mounts`,
    prints: /^nothing\nno mounts\n$/,
    fast: true,
  },
];
