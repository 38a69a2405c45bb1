/** podman, with conmon and buildah, in a machine of its own. */
import { basename, join } from "@std/path/posix";
import { assertSuccess, readIfThere, type Result, until } from "../davit.ts";
import { cgroupsOf } from "../leftovers.ts";
import { archive } from "./archive.ts";
import { Machine, removed } from "./machine.ts";
import type { PodmanCase } from "./podman_case.ts";

const IMAGE = "localhost/busybox";

/** The ordinary user, whom only the machine knows. */
const USER = { id: 1234, name: "client" };
/** What the user, and podman's --userns=auto, may map. */
const RANGES = `${USER.name}:100000:65536\ncontainers:1000000:1000000\n`;

/**
 * Where the machine's folder is seen, too. Not long, for podman's runroot; nor
 * below /run, which rootless podman hides from what sets up its networks.
 */
const DATA = "/mnt";

/**
 * Makes a machine ready for podman. Users are its own; devices may be opened
 * by everybody; mounts propagate, as podman expects of its host.
 */
const SET_UP = `
mount --bind . ${DATA}
cd ${DATA}
chmod 755 .
for file in passwd group subuid subgid; do
  mount --bind etc/$file /etc/$file
done
for device in fuse:229 net/tun:200; do
  test -e /dev/\${device%:*} || continue
  name=$(basename \${device%:*})
  mknod -m 666 etc/$name c 10 \${device#*:}
  mount --bind etc/$name /dev/\${device%:*}
done
mount --make-rshared /
touch "$binary"
mount --bind "$(command -v "$runtime")" "$binary"
`;

/**
 * What scripts may call:
 * `soon COMMAND...` repeats it until it succeeds;
 * `typing COMMAND` runs one line of sh with a terminal, into which stdin is
 * typed, `terminal COMMAND` with one at which nobody sits;
 * `absent COMMAND...` succeeds when it fails;
 * `runs CONTAINER NAME` asks for a process, which a new container has late;
 * `is CONTAINER FIELD VALUE` compares a part of its state.
 */
const FUNCTIONS = `
soon() {
  _end=$(($(date +%s) + 20))
  until "$@"; do
    test $(date +%s) -lt $_end || { echo "not in time: $*" >&2; return 1; }
    sleep 0.1
  done
}
typing() { script -qefc "$1" /dev/null; }
terminal() {
  mkfifo "$dir/nobody"
  typing "$1" <>"$dir/nobody"
}
absent() { ! "$@"; }
runs() { podman top "$1" comm | grep -qx "$2"; }
is() { test "$(podman inspect --format "{{.State.$2}}" "$1")" = "$3"; }
`;

/**
 * Fails when something is left after all is removed: a process, a cgroup, or
 * what the runtime keeps of a container.
 */
const REMOVE_ALL = `
podman run -d $image sleep 1000 >/dev/null
podman pod rm -f -a -t 0 >/dev/null
podman rm -f -a -t 0 >/dev/null
soon absent pgrep -x conmon >/dev/null
sed -n 's/.*"ID":"\\([0-9a-f]\\{64\\}\\)".*/\\1/p' tmp/events | sort -u >tmp/ids; test -s tmp/ids
find /sys/fs/cgroup -type d -name 'libpod-*' | grep -F -f tmp/ids || true
find /run/runc /run/davit run/runc run/davit 2>/dev/null | grep -F -f tmp/ids || true
`;

/** podman with one runtime, as one user. */
export class Podman implements AsyncDisposable {
  readonly #machine: Machine;
  readonly #user: boolean;
  readonly #runtime: string;
  #count = 0;

  private constructor(machine: Machine, runtime: string, user: boolean) {
    this.#machine = machine;
    this.#runtime = basename(runtime);
    this.#user = user;
  }

