/**
 * Debian's own kernel in a machine that qemu emulates (no KVM is needed): it
 * has the controllers, schedulers and security modules that most users have,
 * and that neither this host nor User-Mode Linux may have.
 *
 * Its root is the host's, read by 9p, below a tmpfs: what is done there stays
 * there.
 */
import { basename, join } from "@std/path/posix";
import { busybox } from "../bundle.ts";
import { cached, isCached } from "../cache.ts";
import { onPath } from "../container.ts";
import {
  assertSuccess,
  DAVIT,
  readIfThere,
  type Result,
  run,
} from "../davit.ts";

/** What the root needs, in this order, with what they depend on. */
const FIRST = ["virtio_pci", "9pnet_virtio", "9p", "overlay"];
/** What is loaded by commands, with `load NAME`. */
const LATER = ["virtio_blk", "bfq", "crc32_generic", "rdma_rxe", "dummy"];

/** Of each form of the cache, one is kept. */
const CACHE = "linux-amd64-1";

/** The block device that it has. */
export const DISK = { major: 254, minor: 0 } as const;

/** Layouts of cgroups. */
export type Layout = "v1" | "v2";

/** Why it cannot be had here; undefined when it can. */
export function machineMissing(): string | undefined {
  if (Deno.build.arch !== "x86_64") return "an x86_64 processor";
  if (!DAVIT.endsWith("dist/davit")) return "the compiled binary";
  if (!onPath("qemu-system-x86_64")) {
    return "qemu-system-x86_64 (Debian: qemu-system-x86)";
  }
  if (!isCached(CACHE) && !(onPath("apt-get") && onPath("dpkg-deb"))) {
    return "apt-get, for a Debian kernel";
  }
  return undefined;
}

/** Downloads packages of Debian without installing them, and unpacks them. */
async function unpack(folder: string): Promise<void> {
  const words = assertSuccess(
    await run(["apt-cache", "depends", "--important", "linux-image-amd64"]),
  ).stdout;
  const image = /Depends: (linux-image-\S+)/.exec(words)?.[1];
  if (image === undefined) throw new Error("apt-cache knows no Debian kernel");
  assertSuccess(
    await run(["apt-get", "download", image, "apparmor"], {
      cwd: folder,
      timeout: 300,
    }),
  );
  for (const { name } of Array.from(Deno.readDirSync(folder))) {
    const file = join(folder, name);
    assertSuccess(await run(["dpkg-deb", "-x", file, join(folder, "all")]));
    Deno.removeSync(file);
  }
}

/** The kernel, the modules in use and AppArmor's parser. */
function machineFolder(): Promise<string> {
  return cached(CACHE, async (folder) => {
    await unpack(folder);
    const all = join(folder, "all");
    const boot = join(all, "boot");
    const kernel = Array.from(Deno.readDirSync(boot), ({ name }) => name)
      .find((name) => name.startsWith("vmlinuz-"))!;
    Deno.renameSync(join(boot, kernel), join(folder, "vmlinuz"));
    Deno.renameSync(
      join(all, "sbin/apparmor_parser"),
      join(folder, "apparmor_parser"),
    );
    const files = assertSuccess(
      await run(["find", join(all, "lib/modules"), "-name", "*.ko"]),
    ).stdout.trim().split("\n");
    keepModules(folder, new Map(files.map((f) => [basename(f, ".ko"), f])));
    Deno.removeSync(all, { recursive: true });
  });
}

/** Moves the modules that are in use, and lists what each has to follow. */
function keepModules(
  folder: string,
  paths: ReadonlyMap<string, string>,
): void {
  const modules = join(folder, "modules");
  Deno.mkdirSync(modules);
  const kept = new Map<string, readonly string[]>();
  const keep = (name: string): readonly string[] => {
    const known = kept.get(name);
    if (known !== undefined) return known;
    // Names are told with "_", files may have "-".
    const path = paths.get(name) ?? paths.get(name.replaceAll("_", "-"));
    if (path === undefined) throw new Error(`the kernel has no module ${name}`);
    const text = new TextDecoder("latin1").decode(Deno.readFileSync(path));
    const needs = /\0depends=([^\0]*)\0/.exec(text)?.[1]?.split(",") ?? [];
    const before = needs.filter((one) => one !== "").flatMap(keep);
    const order = [...new Set([...before, name])];
    kept.set(name, order);
    Deno.copyFileSync(path, join(modules, `${name}.ko`));
    return order;
  };
  for (const name of [...FIRST, ...LATER]) {
    Deno.writeTextFileSync(join(folder, `${name}.order`), lines(keep(name)));
  }
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}

/** The first program: it makes the root and goes there. */
function firstInit(order: readonly string[], job: string): string {
  return `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev
for m in ${order.join(" ")}; do insmod "/modules/$m.ko"; done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=1048576 \\
  host /host && mount -t tmpfs rw /rw && mkdir /rw/upper /rw/work &&
  mount -t overlay -o lowerdir=/host,upperdir=/rw/upper,workdir=/rw/work \\
    overlay /new && mount --move /dev /new/dev && exec switch_root /new ${job}
poweroff -f
`;
}

