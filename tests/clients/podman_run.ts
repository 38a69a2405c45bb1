/** podman run and create: output, exit statuses, what a process finds. */
import type { PodmanCase } from "./podman_case.ts";

/** Rows of a program whose exit status podman is to hand on. */
const STATUSES: readonly PodmanCase[] = [
  {
    name: "exit status: the program's own",
    run: `podman run --rm $image sh -c 'exit 7'`,
    code: 7,
  },
  {
    name: "exit status 125: podman's own failure",
    run: `podman run --rm --no-such-flag $image true`,
    code: 125,
    err: /unknown flag/,
  },
  {
    name: "exit status 125: a folder that podman does not find",
    run: `podman run --rm -v /no/such:/x $image true`,
    code: 125,
    err: /no such file or directory/,
  },
  {
    name: "exit status 126: the runtime's failure",
    run: `podman run --rm --sysctl kernel.shmmni=x $image true`,
    code: 126,
    err: /OCI runtime error: .*invalid argument/i,
  },
  {
    name: "exit status 126: a file that may not be executed",
    run: `podman run --rm $image /etc/passwd`,
    code: 126,
    err: /permission denied/i,
    fast: true,
  },
  {
    name: "exit status 126: a directory",
    run: `podman run --rm $image /etc`,
    code: 126,
    err: /permission denied|is a directory/i,
  },
  {
    name: "exit status 127: no such program in PATH",
    run: `podman run --rm $image no-such-program`,
    code: 127,
    err: /executable file not found in \$PATH/,
    fast: true,
  },
  {
    name: "exit status 127: no such file",
    run: `podman run --rm $image /no/such/file`,
    code: 127,
    err: /no such file or directory/i,
  },
  {
    // runc finds it out when podman has heard that all is well.
    name: "the interpreter of a script is missing: an error that says so",
    run: `printf '#!/no/such/shell\\n' >$dir/script; chmod 755 $dir/script
      podman run --rm -v $dir/script:/script $image /script || echo failed`,
    out: "failed",
    err: /no such file or directory/i,
  },
  {
    name: "exit status 137: killed by signal 9",
    run: `podman run -d --name $n $image sleep 1000
      podman kill $n; podman wait $n; podman rm $n`,
    out: /^137$/m,
    fast: true,
  },
  {
    name: "exit status 137: killed in the foreground",
    run:
      `podman run --rm --name $n $image sleep 1000 & soon is $n Status running
      podman kill $n; wait $!`,
    code: 137,
  },
  {
    name: "exit status 137: init is killed from the host",
    run: `podman run -d --name $n $image sleep 1000
      pid=$(podman inspect --format '{{.State.Pid}}' $n)
      kill -9 $pid; podman wait $n`,
    out: /^137$/m,
    as: "root",
  },
  {
    name: "exit status 143: ended by signal 15",
    run: `podman run -d --name $n --init $image sleep 1000
      soon runs $n sleep; podman stop $n; podman wait $n`,
    out: /^143$/m,
    fast: true,
  },
];

/** Rows of what the process finds. */
const PROCESS: readonly PodmanCase[] = [
  {
    name: "run: output, and errors apart from it",
    run: `podman run --rm $image sh -c 'echo out; echo err >&2'`,
    out: "out",
    err: /^err$/m,
    fast: true,
  },
  {
    name: "run -i: what comes to stdin, up to its end",
    run: `echo words | podman run --rm -i $image cat`,
    out: "words",
    fast: true,
  },
  {
    name: "run: all of a long output",
    run: `podman run --rm $image seq 100000 | tail -n1`,
    out: "100000",
  },
  {
    name: "run: environment, working directory, user, groups, host name",
    run:
      `podman run --rm -e A='b c' -w /tmp -u 1000:2000 --group-add 7 -h box \\
      $image sh -c 'echo "$A $PWD $(id -u):$(id -g) $(id -G) $(hostname)"'`,
    out: "b c /tmp 1000:2000 2000 7 box",
    fast: true,
  },
  {
    name: "run: a user by name, with his home",
    run: `podman run --rm -u user $image sh -c 'echo $(id -u) $HOME'`,
    out: "1000 /home/user",
  },
  {
    name: "run --entrypoint, --umask, --ulimit",
    run:
      `podman run --rm --entrypoint sh --umask 0077 --ulimit nofile=100:200 \\
      --ulimit nproc=500:500 $image -c 'umask; ulimit -Sn; ulimit -Hn'`,
    out: "0077\n100\n200",
  },
  {
    name: "run --oom-score-adj, higher than one's own",
    run:
      `podman run --rm --oom-score-adj 900 $image cat /proc/self/oom_score_adj`,
    out: "900",
  },
  {
    name: "run --preserve-fds",
    run: `echo inherited >$dir/file
      podman run --rm --preserve-fds 1 $image sh -c 'cat <&3' 3<$dir/file`,
    out: "inherited",
  },
  {
    name: "run: no descriptor is left open in the container",
    run: `podman run --rm $image ls /proc/self/fd | tr '\\n' ' '`,
    out: "0 1 2 3 ",
  },
  {
    name: "run --init: a first process that reaps",
    run: `podman run --rm --init $image sh -c 'cat /proc/1/comm; echo $$'`,
    out: /^podman-init\n[2-9]$/m,
    fast: true,
  },
  {
    name: "run --rm: nothing is left",
    run: `podman run --rm --name $n $image true
      podman ps -a --format '{{.Names}}' | grep -x $n || echo gone`,
    out: "gone",
  },
  {
    name: "run --cidfile, --label; inspect",
    run:
      `podman run -d --cidfile $dir/id --label a=b --name $n $image sleep 1000
      podman inspect --format '{{.Id}} {{.Config.Labels.a}}' $n | grep -q "$(cat $dir/id) b"
      podman inspect --format '{{.State.Status}} {{.HostConfig.Runtime}}' $n`,
    out: /^running oci$/m,
  },
  {
    name: "run --rootfs: a folder in place of an image",
    run: `mkdir $dir/root
      podman create --name $n $image true
      podman export $n | tar -C $dir/root -x --exclude ./dev
      podman run --rm --rootfs $dir/root sh -c 'echo found'`,
    out: /^found$/m,
  },
  {
    name: "run --replace",
    run: `podman run -d --name $n --stop-timeout 0 $image sleep 1000
      podman run --replace --name $n $image echo second`,
    out: /^second$/m,
  },
  {
    name: "run --restart on-failure: as often as said",
    run:
      `podman run -d --name $n --restart on-failure:2 $image sh -c 'echo x; exit 1'
      soon sh -c "test \\$(podman logs $n | wc -l) = 3"
      soon is $n Status exited; podman logs $n | wc -l`,
    out: /^3$/m,
  },
];

/** What podman run and create are asked. */
export const RUN: readonly PodmanCase[] = [...STATUSES, ...PROCESS];
