/** Volumes, file systems and devices of podman's containers. */
import type { PodmanCase } from "./podman_case.ts";

const VOLUMES: readonly PodmanCase[] = [
  {
    name: "-v: a folder, for writing and for reading only",
    run:
      `mkdir $dir/v; podman run --rm -v $dir/v:/a -v $dir/v:/b:ro $image sh -c \\
        'echo text >/a/x; cat /b/x; touch /b/y || echo read-only'`,
    out: "text\nread-only",
    fast: true,
  },
  {
    name: "-v: a file",
    run: `echo mine >$dir/f
      podman run --rm -v $dir/f:/etc/new/file:ro $image cat /etc/new/file`,
    out: "mine",
  },
  {
    name: "-v: noexec, nosuid, nodev",
    run: `cp /bin/true $dir/true
      podman run --rm -v $dir:/v:noexec,nosuid,nodev $image sh -c '
        grep " /v " /proc/self/mountinfo | cut -d" " -f6; /v/true || echo no'`,
    out: /nosuid,nodev,noexec[^]*no$/,
  },
  {
    name: "-v, rslave: what the host mounts later appears",
    run:
      `mkdir -p $dir/v/m; podman run -d --name $n -v $dir/v:/v:rslave $image sh -c \\
        'until test -e /v/m/seen; do sleep 0.1; done; echo seen'
      mount -t tmpfs t $dir/v/m; touch $dir/v/m/seen; podman wait $n
      podman logs $n; umount $dir/v/m`,
    out: /^0\nseen$/m,
    as: "root",
  },
  {
    name: "-v, rprivate: what the host mounts later does not",
    run:
      `mkdir -p $dir/v/m; podman run -d --name $n -v $dir/v:/v $image sh -c \\
        'until test -e /v/go; do sleep 0.1; done; ls /v/m'
      mount -t tmpfs t $dir/v/m; touch $dir/v/m/seen $dir/v/go
      podman wait $n; podman logs $n; umount $dir/v/m`,
    out: /^[0-9a-f]{64}\n0$/,
    as: "root",
  },
  {
    name: "-v, rshared: what the container mounts appears on the host",
    run: `mkdir -p $dir/v/m; podman run --rm --cap-add sys_admin \\
        --security-opt seccomp=unconfined -v $dir/v:/v:rshared $image \\
        mount -t tmpfs t /v/m
      umount $dir/v/m && echo was there`,
    out: "was there",
    as: "root",
    fast: true,
  },
  {
    name: "a named volume: filled from the image, kept",
    run: `podman run --rm -v $n:/home $image touch /home/kept
      podman run --rm -v $n:/x $image ls -d /x/kept /x/user; podman volume rm $n`,
    out: /^\/x\/kept\n\/x\/user$/m,
  },
  {
    name: "-v, U: the folder becomes the user's",
    run: `mkdir $dir/v; podman run --rm -u 1000 -v $dir/v:/v:U $image sh -c \\
        'touch /v/x; stat -c %u /v'`,
    out: "1000",
  },
  {
    name: "-v, O: an overlay that goes with the container",
    run: `mkdir $dir/v; echo below >$dir/v/x
      podman run --rm -v $dir/v:/v:O $image sh -c 'cat /v/x; echo above >/v/x; cat /v/x'
      cat $dir/v/x`,
    out: "below\nabove\nbelow",
  },
  {
    name: "--volumes-from",
    run:
      `podman run -d --name $n -v /vol $image sh -c 'echo text >/vol/x; sleep 1000'
      soon podman run --rm --volumes-from $n $image cat /vol/x`,
    out: /^text$/m,
  },
  {
    name: "--mount of an image, and of a folder with options",
    run: `mkdir $dir/v; podman run --rm --mount type=image,src=$image,dst=/i \\
        --mount type=bind,src=$dir/v,dst=/v,ro=true,bind-propagation=rslave $image \\
        sh -c 'ls -d /i/bin; touch /v/x || echo read-only'`,
    out: "/i/bin\nread-only",
  },
];

const FILE_SYSTEMS: readonly PodmanCase[] = [
  {
    name: "--tmpfs: size, mode, options",
    run: `podman run --rm --tmpfs /t:size=1m,mode=1750,noexec $image sh -c '
        stat -c %a /t; df -k /t | tail -n1 | tr -s " " | cut -d" " -f2
        grep " /t " /proc/self/mountinfo | grep -c noexec
        dd if=/dev/zero of=/t/x bs=1k count=2000 2>/dev/null || echo full'`,
    out: "1750\n1024\n1\nfull",
    fast: true,
  },
  {
    name: "--tmpfs over a folder of the image: it begins as a copy",
    run:
      `podman run --rm --tmpfs /etc $image sh -c 'head -n1 /etc/passwd; df /etc | tail -n1'`,
    out: /^root:x:0[^]*tmpfs/,
  },
  {
    name: "--read-only, with and without podman's tmpfs",
    run: `podman run --rm --read-only $image sh -c \\
        'touch /x || touch /tmp/x && touch /run/x && echo tmp'
      podman run --rm --read-only --read-only-tmpfs=false $image sh -c \\
        'touch /tmp/x || echo none'`,
    out: "tmp\nnone",
  },
  {
    name: "--shm-size",
    run: `podman run --rm --shm-size 2m $image sh -c \\
        'df -k /dev/shm | tail -n1 | tr -s " " | cut -d" " -f2'`,
    out: "2048",
  },
  {
    name: "/dev: what is there, and no more",
    run:
      `podman run --rm $image sh -c 'ls /dev | tr "\\n" " "; echo x >/dev/null
        head -c 3 /dev/zero | wc -c; test -c /dev/ptmx && echo ptmx'`,
    out:
      /^(core )?fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero 3\nptmx$/,
  },
  {
    name: "--device, for reading only; a rule without a device",
    run: `podman run --rm --device /dev/full:/dev/other:r $image sh -c \\
        'head -c 1 /dev/other | wc -c; echo x >/dev/other || echo refused'
      podman run --rm --device-cgroup-rule 'c 1:7 r' --cap-add mknod $image sh -c \\
        'mknod /made c 1 7 && head -c 1 /made | wc -c
         mknod /worse c 1 1 && head -c 1 /worse || echo refused'`,
    out: "1\nrefused\n1\nrefused",
    as: "root",
    fast: true,
  },
  {
    name: "--device of an ordinary user's podman",
    run:
      `podman run --rm --device /dev/fuse $image sh -c 'test -w /dev/fuse && echo there'`,
    out: "there",
  },
  {
    name: "a working directory and mount points that are not there yet",
    run:
      `mkdir $dir/v; podman run --rm -v $dir/v:/a/b/c --tmpfs /d/e $image sh -c \\
        'cd /a/b/c && cd /d/e && echo made'`,
    out: "made",
  },
];

/** What podman mounts. */
export const STORAGE: readonly PodmanCase[] = [...VOLUMES, ...FILE_SYSTEMS];