/** The output has the job's between these. */
const BEGIN = "@@begin", END = "@@end";

/** The second: what a system has, and then the job. */
function secondInit(folder: string, cache: string, layout: Layout): string {
  const v1 = "cpu,cpuacct cpuset memory devices freezer blkio pids hugetlb " +
    "rdma misc net_cls,net_prio";
  const cgroups = layout === "v2"
    ? `mount -t cgroup2 cgroup2 /sys/fs/cgroup
for c in $(cat /sys/fs/cgroup/cgroup.controllers); do
  echo "+$c" >/sys/fs/cgroup/cgroup.subtree_control
done`
    : `mount -t tmpfs tmpfs /sys/fs/cgroup
for c in ${v1}; do
  mkdir /sys/fs/cgroup/$c; mount -t cgroup -o $c cgroup /sys/fs/cgroup/$c
done
cd /sys/fs/cgroup
for c in cpu cpuacct; do ln -s cpu,cpuacct $c; done
for c in net_cls net_prio; do ln -s net_cls,net_prio $c; done`;
  return `#!/bin/bash
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t securityfs securityfs /sys/kernel/security
mkdir -p /dev/pts /dev/shm
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
${cgroups}
ip link set lo up
stty -F /dev/ttyS0 raw -echo
export PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \\
  HOME=/root TERM=dumb M=${cache}
load() { local m; for m in $(cat "$M/$1.order"); do
  grep -q "^$m " /proc/modules || ${busybox()} insmod "$M/modules/$m.ko"; done; }
export -f load
cd /run
echo ${BEGIN}
bash ${folder}/job
echo "${END} $?"
echo o >/proc/sysrq-trigger
read -r -t 30 <>/dev/ttyS0
`;
}

/**
 * Boots, and runs a script of bash as root, which may use `load MODULE`, and
 * `$M/apparmor_parser`.
 */
export async function underDebian(
  layout: Layout,
  script: string,
  seconds: number,
): Promise<Result> {
  const cache = await machineFolder();
  const folder = Deno.makeTempDirSync({ prefix: "davit-kernel." });
  const write = (name: string, text: string) =>
    Deno.writeTextFileSync(join(folder, name), text, { mode: 0o755 });
  try {
    write("job", script);
    write("second", secondInit(folder, cache, layout));
    write("disk", "");
    Deno.truncateSync(join(folder, "disk"), 64 << 20);
    await makeArchive(folder, cache);
    const machine = await run([
      ...`timeout -k 5 ${seconds} qemu-system-x86_64`.split(" "),
      ..."-accel tcg,thread=multi -cpu max -smp 2 -m 2G -nodefaults".split(" "),
      ..."-no-user-config -display none -no-reboot -serial stdio".split(" "),
      ...["-kernel", `${cache}/vmlinuz`, "-initrd", `${folder}/archive`],
      ...["-append", "console=ttyS0 quiet loglevel=2 panic=-1"],
      "-fsdev",
      "local,id=h,path=/,security_model=none,readonly=on,multidevs=remap",
      ..."-device virtio-9p-pci,fsdev=h,mount_tag=host".split(" "),
      ...["-drive", `file=${folder}/disk,if=none,id=d,format=raw`],
      ..."-device virtio-blk-pci,drive=d".split(" "),
    ], { timeout: seconds + 20 });
    const [, after = ""] = machine.stdout.split(`${BEGIN}\n`);
    const end = new RegExp(`^${END} (\\d+)$`, "m").exec(after);
    return end === null ? { ...machine, code: 124 } : {
      code: Number(end[1]),
      stdout: after.slice(0, end.index),
      stderr: machine.stderr,
    };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** The first file system: busybox, the modules and the first program. */
async function makeArchive(folder: string, cache: string): Promise<void> {
  const root = join(folder, "first");
  for (const name of "bin dev host modules new rw".split(" ")) {
    Deno.mkdirSync(join(root, name), { recursive: true });
  }
  Deno.copyFileSync(busybox()!, join(root, "bin/busybox"));
  const order = [
    ...new Set(
      FIRST.flatMap((name) =>
        readIfThere(join(cache, `${name}.order`)).trim().split("\n")
      ),
    ),
  ];
  for (const name of order) {
    Deno.copyFileSync(
      join(cache, `modules/${name}.ko`),
      join(root, `modules/${name}.ko`),
    );
  }
  Deno.writeTextFileSync(
    join(root, "init"),
    firstInit(order, join(folder, "second")),
    { mode: 0o755 },
  );
  assertSuccess(
    await run([
      "sh",
      "-c",
      'cd "$1" && find . | "$3" cpio -o -H newc >"$2"',
      "sh",
      root,
      join(folder, "archive"),
      busybox()!,
    ]),
  );
}
