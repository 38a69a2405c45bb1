/** podman's exec, attach and terminals. */
import type { PodmanCase } from "./podman_case.ts";

const EXEC: readonly PodmanCase[] = [
  {
    name: "exec: output, errors, exit status",
    run: `podman run -d --name $n $image sleep 1000
      podman exec $n sh -c 'echo out; echo err >&2; exit 4'`,
    code: 4,
    out: /^out$/m,
    err: /^err$/m,
    fast: true,
  },
  {
    name: "exec -i: what comes to stdin",
    run: `podman run -d --name $n $image sleep 1000
      echo words | podman exec -i $n cat`,
    out: /^words$/m,
  },
  {
    name: "exec -it: a terminal, its size, its user",
    run: `podman run -d --name $n $image sleep 1000
      terminal "stty rows 33 cols 99
        podman exec -it -u 1000 $n sh -c '
          tty; until stty size 2>/dev/null | grep 33; do sleep 0.1; done; stat -L -c %u /proc/self/fd/0'"`,
    out: /\/dev\/pts\/0\n33 99\n1000$/,
    fast: true,
  },
  {
    name: "exec -it: an interactive shell's exit status",
    run: `podman run -d --name $n $image sleep 1000
      printf 'echo $((6 * 7))\\nexit 3\\n' | typing "podman exec -it $n sh"`,
    code: 3,
    out: /^42$/m,
  },
  {
    name: "exec -d: goes on by itself",
    run: `podman run -d --name $n $image sleep 1000
      podman exec -d $n sh -c 'echo done >/tmp/done'
      soon podman exec $n cat /tmp/done`,
    out: /^done$/m,
  },
  {
    name: "exec --user, --workdir, --env",
    run: `podman run -d --name $n -e B=2 $image sleep 1000
      podman exec -u 1000:2000 -w /tmp -e A=1 $n sh -c \\
        'echo $(id -u):$(id -g) $PWD $A $B'`,
    out: /^1000:2000 \/tmp 1 2$/m,
  },
  {
    name: "exec of what is no program: 126",
    run:
      `podman run -d --name $n $image sleep 1000; podman exec $n /etc/passwd`,
    code: 126,
    err: /permission denied/i,
  },
  {
    name: "exec of what is not there: 127",
    run:
      `podman run -d --name $n $image sleep 1000; podman exec $n no-such-program`,
    code: 127,
    err: /executable file not found in \$PATH/,
    fast: true,
  },
  {
    name: "exec in a folder that is not there",
    run:
      `podman run -d --name $n $image sleep 1000; podman exec -w /no/such $n true`,
    code: 127,
    err: /no such file or directory/i,
  },
  {
    name: "exec: killed by a signal",
    run: `podman run -d --name $n $image sleep 1000
      podman exec $n sh -c 'kill -9 $$'`,
    code: 137,
  },
  {
    name: "exec: same privileges, seccomp and limits as the container",
    run: `podman run -d --name $n --cap-drop all --cap-add kill \\
        --security-opt no-new-privileges --ulimit nofile=77:77 \\
        --ulimit nproc=500:500 $image sleep 1000
      podman exec $n sh -c "grep -E '^(Cap|NoNew|Seccomp:)' /proc/1/status" >$dir/a
      podman exec $n sh -c "grep -E '^(Cap|NoNew|Seccomp:)' /proc/self/status" >$dir/b
      cmp $dir/a $dir/b; podman exec $n sh -c 'ulimit -n'`,
    out: /^77$/m,
    fast: true,
  },
  {
    name: "exec: same namespaces and cgroups as the container",
    run: `podman run -d --name $n $image sleep 1000
      podman exec $n sh -c 'for p in 1 self; do
        for ns in mnt pid net ipc uts cgroup user; do
          stat -L -c %i /proc/$p/ns/$ns; done
        cat /proc/$p/cgroup; done' >$dir/all
      half=$(($(wc -l <$dir/all) / 2)); test $half -gt 7
      head -n $half $dir/all >$dir/a; tail -n $half $dir/all >$dir/b
      cmp $dir/a $dir/b`,
  },
  {
    name: "exec --privileged",
    run: `podman run -d --name $n $image sleep 1000
      mask() { podman exec "$@" sed -n 's/^CapEff:.//p' /proc/self/status; }
      test $(printf %d 0x$(mask --privileged $n)) -gt $(printf %d 0x$(mask $n))`,
  },
  {
    name: "exec --preserve-fds",
    run: `podman run -d --name $n $image sleep 1000; echo inherited >$dir/file
      podman exec --preserve-fds 1 $n sh -c 'cat <&3' 3<$dir/file`,
    out: /^inherited$/m,
  },
  {
    name: "exec in a container that has ended is an error",
    run: `podman run --name $n $image true; podman exec $n true`,
    code: 255,
    err: /can only create exec sessions on running containers/,
  },
  {
    name: "exec: six at once",
    run: `podman run -d --name $n $image sleep 1000
      for i in 1 2 3 4 5 6; do podman exec $n echo at once & done; wait`,
    out: /^(at once\n?){6}$/m,
  },
  {
    name: "exec ends with its container",
    run: `podman run -d --name $n $image sleep 1000
      podman exec $n sleep 1000 &
      soon sh -c "podman top $n comm | grep -c sleep | grep -qx 2"
      podman kill $n; wait $!`,
    code: 137,
  },
  {
    name: "exec in a user namespace",
    run:
      `podman run -d --name $n --uidmap 0:1:5000 --gidmap 0:1:5000 $image sleep 1000
      podman exec -u 1000 $n sh -c 'id -u; tr -s " " </proc/self/uid_map'
      terminal "podman exec -t $n tty"`,
    out: /^1000\n 0 .* 5000\n.*\/dev\/pts\/0$/ms,
  },
  {
    name: "exec in the host's pid namespace",
    run: `podman run -d --name $n --pid host $image sleep 1000
      podman exec $n sh -c 'test $$ -gt 10 && echo high'`,
    out: /^high$/m,
  },
];

