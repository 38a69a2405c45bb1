/** What ctr does with a runtime, row by row. */
import type { ScriptRow } from "./table.ts";

/**
 * Before each script. `ctr` and `task` call ctr, `run` runs a container with
 * the runtime and the shim that are tested, `up` one that ends when it is told
 * to, `spec` writes a configuration without a pid namespace, `soon` repeats a
 * command until it succeeds.
 */
export const PRELUDE = `set -eu
ctr() { command ctr -a "$SOCKET" -n "$NAMESPACE" "$@"; }
task() { ctr task "$@"; }
run() { ctr run --runtime "$SHIM" $BINARY --cgroup "/$NAMESPACE/$ID" "$@"; }
up() {
  run -d "$@" "$IMAGE" "$ID" sh -c 'trap exit TERM; sleep 1000 & wait'
  soon sleepers 1
}
pid() { task ls | sed -n "s/^$ID  *\\([0-9]*\\) .*/\\1/p"; }
is() { [ "$(task ls | sed -n "s/^$ID  *[0-9]*  *//p")" = "$1" ]; }
gone() { ! kill -0 "$1" 2>/dev/null; }
cgroup() { cat "/sys/fs/cgroup/$1/$NAMESPACE/$ID/$2"; }
sleepers() {
  found=$(for p in $(cgroup pids cgroup.procs); do cat /proc/$p/comm; done |
    grep -c sleep)
  [ "$found" = "$1" ]
}
count() { [ "$(cgroup pids pids.current)" = "$1" ]; }
shims() {
  for p in /proc/[0-9]*; do
    if tr '\\0' ' ' <$p/cmdline | grep -q "^[^ ]*containerd-shim.* -id $ID "
    then echo \${p#/proc/}; fi
  done 2>/dev/null
}
stop() { old=$(cat containerd.pid); kill -9 $old; soon gone $old; }
start() {
  sh -c 'echo $$ >containerd.pid; exec containerd -c config.toml -l debug' \\
    >>containerd.log 2>&1 &
  soon ctr version
}
spec() {
  echo "$1" >bundle/rootfs/$ID.sh
  sed "s#CGROUP#/$NAMESPACE/$ID#; s#SCRIPT#/$ID.sh#" bundle/host-pid.json >$ID.json
}
watch() { ctr events >$ID.events & soon sees; }
sees() { ctr namespace label "$NAMESPACE" now=$(date +%N); [ -s $ID.events ]; }
soon() {
  for try in $(seq 200); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.05
  done
  echo "not in time: $*"
  return 1
}
`;

/** After each script: its container goes. */
export const FINALE = `exec >/dev/null 2>&1
set +e
task rm -f "$ID"
ctr container rm "$ID"
`;