  /**
   * Sets podman up, with an image.
   * @param runtime the runtime's path, or its name
   */
  static async start(runtime: string, user: boolean): Promise<Podman> {
    const machine = await Machine.start();
    try {
      const podman = new Podman(machine, runtime, user);
      podman.#writeFiles();
      const env = { runtime, binary: basename(runtime) };
      assertSuccess(await machine.run(["sh", "-euc", SET_UP], { env }));
      await podman.#load();
      return podman;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Users, folders and podman's configuration. */
  #writeFiles(): void {
    const outside = (name: string) => this.#machine.outside(name);
    Deno.mkdirSync(outside("etc"));
    const { id, name } = USER;
    const etc: Record<string, string> = {
      passwd: Deno.readTextFileSync("/etc/passwd") +
        `${name}:x:${id}:${id}::${DATA}/home:/bin/sh\n`,
      group: Deno.readTextFileSync("/etc/group") + `${name}:x:${id}:\n`,
      subuid: RANGES,
      subgid: RANGES,
      "containers.conf": configuration(this.#runtime),
      "storage.conf": STORAGE,
    };
    for (const [file, text] of Object.entries(etc)) {
      Deno.writeTextFileSync(outside(`etc/${file}`), text);
    }
    for (const folder of ["home", "data", "tmp", "run", "rows"]) {
      Deno.mkdirSync(outside(folder), { mode: 0o700 });
      if (this.#user) Deno.chownSync(outside(folder), id, id);
    }
  }

  async #load(): Promise<void> {
    const image = { name: `${IMAGE}:latest`, command: ["sh"] };
    const path = this.#machine.outside("image.tar");
    Deno.writeFileSync(path, await archive([image]), { mode: 0o644 });
    assertSuccess(
      await this.sh("podman load -q -i image.tar"),
    );
    Deno.removeSync(path);
  }

  /** Runs a script in which podman and buildah use the runtime. */
  sh(script: string, env: Record<string, string> = {}): Promise<Result> {
    const { id } = USER;
    const user = [`--reuid=${id}`, `--regid=${id}`, "--clear-groups"];
    return this.#machine.run([
      ...this.#user ? ["setpriv", ...user] : [],
      ...["sh", "-euc", `cd ${DATA}\n${FUNCTIONS}${script}`],
    ], {
      timeout: 120,
      bare: {
        PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        HOME: `${DATA}/home`,
        LANG: "C.UTF-8",
        TERM: "xterm",
        TMPDIR: `${DATA}/tmp`,
        ...this.#user && { XDG_RUNTIME_DIR: `${DATA}/run` },
        CONTAINERS_CONF: `${DATA}/etc/containers.conf`,
        CONTAINERS_STORAGE_CONF: `${DATA}/etc/storage.conf`,
        BUILDAH_RUNTIME: join(DATA, this.#runtime),
        runtime: join(DATA, this.#runtime),
        image: IMAGE,
        ...env,
      },
    });
  }

  /** Runs one row. */
  run(row: PodmanCase): Promise<Result> {
    const name = `${this.#machine.id}-${++this.#count}`;
    const dir = `${DATA}/rows/${this.#count}`;
    return this.sh(`mkdir $dir\n${row.run}`, { n: name, dir });
  }

  /** Removes all containers and pods; gives what is left of them. */
  async removeAll(): Promise<string> {
    return assertSuccess(await this.sh(REMOVE_ALL)).stdout;
  }

  /** Ends all of it, and removes the cgroups that are left then. */
  async [Symbol.asyncDispose](): Promise<void> {
    const events = readIfThere(this.#machine.outside("tmp/events"));
    const ids = new Set(
      Array.from(events.matchAll(/"ID":"([0-9a-f]{64})"/g), ([, id]) => id!),
    );
    await this.#machine[Symbol.asyncDispose]();
    for (const path of cgroupsOf({ id: PARENT, folder: "", root: "" })) {
      const own = path.split(/[/-]/).some((name) => ids.has(name));
      if (own) await until(`no process in ${path}`, () => removed(path));
      // podman leaves these, too, and others may be using them.
      else if (SHARED.test(path)) removed(path);
    }
  }
}

/** Where podman has cgroups, below each hierarchy. */
const PARENT = "libpod_parent";
const SHARED = /\/libpod_parent(\/conmon)?$/;

const STORAGE = `[storage]
driver = "overlay"
graphroot = "${DATA}/data"
rootless_storage_path = "${DATA}/data"
runroot = "${DATA}/run/containers"
`;

/** podman's configuration for a runtime; limits that any host has. */
function configuration(runtime: string): string {
  return `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "none"
[network]
network_backend = "netavark"
network_config_dir = "${DATA}/data/networks"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
events_logfile_path = "${DATA}/tmp/events"
runtime = "${runtime}"
runtime_supports_json = ["${runtime}"]
[engine.runtimes]
${runtime} = ["${DATA}/${runtime}"]
`;
}
