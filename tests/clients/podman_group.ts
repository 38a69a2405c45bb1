/** podman's networks, pods, Kubernetes files and builds. */
import type { PodmanCase } from "./podman_case.ts";

const SERVE = "busybox httpd -f -p 80 -h /etc";
const ASK = "busybox wget -qO-";

const NETWORKS: readonly PodmanCase[] = [
  {
    name: "network: none has lo alone",
    run: `podman run --rm --network none $image ls /sys/class/net`,
    out: "lo",
  },
  {
    name: "network: bridge, from one container to another",
    run: `podman run -d --name $n --network bridge $image ${SERVE}
      at=$(podman inspect --format '{{.NetworkSettings.IPAddress}}' $n)
      soon podman run --rm --network bridge $image ${ASK} http://$at/hostname`,
    out: /^[0-9a-f]{12}/m,
    fast: true,
  },
  {
    name: "network: a bridge of one's own, a fixed address, a published port",
    run: `podman network create --subnet 10.91.0.0/24 $n
      podman run -d --name $n --network $n --ip 10.91.0.9 -p 8091:80 $image ${SERVE}
      podman exec $n ip -o -4 addr show dev eth0 | tr -s ' ' | cut -d' ' -f4
      soon ${ASK} http://127.0.0.1:8091/hostname
      podman rm -f -t 0 $n; podman network rm $n`,
    out: /^10\.91\.0\.9\/24\n[0-9a-f]{12}/m,
  },
  {
    name: "network: slirp4netns",
    run:
      `podman run --rm --network slirp4netns $image ip -o -4 addr show dev tap0`,
    out: /10\.0\.2\.100\/24/,
    as: "user",
  },
];

const PODS: readonly PodmanCase[] = [
  {
    name: "pod: containers share network, ipc and host name, not processes",
    run: `podman pod create --name $n --hostname shared
      podman run -d --pod $n --name $n-a $image sleep 1000
      podman run --rm --pod $n $image sh -c 'hostname; for n in net ipc uts pid; do
        readlink /proc/self/ns/$n; done' >$dir/b
      podman exec $n-a sh -c 'hostname; for n in net ipc uts pid; do
        readlink /proc/self/ns/$n; done' >$dir/a
      head -n1 $dir/a; diff $dir/a $dir/b | grep -c '^<'`,
    out: /^shared\n1$/m,
    fast: true,
  },
  {
    name: "pod: shared processes",
    run: `podman pod create --name $n --share pid,net
      podman run -d --pod $n $image sleep 4713
      podman run --rm --pod $n $image sh -c \\
        "until ps -o args | grep -x 'sleep 4713'; do sleep 0.1; done"`,
    out: /^sleep 4713$/m,
  },
  {
    name: "pod: stop, start, restart, kill, rm",
    run: `podman pod create --name $n
      podman run -d --pod $n --name $n-a $image sleep 1000
      state() { podman pod inspect --format '{{.State}}' $n; }
      podman pod stop -t 0 $n; state; podman pod start $n; state
      podman pod kill $n; soon sh -c "podman pod inspect --format '{{.State}}' $n | grep -q Exited"
      podman pod rm -f -t 0 $n; absent podman container exists $n-a`,
    out: /^Exited\n[^]*Running$/m,
  },
  {
    name: "pod: pause and unpause, stats, top",
    run: `podman pod create --name $n
      podman run -d --pod $n --name $n-a $image sleep 1000
      podman pod pause $n; is $n-a Status paused
      podman pod unpause $n; is $n-a Status running
      podman pod top $n comm | grep -c sleep
      podman pod stats --no-stream $n | grep -c $n-a`,
    out: /^1\n1$/m,
    as: "root",
  },
  {
    name: "pod without an infrastructure container",
    run: `podman pod create --name $n --infra=false
      podman run --rm --pod $n $image echo in`,
    out: /^in$/m,
  },
  {
    name: "play kube: a pod of two containers, volumes, a probe; down",
    run: `mkdir $dir/v; echo from-host >$dir/v/x; cat >$dir/pod.yaml <<EOF
apiVersion: v1
kind: Pod
metadata: { name: $n }
spec:
  hostname: kube
  restartPolicy: Never
  containers:
  - name: one
    image: $image
    imagePullPolicy: Never
    command: ["sh", "-c", "hostname; cat /host/x; echo \\$A >/shared/y; exec sleep 1000"]
    env: [{ name: A, value: b }]
    volumeMounts:
    - { name: host, mountPath: /host, readOnly: true }
    - { name: shared, mountPath: /shared }
    livenessProbe: { exec: { command: ["true"] } }
  - name: two
    image: $image
    imagePullPolicy: Never
    command: ["sh", "-c", "until cat /shared/y; do sleep 0.1; done"]
    securityContext: { runAsUser: 1000, readOnlyRootFilesystem: true }
    volumeMounts: [{ name: shared, mountPath: /shared }]
  volumes:
  - { name: host, hostPath: { path: $dir/v, type: Directory } }
  - { name: shared, emptyDir: {} }
EOF
      podman play kube $dir/pod.yaml; podman wait $n-two; podman logs $n-two
      podman logs $n-one; podman play kube --down $dir/pod.yaml
      absent podman pod exists $n`,
    out: /^kube\nfrom-host$/m,
    fast: true,
  },
  {
    name: "play kube: limits",
    run: `cat >$dir/pod.yaml <<EOF
apiVersion: v1
kind: Pod
metadata: { name: $n }
spec:
  restartPolicy: Never
  containers:
  - name: one
    image: $image
    imagePullPolicy: Never
    command: ["cat", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
    resources: { limits: { memory: 64Mi, cpu: 500m } }
EOF
      podman play kube $dir/pod.yaml; podman wait $n-one; podman logs $n-one`,
    out: /^67108864$/m,
    as: "root",
  },
  {
    name: "generate kube, and play what it gives",
    run: `podman run -d --name $n-a -e A=b $image sleep 1000
      podman generate kube $n-a >$dir/pod.yaml; podman rm -f -t 0 $n-a
      podman play kube $dir/pod.yaml; podman exec $n-a-pod-$n-a sh -c 'echo $A'`,
    out: /^b$/m,
  },
];