export const CTR_ROWS: readonly ScriptRow[] = [
  {
    name: "run",
    script: "run --rm $IMAGE $ID echo hello",
    prints: /^hello\n$/,
    fast: true,
  },
  {
    name: "run: the exit status",
    script: "run --rm $IMAGE $ID sh -c 'exit 42'",
    prints: /^$/,
    status: 42,
  },
  {
    name: "run: a child is killed by a signal",
    script: `run --rm $IMAGE $ID sh -c '
      sh -c "kill -9 \\$\\$"; exit $?'`,
    prints: /^Killed\n$/,
    status: 137,
  },
  {
    name: "run: output and errors apart",
    script: `run --rm $IMAGE $ID sh -c 'echo a; echo b >&2' 2>$ID.err
      cat $ID.err >&2`,
    prints: /^a\nb\n$/,
  },
  {
    name: "run: input",
    script: `seq 20000 | run --rm $IMAGE $ID sh -c '
      while read n; do [ $n != 20000 ] || break; done; echo $n'`,
    prints: /^20000\n$/,
  },
  {
    name: "run: no such program",
    script: "run --rm $IMAGE $ID nothing",
    prints: /exec: \\?"nothing\\?": executable file not found in \$PATH/,
    status: 1,
    fast: true,
  },
  {
    name: "run: not executable",
    script: "run --rm $IMAGE $ID /etc/passwd",
    prints: /exec: \\?"\/etc\/passwd\\?": permission denied/,
    status: 1,
  },
  {
    name: "run: a working directory that has to be made",
    script: "run --rm --cwd /a/b $IMAGE $ID pwd",
    prints: /^\/a\/b\n$/,
  },
  {
    name: "run: environment",
    script: `run --rm --env A=b --env "C=d e" $IMAGE $ID sh -c 'echo $A $C'`,
    prints: /^b d e\n$/,
  },
  {
    name: "run -t: size, input, exit status",
    script: `echo word | script -qec '. $PRELUDE; stty cols 91 rows 33
      run --rm -t $IMAGE $ID sh -c "tty; read a
        until stty size | grep 91; do sleep 0.05; done; echo got \\$a; exit 3"' /dev/null`,
    prints: /\/dev\/pts\/0\n[^]*33 91\n[^]*got word\n/,
    status: 3,
    fast: true,
  },
  {
    name: "run -d --pid-file",
    script: `up --pid-file $ID.pid; [ $(cat $ID.pid) = $(pid) ]
      grep -c "/$NAMESPACE/$ID" /proc/$(pid)/cgroup`,
    prints: /^([89]|\d\d)\n$/,
  },
  {
    name: "run -d, task ls, kill, delete",
    script: `up; task ls | grep -o RUNNING; task kill $ID; soon is STOPPED
      task delete $ID; ctr container rm $ID; task ls -q; ctr container ls -q`,
    prints: /^RUNNING\n.*exit code 143"\n$/,
    fast: true,
  },
  {
    name: "kill -s KILL",
    script: "up; task kill -s KILL $ID; soon is STOPPED; task delete $ID",
    prints: /exit code 137"\n$/,
  },
  {
    name: "kill --all",
    script: `run -d $IMAGE $ID sh -c 'sleep 1000 & sleep 1001 & wait; exit 5'
      soon sleepers 2; task kill --all $ID; soon is STOPPED; task delete $ID`,
    prints: /exit code 5"\n$/,
  },
  {
    name: "kill of a task that has ended",
    script: "run -d $IMAGE $ID true; soon is STOPPED; task kill $ID",
    prints: /process already finished|not found/,
    status: 1,
  },
  {
    name: "delete of a task that runs is refused",
    script: "up; task delete $ID",
    prints: /must be stopped before deletion/,
    status: 1,
  },
  {
    name: "exec",
    script: `up; task exec --exec-id e1 $ID sh -c 'echo in; id -u; pwd'
      task exec --exec-id e2 $ID sh -c 'exit 7'`,
    prints: /^in\n0\n\/\n$/,
    status: 7,
    fast: true,
  },
  {
    name: "exec: user, working directory, input to its end",
    script: `up; echo word | task exec --exec-id e1 --user 1000:1000 \
      --cwd /tmp $ID sh -c 'cat; id -u; id -g; pwd'`,
    prints: /^word\n1000\n1000\n\/tmp\n$/,
  },
  {
    name: "exec: no such program",
    script: "up; task exec --exec-id e1 $ID nothing",
    prints: /exec: \\?"nothing\\?": executable file not found in \$PATH/,
    status: 1,
  },
  {
    name: "exec -t: size, input, exit status",
    script: `up; echo word | script -qec '. $PRELUDE; stty cols 91 rows 33
      task exec -t --exec-id e1 $ID sh -c "tty; read a
        until stty size | grep 91; do sleep 0.05; done; echo got \\$a; exit 3"' /dev/null`,
    prints: /\/dev\/pts\/0\n[^]*33 91\n[^]*got word\n/,
    status: 3,
  },
  {
    name: "exec -d, killed and deleted by its name",
    script: `up; task exec -d --exec-id e1 $ID sleep 500; soon count 3
      task kill --exec-id e1 -s KILL $ID; soon count 2
      task delete --exec-id e1 $ID || echo status $?; is RUNNING`,
    prints: /^(status 137\n)?$/,
  },
  {
    name: "exec: eight at once",
    script: `up; for i in 1 2 3 4 5 6 7 8; do
        task exec --exec-id e$i $ID sh -c "echo $i >>/out; exit $i" ||
          echo end $? &
      done; wait; task exec --exec-id e $ID sort /out`,
    prints: /^(end \d\n){8}1\n2\n3\n4\n5\n6\n7\n8\n$/,
  },
  {
    name: "exec: in every namespace and cgroup of the container",
    script: `up; task exec --exec-id e1 $ID sh -c '
        cat /proc/self/cgroup; cd /proc/self/ns
        for n in *; do readlink $n; done' >$ID.exec
      cat /proc/$(pid)/cgroup >$ID.init
      readlink /proc/$(pid)/ns/* >>$ID.init
      diff $ID.exec $ID.init; wc -l <$ID.exec`,
    prints: /^\d\d\n$/,
  },
  {
    name: "pause and resume",
    script: `up; task pause $ID; is PAUSED; cgroup freezer freezer.state
      ! task exec --exec-id e1 $ID true
      task resume $ID; is RUNNING; cgroup freezer freezer.state
      task exec --exec-id e2 $ID echo thawed`,
    prints: /^FROZEN\nTHAWED\nthawed\n.*paused.*\n$/,
    fast: true,
  },
  {
    name: "a paused task is removed by force",
    script: `up; p=$(pid); task pause $ID; task rm -f $ID; soon gone $p
      echo gone`,
    prints: /^gone\n/,
  },
  {
    name: "metrics",
    script: "up --memory-limit 67108864; soon count 2; task metrics $ID",
    prints:
      /usage_in_bytes +\d{5,} *\nmemory.limit_in_bytes +67108864 *\n[^]*cpuacct.usage +\d{5,} *\n[^]*pids.current +2 *\n/,
  },
  {
    name: "ps",
    script: `up; task exec -d --exec-id e1 $ID sleep 500; soon count 3
      task ps $ID | awk 'NR>1 {print ($1>1), $2}'`,
    prints: /^(?=[^]*e1)(1 \S+\n){3}$/,
  },
  {
    name: "attach",
    script: `run -d $IMAGE $ID sh -c 'sleep 0.5; echo late; exit 4'
      task attach $ID`,
    prints: /^late\n$/,
    status: 4,
  },
  {
    name: "the shim is killed",
    script: `up; p=$(pid); kill -9 $(shims); soon gone $p
      none() { ! task ls | grep "$ID" && [ -z "$(find state -name "$ID")" ]; }
      soon none; ctr container rm $ID; up; is RUNNING; echo up`,
    prints: /^up\n$/,
  },
  {
    name: "containerd is killed and started again",
    script: `up; p=$(pid); stop; start; is RUNNING; [ $(pid) = $p ]
      task exec --exec-id e1 $ID echo alive; task kill $ID; soon is STOPPED
      task delete $ID`,
    prints: /^alive\n.*exit code 143"\n$/,
    fast: true,
  },
  {
    name: "init ends while containerd is away",
    script: `run -d $IMAGE $ID sh -c '
        while [ ! -e /go ]; do sleep 0.1; done; exit 6'
      p=$(pid); stop; touch /proc/$p/root/go; soon gone $p; start
      soon is STOPPED; task delete $ID`,
    prints: /exit code 6"\n$/,
  },
  {
    name: "what delete leaves",
    script: `up; p=$(pid); ls /run/containerd/runc/$NAMESPACE | grep "^$ID$"
      task rm -f $ID; soon gone $p; ctr container rm $ID
      find /run/containerd $PWD/state | grep "$ID" || echo nothing
      grep "$ID" /proc/self/mountinfo || echo no mounts`,
    prints: /^c\d+\nnothing\nno mounts\n/,
    fast: true,
  },
];
