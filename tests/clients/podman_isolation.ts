/** Namespaces, users and what a container may do, as podman asks for them. */
import type { PodmanCase } from "./podman_case.ts";

const USERS: readonly PodmanCase[] = [
  {
    name: "--uidmap, --gidmap",
    run: `podman run --rm --uidmap 0:1:5000 --gidmap 0:1:5000 $image sh -c '
        id -u; tr -s " " </proc/self/uid_map; tr -s " " </proc/self/gid_map
        touch /mine; stat -c %u /mine; ls -d /proc/1/fd >/dev/null && echo own'`,
    out: /^0\n 0 \d+ 5000\n 0 \d+ 5000\n0\nown$/,
  },
  {
    name: "--uidmap with a terminal, a user, volumes and tmpfs",
    run: `mkdir $dir/v; chmod 777 $dir/v
      terminal "podman run --rm -it --uidmap 0:1:5000 --gidmap 0:1:5000 -u 1000 \\
        -v $dir/v:/v -v $n:/named --tmpfs /t:mode=1777 $image sh -c '
        tty; id -u; touch /v/x /t/x; stat -c %u /v/x /t/x'"`,
    out: /\/dev\/pts\/0\n1000\n1000\n1000$/,
    fast: true,
  },
  {
    name: "--uidmap, read-only, with an init",
    run:
      `podman run --rm --uidmap 0:1:5000 --gidmap 0:1:5000 --read-only --init \\
        $image sh -c 'cat /proc/1/comm; touch /x || touch /tmp/x && echo tmp'`,
    out: "podman-init\ntmp",
    err: /Read-only file system/,
  },
  {
    name: "--userns auto",
    run: `podman run --rm --userns auto:size=3000 $image sh -c '
        id -u; tr -s " " </proc/self/uid_map | cut -d" " -f2,4'`,
    out: "0\n0 3000",
    fast: true,
  },
  {
    name: "--userns keep-id",
    run:
      `podman run --rm --userns keep-id $image sh -c 'id -u; touch /tmp/x; stat -c %u /tmp/x'`,
    out: "1234\n1234",
    as: "user",
  },
  {
    name: "--userns host, then another's",
    run: `podman run --rm --userns host $image tr -s ' ' /proc/self/uid_map
      podman run -d --name $n --uidmap 0:1:5000 --gidmap 0:1:5000 $image sleep 1000
      podman run --rm --userns container:$n $image readlink /proc/self/ns/user >$dir/a
      readlink /proc/$(podman inspect --format '{{.State.Pid}}' $n)/ns/user | cmp $dir/a`,
    as: "root",
    code: 0,
  },
];

const NAMESPACES: readonly PodmanCase[] = [
  {
    name: "namespaces of the host: pid, ipc, uts, network",
    run: `look='for n in pid ipc uts net; do readlink /proc/self/ns/$n; done'
      podman run --rm --pid host --ipc host --uts host --network host $image \\
        sh -c "$look" >$dir/a
      sh -c "$look" | cmp - $dir/a`,
    as: "root",
  },
  {
    name: "namespaces of the host: pid, uts, network",
    run: `look='for n in pid uts net; do readlink /proc/self/ns/$n; done'
      podman run --rm --pid host --uts host --network host $image \\
        sh -c "$look" >$dir/a
      sh -c "$look" | cmp - $dir/a`,
    as: "user",
  },
  {
    name: "namespaces of another container: pid, ipc, network",
    run: `podman run -d --name $n --ipc shareable $image sleep 1000
      podman run --rm --pid container:$n --ipc container:$n \\
        --network container:$n $image sh -c '
        ps -o args | grep -qx "sleep 1000" && for n in pid ipc net; do
          stat -L -c %i /proc/1/ns/$n /proc/self/ns/$n | sort -u | wc -l; done'`,
    out: /^1\n1\n1$/m,
  },
  {
    name: "kill of a container in the host's pid namespace ends all of it",
    run:
      `podman run -d --name $n --pid host $image sh -c 'sleep 4712 & exec sleep 4712'
      soon pgrep -fx 'sleep 4712'; podman rm -f -t 0 $n
      soon absent pgrep -fx 'sleep 4712'`,
    as: "root",
  },
  {
    name: "host name, and files of podman's own",
    run: `podman run --rm --hostname box --network bridge --dns 9.9.9.9 \\
        --add-host other:1.2.3.4 $image sh -c 'hostname; cat /etc/hostname; echo; grep other /etc/hosts; cat /etc/resolv.conf'`,
    out: /^box\nbox\n+1\.2\.3\.4\s+other\n[^]*nameserver 9\.9\.9\.9$/,
  },
  {
    name: "sysctls of namespaces",
    run:
      `podman run --rm --sysctl kernel.msgmax=4096 --sysctl kernel.shmmni=77 \\
        --sysctl net.ipv4.ip_forward=1 $image sh -c \\
        'cd /proc/sys; cat kernel/msgmax kernel/shmmni net/ipv4/ip_forward'`,
    out: "4096\n77\n1",
    fast: true,
  },
];