const TERMINALS: readonly PodmanCase[] = [
  {
    name: "run -it: a terminal, its size, its user",
    run: `terminal "stty rows 33 cols 99
      podman run --rm -it -u 1000 $image sh -c '
        tty; until stty size 2>/dev/null | grep 33; do sleep 0.1; done; stat -L -c %u /proc/self/fd/0'"`,
    out: /\/dev\/pts\/0\n33 99\n1000$/,
  },
  {
    name: "run -it: an interactive shell's exit status",
    run:
      `printf 'echo $((6 * 7))\\nexit 3\\n' | typing "podman run --rm -it $image sh"`,
    code: 3,
    out: /^42$/m,
    fast: true,
  },
  {
    name: "run -it: the terminal's interrupt",
    // The kernel drops output that comes before it is done with the interrupt.
    run: `touch $dir/out
      { soon grep -q ready $dir/out; printf '\\003'; } |
        typing "podman run --rm -it $image sh -c '
          trap \\"sleep 0.3; echo interrupted; exit 6\\" INT; echo ready; while :; do sleep 0.1; done'" >$dir/out || echo $?
      cat $dir/out`,
    out: /^6\n[^]*interrupted/,
  },
  {
    name: "run -t: all of a long output",
    run: `podman run --rm -t $image seq 20000 | tail -n1`,
    out: /^20000$/m,
  },
  {
    name: "run -it, detached by its keys, and attached again",
    // podman knows its keys only when each is read alone
    run: `touch $dir/out
      { soon grep -q ready $dir/out
        until test -e $dir/detached; do
          printf '\\020'; sleep 0.3; printf '\\021'; sleep 0.5; done; } |
        { typing "podman run --name $n -it $image sh -c '
          echo ready; read line; echo got \\$line; exit 8'" >$dir/out
          touch $dir/detached; }
      is $n Status running; echo words | typing "podman attach $n"
      podman wait $n`,
    out: /got .*words[^]*^8$/m,
    fast: true,
  },
  {
    name: "attach: output",
    run: `podman run -d --name $n $image sh -c \\
        'while :; do echo heard; sleep 0.1; done'
      podman attach --no-stdin $n | grep -m1 heard`,
    out: /^heard$/m,
  },
  {
    name: "start -ai: stdin arrives",
    run: `podman create -i --name $n $image cat
      echo words | podman start -ai $n`,
    out: /^words$/m,
  },
];

/** What is said to a container that runs. */
export const TALK: readonly PodmanCase[] = [...EXEC, ...TERMINALS];