const BUILDS: readonly PodmanCase[] = [
  {
    name: "build: run, copy, user, folder, argument, entry point",
    run: `echo text >$dir/file; cat >$dir/Containerfile <<EOF
FROM $image
ARG WHO=nobody
ENV A=\\$WHO
RUN echo made by \\$WHO >/made && mkdir /work && chown user /work
COPY file /copied
WORKDIR /work
USER user
RUN id -u >who && touch /work/mine
ENTRYPOINT ["sh", "-c", "cat /made /copied who; pwd; echo \\$A"]
EOF
      podman build -q --build-arg WHO=me -t localhost/$n $dir >/dev/null
      podman run --rm localhost/$n`,
    out: "made by me\ntext\n1000\n/work\nme",
  },
  {
    name: "build: a step that fails gives its status",
    run: `printf 'FROM %s\\nRUN exit 9\\n' $image >$dir/Containerfile
      podman build -q $dir`,
    code: 9,
    err: /exit status 9/,
    fast: true,
  },
  {
    name: "build: a step whose program is missing",
    run:
      `printf 'FROM %s\\nRUN ["no-such-program"]\\n' $image >$dir/Containerfile
      podman build -q $dir || echo failed`,
    out: "failed",
    err: /no-such-program.*executable file not found in \$PATH/,
  },
  {
    name: "build: two stages, mounts, limits",
    run: `echo secret >$dir/s; cat >$dir/Containerfile <<EOF
FROM $image AS first
RUN --mount=type=secret,id=s cat /run/secrets/s >/out; ulimit -n >>/out
FROM $image
COPY --from=first /out /out
RUN --mount=type=tmpfs,target=/t touch /t/x && echo mounted >>/out
EOF
      podman build -q --ulimit nofile=99:99 --ulimit nproc=500:500 \\
        --secret id=s,src=$dir/s -t localhost/$n $dir >/dev/null
      podman run --rm localhost/$n cat /out`,
    out: "secret\n99\nmounted",
  },
  {
    name: "buildah: from, run, copy, config, commit, rm",
    run: `c=$(buildah from $image); echo text >$dir/f
      buildah run $c -- sh -c 'echo built >/b; hostname' >/dev/null
      buildah copy $c $dir/f /f >/dev/null; buildah run --user 1000 $c id -u
      buildah config --cmd 'cat /b /f' $c; buildah commit -q $c localhost/$n >/dev/null
      buildah rm $c >/dev/null; podman run --rm localhost/$n`,
    out: "1000\nbuilt\ntext",
    fast: true,
  },
  {
    name: "buildah run: exit status, stdin, terminal",
    run: `c=$(buildah from $image)
      buildah run $c sh -c 'exit 5' || echo status $?
      echo words | buildah run $c cat; terminal "buildah run -t $c tty"`,
    out: /^status 5\nwords\n\/dev\/pts\/0$/m,
    err: /exit status 5/,
  },
  {
    name: "buildah run: capabilities, volumes, isolation of its own",
    run: `c=$(buildah from --cap-drop all $image); mkdir $dir/v
      buildah run $c grep CapEff /proc/self/status
      buildah run -v $dir/v:/v $c touch /v/x; ls $dir/v
      buildah run --isolation oci --network none $c sh -c 'ls /proc | grep -c "^1$"'`,
    out: "CapEff:\t0000000000000000\nx\n1",
  },
];

/** What podman does with more than one container. */
export const GROUPS: readonly PodmanCase[] = [
  ...NETWORKS,
  ...PODS,
  ...BUILDS,
];
