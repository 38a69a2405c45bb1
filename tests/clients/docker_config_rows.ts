/** What docker asks of a container's configuration, row by row. */
import type { ScriptRow } from "./table.ts";

export const DOCKER_CONFIG_ROWS: readonly ScriptRow[] = [
  {
    name: "limits of memory, processors and processes",
    script:
      `up --memory 64m --memory-swap 64m --memory-reservation 32m --cpus 0.5 \
        --cpu-shares 300 --cpuset-cpus 0 --pids-limit 40
      cgroup memory memory.limit_in_bytes
      cgroup memory memory.soft_limit_in_bytes; cgroup cpu cpu.cfs_quota_us
      cgroup cpu cpu.shares; cgroup cpuset cpuset.cpus; cgroup pids pids.max`,
    prints: /^67108864\n33554432\n50000\n300\n0\n40\n/,
    fast: true,
  },
  {
    name: "the OOM killer is told",
    // Of an OOM that containerd's shim tells of after the end, which has no
    // order, dockerd takes no notice.
    script: `for try in 1 2 3; do
      run -d --memory 16m --memory-swap 16m $IMAGE sh -c '
        while [ ! -e /go ]; do sleep 0.1; done
        exec dd if=/dev/zero of=/dev/null bs=64M count=1' >/dev/null
      touch /proc/$(of State.Pid)/root/go; d wait $ID
      if soon is State.OOMKilled true >/dev/null; then break; fi
      [ $try = 3 ] || d rm $ID >/dev/null
      done; of State.OOMKilled`,
    prints: /^(137\n)+true\n$/,
    fast: true,
  },
  {
    name: "throttling of block devices",
    script: `dev=$(ls /sys/block | head -n1); [ -b /dev/$dev ]
      up --device-read-bps /dev/$dev:1mb --device-write-iops /dev/$dev:100
      cgroup blkio blkio.throttle.read_bps_device
      cgroup blkio blkio.throttle.write_iops_device`,
    prints: /^\d+:\d+ 1048576\n\d+:\d+ 100\n$/,
  },
  {
    name: "--ulimit",
    script: "run --ulimit nofile=100:200 --ulimit core=0 $IMAGE " +
      "sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'",
    prints: /^100\n200\n0\n$/,
  },
  {
    name: "--cgroup-parent",
    script: `up --cgroup-parent /$MACHINE/parent
      cat /sys/fs/cgroup/pids/$MACHINE/parent/$(of Id)/pids.current`,
    prints: /^2\n$/,
  },
  {
    name: "--user, --group-add, --workdir, --env, --hostname",
    script: `run --user 1000:1000 --group-add 2000 --workdir /work --env A=b \
        --hostname host $IMAGE sh -c 'id -u; id -G; pwd; echo $A; hostname'`,
    prints: /^1000\n1000 2000\n\/work\nb\nhost\n$/,
  },
  {
    name: "--read-only, --tmpfs",
    script: `run --read-only --tmpfs /t:size=64k,mode=1777 $IMAGE sh -c '
      touch /a; touch /t/a && df -k /t | tail -n1'`,
    prints: /^tmpfs +64 [^]*\/a: Read-only file system\n$/,
  },
  {
    name: "volumes: a folder for reading and writing, a named one",
    script: `mkdir $ID.dir; echo text >$ID.dir/file
      run -v $PWD/$ID.dir:/a:ro -v $PWD/$ID.dir:/b -v $ID-v:/etc $IMAGE sh -c '
        cat /a/file; touch /a/x; echo b >/b/y; ls /etc/passwd'; cat $ID.dir/y`,
    prints: /^text\n\/etc\/passwd\nb\n.*\/a\/x: Read-only file system\n$/,
    fast: true,
  },
  {
    name: "volumes: propagation",
    script: `mkdir -p $ID.dir/sub; mount --bind $ID.dir $ID.dir
      mount --make-shared $ID.dir; up -v $PWD/$ID.dir:/m:rslave \
        -v $PWD/$ID.dir:/p:rprivate -v $PWD/$ID.dir:/s:rshared
      mount -t tmpfs t $ID.dir/sub
      d exec $ID grep -o ' /[mps]/sub ' /proc/self/mountinfo | sort; umount $ID.dir/sub`,
    prints: /^ \/m\/sub \n \/s\/sub \n$/,
  },
  {
    name: "--shm-size, --ipc",
    script: `up --shm-size 3m --ipc shareable
      d run --rm --ipc container:$ID $IMAGE sh -c '
        df -k /dev/shm | tail -n1; readlink /proc/self/ns/ipc'
      readlink /proc/$(of State.Pid)/ns/ipc`,
    prints: /^shm +3072 .*\n(ipc:.*\n)\1$/,
  },
  {
    name: "--network none, host, container",
    script: `run --network none -d $IMAGE sleep 1000 >/dev/null
      d exec $ID ls /sys/class/net
      for n in host container:$ID; do
        d run --rm --network $n $IMAGE readlink /proc/self/ns/net; done
      readlink /proc/self/ns/net; readlink /proc/$(of State.Pid)/ns/net`,
    prints: /^lo\n(net:.*\n)(net:.*\n)\1\2$/,
    fast: true,
  },
  {
    name: "a bridge network between two containers",
    script: `d network create $ID >/dev/null; up --network $ID
      d run --rm --network $ID $IMAGE ping -c 1 -W 5 $ID | grep -o '1 packets rec.*'
      d exec $ID ip address show eth0 | grep -o 'inet 172'`,
    prints: /^1 packets received, 0% packet loss\ninet 172\n$/,
  },
  {
    name: "--pid host, container",
    script: `up; for n in host container:$ID; do
        d run --rm --pid $n $IMAGE readlink /proc/self/ns/pid; done
      readlink /proc/self/ns/pid; readlink /proc/$(of State.Pid)/ns/pid`,
    prints: /^(pid:.*\n)(pid:.*\n)\1\2$/,
  },
  {
    name: "--pid host: children end with the container",
    script:
      `run -d --pid host $IMAGE sh -c 'sleep 600 & echo $!; exec sleep 601' \
        >/dev/null
      soon sh -c "[ -n \\"\\$($DOCKER logs $ID)\\" ]"; p=$(d logs $ID)
      d kill $ID; soon sh -c "! kill -0 $p"; echo gone`,
    prints: /gone\n$/,
  },
  {
    name: "--uts host, --cgroupns private",
    script: `run --uts host --cgroupns private $IMAGE sh -c '
      readlink /proc/self/ns/uts; grep -c ":/$" /proc/self/cgroup'
      readlink /proc/self/ns/uts`,
    prints: /^(uts:.*\n)\d+\n\1$/,
  },
  {
    name: "--cap-drop, --cap-add",
    script:
      `run --cap-drop ALL --cap-add CHOWN --cap-add NET_BIND_SERVICE $IMAGE \
      grep -E 'Cap(Eff|Bnd)' /proc/self/status`,
    prints: /^CapEff:\t0000000000000401\nCapBnd:\t0000000000000401\n$/,
  },
  {
    name: "--security-opt: no-new-privileges, seccomp",
    script:
      `echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir",
        "mkdirat"],"action":"SCMP_ACT_ERRNO"}]}' >$ID.json
      look='exec 2>&1; grep -E "NoNew|Seccomp:" /proc/self/status; mkdir /a; unshare -U true'
      d run --rm $IMAGE sh -c "$look" 2>&1 || true
      d run --rm --security-opt no-new-privileges \
        --security-opt seccomp=$ID.json $IMAGE sh -c "$look" 2>&1 || true
      d run --rm --security-opt seccomp=unconfined $IMAGE sh -c "$look" 2>&1`,
    prints:
      /^NoNewPrivs:\t0\nSeccomp:\t2\nunshare.*\nNoNewPrivs:\t1\nSeccomp:\t2\nmkdir.*\nNoNewPrivs:\t0\nSeccomp:\t0\n$/,
    fast: true,
  },
  {
    name: "--device, --device-cgroup-rule",
    script:
      `run --device /dev/kmsg:/dev/log:rw --device-cgroup-rule 'c 10:229 rw' \
        $IMAGE sh -c ': >/dev/log && echo opened
        cat /dev/zz 2>/dev/null; mknod /tmp/m c 10 229; mknod /tmp/b b 7 0
        : </tmp/m; : </tmp/b'`,
    prints: /^opened\n[^]*\/tmp\/b: Operation not permitted\n$/,
    status: 1,
  },
  {
    name: "--sysctl",
    script: `run --network none --sysctl net.ipv4.ip_forward=1 \
        --sysctl kernel.msgmax=12345 $IMAGE cat /proc/sys/net/ipv4/ip_forward \
        /proc/sys/kernel/msgmax`,
    prints: /^1\n12345\n$/,
  },
  {
    name: "--privileged",
    script:
      "run --privileged $IMAGE sh -c 'mount -t tmpfs t /tmp && echo mounted'",
    prints: /^mounted\n$/,
  },
  {
    name: "--init",
    script: `run --init $IMAGE sh -c 'cat /proc/1/comm; exit 3'`,
    prints: /^docker-init\n$/,
    status: 3,
  },
  {
    name: "--oom-score-adj",
    script: "run --oom-score-adj 500 $IMAGE cat /proc/self/oom_score_adj",
    prints: /^500\n$/,
  },
  {
    name: "masked paths, and none",
    script:
      `run $IMAGE sh -c 'wc -c </proc/keys; : >/proc/sys/kernel/core_pattern'`,
    prints: /^0\n.*core_pattern: Read-only file system\n$/,
    status: 1,
  },
];
