/**
 * What is done in a machine with systemd: steps of a shell, whose output the
 * tests then look at. Booting takes seconds, so that all of them share one.
 */
import { join } from "@std/path/posix";
import { defaultConfig, makeRootfs, writeConfig } from "./bundle.ts";
import type { Config, Patch } from "./config.ts";
import { DAVIT } from "./davit.ts";
import { HOST, NoMachine, underSystemd, USER } from "./systemd_vm.ts";

/** One thing to do, and what is to come of it. */
export interface Step {
  readonly name: string;
  /** Commands of a shell; see PRELUDE for what they may use. */
  readonly script: string;
  /** Makes more in the folder that they know as `$B`, and that is called so. */
  readonly prepare?: (folder: string, calledAs: string, base: Config) => void;
  /** Bundles that they use as `$B/NAME`. */
  readonly bundles?: Readonly<Record<string, Patch>>;
  /** Whether an ordinary user does it, who has a manager of his own. */
  readonly asUser?: boolean;
  /** Whether root does it with bundles for that user. */
  readonly forUser?: boolean;
  readonly check: (output: string) => void;
}

/** What the steps may use; $R is the runtime that they are about. */
const PRELUDE = `
D=${HOST}${DAVIT} R=$D
[ "$(id -u)" = 0 ] || {
  export XDG_RUNTIME_DIR=/run/user/${USER.uid} HOME=/home/${USER.name}
}
# A number or a word of state's JSON of a container.
field() { $R state "$2" | sed -n 's/.*"'"$1"'": "\\{0,1\\}\\([^",]*\\).*/\\1/p'; }
# The folder of a container's cgroup, and of its scope: crun has both.
cgroup() {
  sed -n 's,^0::,/sys/fs/cgroup,p' "/proc/$(field pid "$1")/cgroup"
}
scope() { local path; path=$(cgroup "$1"); echo "\${path%/container}"; }
# FILE=VALUE of each file of a folder.
values() {
  local folder=$1 file; shift
  for file; do echo "$file=$(cat "$folder/$file" 2>&1)"; done
}
left() {
  systemctl $U list-units --all --plain --no-legend "*$1*"
  find /sys/fs/cgroup -name "*$1*"
  ls -d "\${XDG_RUNTIME_DIR:-/run}/davit/$1"* 2>/dev/null
}
`;

/** The output of a step begins with a line with this and its number. */
const MARK = "@@step";

/**
 * Boots, does all the steps one after the other, and answers their outputs.
 *
 * @param root made ready for both the host and the machine
 */
export async function doSteps(
  steps: readonly Step[],
  layout: "v2" | "hybrid",
  seconds: number,
): Promise<readonly string[]> {
  const folder = Deno.makeTempDirSync({ prefix: "davit-steps." });
  Deno.chmodSync(folder, 0o755);
  try {
    makeRootfs(join(folder, "rootfs"));
    steps.forEach((step, i) => {
      const { asUser, bundles = {}, forUser, prepare, script } = step;
      const own = join(folder, `${i}`);
      Deno.mkdirSync(own);
      const base = (patch: Patch = () => {}) =>
        config(folder, (asUser ?? forUser) === true, patch);
      prepare?.(own, HOST + own, base());
      for (const [name, patch] of Object.entries(bundles)) {
        const bundle = join(own, name);
        Deno.mkdirSync(bundle);
        writeConfig(
          bundle,
          config(folder, (asUser ?? forUser) === true, patch),
        );
      }
      const head = `B=${HOST}${folder}/${i} ${asUser ? "U=--user" : "U="}`;
      const text =
        `${PRELUDE}${head}\ncd "\${XDG_RUNTIME_DIR:-/run}"\n${script}\n`;
      Deno.writeTextFileSync(join(folder, `${i}.sh`), text);
    });
    const lines = steps.map(({ asUser }, i) => {
      const before = asUser
        ? `setpriv --reuid=${USER.uid} --regid=${USER.uid} --init-groups `
        : "";
      const step = `${HOST}${folder}/${i}.sh`;
      return `echo "${MARK} ${i}"; ${before}bash ${step} </dev/null 2>&1`;
    });
    const { code, stdout, stderr } = await underSystemd(
      [
        `systemctl start user@${USER.uid}.service`,
        ...lines,
        `echo "${MARK} end"`,
      ].join("\n"),
      seconds,
      layout,
    );
    if (!stdout.includes(MARK)) {
      const last = stderr.trimEnd().split("\n").at(-1);
      throw new NoMachine(`it does not boot here: ${last}`);
    }
    const parts = stdout.split(new RegExp(`^${MARK} (?:\\d+|end)\n`, "m"));
    if (code !== 0 || parts.length !== steps.length + 2) {
      throw new Error(`the machine ended with ${code}:\n${stdout}\n${stderr}`);
    }
    return parts.slice(1, -1);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function config(folder: string, asUser: boolean, patch: Patch): Config {
  const whole = defaultConfig();
  // What the peers of the tree know.
  whole.ociVersion = "1.0.2";
  whole.root.path = `${HOST}${folder}/rootfs`;
  whole.process.args = ["sleep", "1000"];
  // The host's own cgroups may be of v1.
  const namespaces = whole.linux.namespaces;
  if (!namespaces.some(({ type }) => type === "cgroup")) {
    namespaces.push({ type: "cgroup" });
  }
  if (asUser) {
    const { linux, mounts } = whole;
    namespaces.push({ type: "user" });
    const map = [{ containerID: 0, hostID: USER.uid, size: 1 }];
    linux.uidMappings = linux.gidMappings = map;
    for (const mount of mounts) {
      // Its group is not mapped.
      if (mount.type !== "devpts") continue;
      mount.options = mount.options!.filter((option) => option !== "gid=5");
    }
  }
  patch(whole);
  return whole;
}
