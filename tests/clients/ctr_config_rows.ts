/** What ctr asks of a container's configuration, row by row. */
import type { ScriptRow } from "./table.ts";

const CAPABILITIES = "grep -E 'Cap(Eff|Bnd)' /proc/self/status";

export const CTR_CONFIG_ROWS: readonly ScriptRow[] = [
  {
    name: "--read-only",
    script: `run --rm --read-only $IMAGE $ID sh -c '
      touch /a || touch /dev/shm/b; echo $?'`,
    prints: /^0\ntouch: \/a: Read-only file system\n$/,
  },
  {
    name: "--mount, bound for reading and for writing",
    script: `mkdir $ID.dir; echo text >$ID.dir/file
      run --rm --mount type=bind,src=$PWD/$ID.dir,dst=/mnt/a,options=rbind:ro \
        --mount type=bind,src=$PWD/$ID.dir,dst=/mnt/b,options=rbind:rw \
        $IMAGE $ID sh -c 'cat /mnt/a/file; touch /mnt/a/x; echo b >/mnt/b/x'
      cat $ID.dir/x`,
    prints: /^text\nb\ntouch: \/mnt\/a\/x: Read-only file system\n$/,
  },
  {
    name: "--mount of a tmpfs",
    script: `run --rm \
      --mount type=tmpfs,src=tmpfs,dst=/t,options=size=65536:mode=1777 \
      $IMAGE $ID sh -c 'stat -c %a /t; df -k /t | tail -n1'`,
    prints: /^1777\ntmpfs +64 /,
  },
  {
    name: "a network of its own, and the host's",
    script: `run --rm $IMAGE $ID ls /sys/class/net
      run --rm --net-host $IMAGE $ID readlink /proc/self/ns/net
      readlink /proc/self/ns/net`,
    prints: /^lo\n(net:.*\n)\1$/,
  },
  {
    name: "--with-ns of another container",
    script: `up; for n in network:net ipc:ipc uts:uts; do
        path=/proc/$(pid)/ns/\${n#*:}
        run --rm --with-ns \${n%:*}:$path --cgroup /$NAMESPACE/$ID-2 $IMAGE $ID-2 readlink /proc/self/ns/\${n#*:}
        readlink $path; done`,
    prints: /^(net:.*\n)\1(ipc:.*\n)\2(uts:.*\n)\3$/,
  },
  {
    name: "--with-ns of the host's pid namespace",
    script: `run --rm --with-ns pid:/proc/1/ns/pid $IMAGE $ID sh -c '
      readlink /proc/self/ns/pid; [ $$ != 1 ]'; readlink /proc/self/ns/pid`,
    prints: /^(pid:.*\n)\1$/,
  },
  {
    name: "--privileged",
    script: `run --rm --privileged $IMAGE $ID sh -c "${CAPABILITIES}; "'
      mount -t tmpfs t /tmp && echo mounted'`,
    prints: /^CapEff:\s+(\w+)\nCapBnd:\s+\1\nmounted\n$/,
  },
  {
    name: "--cap-drop and --cap-add",
    script: `run --rm --cap-drop CAP_CHOWN --cap-add CAP_NET_ADMIN $IMAGE $ID \
      ${CAPABILITIES}`,
    prints: /^CapEff:\s+00000000a80435fa\nCapBnd:\s+00000000a80435fa\n$/,
  },
  {
    name: "no new privileges, or --allow-new-privs",
    script: `run --rm $IMAGE $ID grep NoNew /proc/self/status
      run --rm --allow-new-privs $IMAGE $ID grep NoNew /proc/self/status`,
    prints: /^NoNewPrivs:\s+1\nNoNewPrivs:\s+0\n$/,
  },
  {
    name: "--seccomp: the default profile",
    script: `run --rm --seccomp $IMAGE $ID sh -c '
      grep Seccomp: /proc/self/status; unshare -U true || echo refused'`,
    prints: /^Seccomp:\s+2\nrefused\n.*not permitted\n$/,
  },
  {
    name: "--seccomp-profile",
    script: `cat >$ID.json <<E
{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
  {"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":11}]}
E
      run --rm --seccomp --seccomp-profile $PWD/$ID.json $IMAGE $ID mkdir /a`,
    prints: /^mkdir: can't create directory '\/a': Resource temporarily/,
    status: 1,
  },
  {
    name: "--device",
    script: `run --rm --device /dev/kmsg --cap-add CAP_SYSLOG $IMAGE $ID sh -c '
      stat -c %t:%T /dev/kmsg; head -c0 </dev/kmsg && echo opened
      mknod /dev/zz b 7 0 && head -c0 </dev/zz || echo denied'`,
    prints: /^1:b\nopened\ndenied\n/,
  },
  {
    name: "--cpus, --cpu-shares, --memory-limit",
    script: `up --cpus 0.5 --cpu-shares 512 --memory-limit 33554432
      cgroup cpu cpu.cfs_quota_us; cgroup cpu cpu.cfs_period_us
      cgroup cpu cpu.shares; cgroup memory memory.limit_in_bytes`,
    prints: /^50000\n100000\n512\n33554432\n$/,
    fast: true,
  },
  {
    name: "--cpu-quota, --cpu-period",
    script: `up --cpu-quota 20000 --cpu-period 80000
      cgroup cpu cpu.cfs_quota_us; cgroup cpu cpu.cfs_period_us`,
    prints: /^20000\n80000\n$/,
  },
  {
    name: "--memory-limit: the OOM killer, and its event",
    script: `watch; run -d --memory-limit 16777216 $IMAGE $ID sh -c '
        while [ ! -e /go ]; do sleep 0.1; done
        exec dd if=/dev/zero of=/dev/null bs=64M count=1'
      touch /proc/$(pid)/root/go; soon is STOPPED; task delete $ID
      soon grep "/tasks/oom.*$ID" $ID.events; kill $!
      grep -o '/tasks/oom.*' $ID.events | head -n1`,
    prints: /^\/tasks\/oom \{"container_id":"c\d+"\}\n.*exit code 137/,
    fast: true,
  },
  {
    name: "the events of a life",
    script: `watch; run --rm $IMAGE $ID sh -c 'exit 9' || true
      soon grep "/tasks/delete.*$ID" $ID.events; kill $!
      grep "$ID" $ID.events | grep -o '/tasks/[a-z]*'
      grep -o 'exit_status":[0-9]*' $ID.events | head -n1`,
    prints:
      /^\/tasks\/create\n\/tasks\/start\n\/tasks\/exit\n\/tasks\/delete\nexit_status":9\n$/,
  },
  {
    name: "--uidmap and --gidmap",
    script: `run --rm --uidmap 0:100000:65536 --gidmap 0:200000:65536 \
      $IMAGE $ID sh -c 'id; cat /proc/self/uid_map /proc/self/gid_map
        touch /a; stat -c %u:%g /a /bin'`,
    prints:
      /^uid=0.* gid=0.*\n +0 +100000 +65536\n +0 +200000 +65536\n0:0\n0:0\n$/,
    fast: true,
  },
  {
    name: "--uidmap: exec, kill, delete",
    script: `up --uidmap 0:100000:65536 --gidmap 0:100000:65536
      stat -c %u /proc/$(pid); task exec --exec-id e1 $ID sh -c '
        id -u; id -g; readlink /proc/self/ns/user'
      readlink /proc/$(pid)/ns/user; task kill $ID; soon is STOPPED`,
    prints: /^100000\n0\n0\n(user:.*\n)\1$/,
  },
  {
    name: "--cgroup: none given",
    script: `run --rm --cgroup "" $IMAGE $ID echo hello`,
    prints: /^hello\n$/,
  },
  {
    name: "--no-pivot",
    script: "run --rm --no-pivot $IMAGE $ID ls /",
    prints: /^bin\ndev\netc\n/,
  },
  {
    name: "--rootfs, a folder of the host",
    script: "run --rm --rootfs $PWD/bundle/rootfs $ID /bin/cat /etc/passwd",
    prints: /^root:x:0:0:/,
  },
  {
    name: "--log-uri",
    script: `run -d --log-uri file://$PWD/$ID.log $IMAGE $ID sh -c '
      echo a; echo b >&2'; soon is STOPPED; sort $ID.log`,
    prints: /^a\nb\n$/,
  },
  {
    name: "checkpoint",
    script: "up; task checkpoint $ID",
    prints: /./,
  },
  {
    name: "no pid namespace",
    script: `spec 'readlink /proc/self/ns/pid'; run --rm --config $ID.json $ID
      readlink /proc/self/ns/pid`,
    prints: /^(pid:.*\n)\1$/,
  },
  {
    name: "no pid namespace: what init leaves goes with it",
    script:
      `spec 'sleep 600 & echo $!; sleep 0.3'; run --config $ID.json $ID >$ID.out
      soon gone $(cat $ID.out); echo gone`,
    prints: /^gone\n$/,
  },
  {
    name: "no pid namespace: kill --all",
    script: `spec 'sleep 600 & sleep 601'; run -d --config $ID.json $ID
      soon count 3; task kill --all -s KILL $ID; soon is STOPPED; task delete $ID`,
    prints: /exit code 137"\n$/,
  },
];