const SECURITY: readonly PodmanCase[] = [
  {
    name: "capabilities: podman's default, none, more",
    run: `podman run --rm $image grep CapEff /proc/self/status
      podman run --rm --cap-drop all $image grep CapEff /proc/self/status
      podman run --rm --cap-add sys_admin --cap-drop kill $image grep CapEff /proc/self/status`,
    out: "CapEff:\t00000000a80425fb\nCapEff:\t0000000000000000\n" +
      "CapEff:\t00000000a82425db",
  },
  {
    name: "capabilities of an ordinary user, ambient",
    run: `podman run --rm -u 1000 --cap-add net_bind_service $image \\
        grep -E 'Cap(Eff|Amb)' /proc/self/status
      podman run --rm -u 1000 $image grep -E 'Cap(Eff|Amb)' /proc/self/status`,
    out: "CapEff:\t0000000000000400\nCapAmb:\t0000000000000400\n" +
      "CapEff:\t0000000000000000\nCapAmb:\t0000000000000000",
    fast: true,
  },
  {
    name: "no-new-privileges",
    run: `podman run --rm --security-opt no-new-privileges $image \\
        grep NoNewPrivs /proc/self/status`,
    out: "NoNewPrivs:\t1",
  },
  {
    name: "seccomp: podman's default profile",
    run: `podman run --rm $image grep Seccomp: /proc/self/status`,
    out: "Seccomp:\t2",
  },
  {
    name: "seccomp: a profile of one's own, and none",
    run: `echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{
        "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95
      }]}' >$dir/profile
      podman run --rm --security-opt seccomp=$dir/profile $image mkdir /x 2>&1 || true
      podman run --rm --security-opt seccomp=unconfined $image \\
        grep Seccomp: /proc/self/status`,
    out: /not supported\nSeccomp:\t0$/,
    fast: true,
  },
  {
    name: "masked and read-only paths, and some of them not",
    run: `podman run --rm $image sh -c 'test ! -s /proc/keys && ls /sys/firmware
        echo 1 >/proc/sys/kernel/domainname || echo read-only'
      podman run --rm --security-opt unmask=/proc/timer_list \\
        --security-opt mask=/etc/group $image sh -c \\
        'wc -c </etc/group; test -c /proc/timer_list || echo unmasked'`,
    out: "read-only\n0\nunmasked",
  },
  {
    name: "--privileged: the host's devices, all of sysfs",
    run: `podman run --rm --privileged --ulimit nofile=100:100 \\
        --ulimit nproc=500:500 $image sh -c \\
        'test -c /dev/full && ls /dev | wc -l'`,
    out: /^\d{2,}$/,
  },
];

/** What podman keeps apart, and what it allows. */
export const ISOLATION: readonly PodmanCase[] = [
  ...USERS,
  ...NAMESPACES,
  ...SECURITY,
];
