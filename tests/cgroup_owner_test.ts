/** Whose the cgroup of a container in a user namespace is, with cgroup v2. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { readConfig, writeConfig } from "./bundle.ts";
import type { Config, Patch } from "./config.ts";
import { Container, onPath, rootTest } from "./container.ts";
import { DAVIT } from "./davit.ts";
import { umlMissing, underUml } from "./uml.ts";

const missing = DAVIT.endsWith("scripts/davit")
  ? "the compiled binary"
  : umlMissing();

const USER = 100_000;
/** The runtimes that give a cgroup without systemd; runc wants systemd. */
const RUNTIMES = [DAVIT, ...["crun"].filter(onPath)];

/** Makes a sub-cgroup and goes there, as an init of the container would. */
const USE = "cd /sys/fs/cgroup && mkdir sub && echo 0 >sub/cgroup.procs && " +
  "cat /proc/self/cgroup; echo 5 >pids.max 2>/dev/null || echo limits stay";

/** Bundles, and what is seen of the owners of the cgroup and its files. */
const BUNDLES: Record<
  string,
  { readonly patch: Patch; readonly owner: number }
> = {
  mapped: { patch: () => {}, owner: USER },
  user: { patch: (config) => config.process.user.uid = 7, owner: USER + 7 },
  readonly: {
    patch: (config) => mountOf(config).options!.push("ro"),
    owner: 0,
  },
  shared: {
    patch: ({ linux }) =>
      linux.namespaces = linux.namespaces.filter(({ type }) =>
        type !== "cgroup"
      ),
    owner: 0,
  },
};

function mountOf({ mounts }: Config) {
  return mounts.find(({ destination }) => destination === "/sys/fs/cgroup")!;
}

const SCRIPT = `
folder=$1 id=$2; shift 2
at=/sys/fs/cgroup/$id
for runtime; do
  for bundle in mapped user readonly shared; do
    echo "== $runtime $bundle"
    "$runtime" --root /run/owners create --bundle "$folder/$bundle" $id \\
      </dev/null >/run/out 2>&1 || cat /run/out
    # Limits are nobody's but root's.
    stat -c '%u:%g %n' $at $at/cgroup.procs $at/cgroup.threads \\
      $at/cgroup.subtree_control $at/pids.max | sed "s,$at,.,"
    "$runtime" --root /run/owners delete --force $id
  done
  echo "== $runtime inside"
  "$runtime" --root /run/owners run --bundle "$folder/inside" $id 2>&1
done
`;

rootTest(
  "cgroup v2: a container's user owns its cgroup, not its limits",
  async () => {
    await using container = new Container();
    const { folder, id, rootfs } = container;
    const write = (name: string, patch: Patch) => {
      const bundle = join(folder, name);
      Deno.mkdirSync(bundle);
      const config = readConfig(container.bundle);
      // crun knows versions 1.0.x alone.
      config.ociVersion = "1.0.2";
      config.root.path = rootfs;
      config.process.args = ["sleep", "1000"];
      const { linux } = config;
      linux.cgroupsPath = `/${id}`;
      linux.uidMappings = linux.gidMappings = [
        { containerID: 0, hostID: USER, size: 65536 },
      ];
      for (const type of ["user", "cgroup"]) {
        if (linux.namespaces.some((one) => one.type === type)) continue;
        linux.namespaces.push({ type });
      }
      const mount = mountOf(config);
      mount.options = mount.options!.filter((option) => option !== "ro");
      patch(config);
      writeConfig(bundle, config);
    };
    for (const [name, { patch }] of Object.entries(BUNDLES)) write(name, patch);
    write("inside", ({ process }) => process.args = ["sh", "-c", USE]);
    const script = join(folder, "script");
    Deno.writeTextFileSync(script, SCRIPT);
    const { code, stdout, stderr } = await underUml(
      "v2",
      ["sh", script, folder, id, ...RUNTIMES],
    );
    assertEquals(code, 0, `${stdout}\n${stderr}`);
    const parts = new Map(
      stdout.replaceAll("\r", "").trimEnd().split("== ").slice(1).map(
        (part) => {
          const [head = "", ...lines] = part.trimEnd().split("\n");
          return [head, lines] as const;
        },
      ),
    );
    const given = [
      ".",
      ...["procs", "threads", "subtree_control"].map((one) =>
        `./cgroup.${one}`
      ),
    ];
    for (const [name, { owner }] of Object.entries(BUNDLES)) {
      assertEquals(parts.get(`${DAVIT} ${name}`), [
        ...given.map((file) => `${owner}:0 ${file}`),
        "0:0 ./pids.max",
      ], `${name}\n${stdout}`);
    }
    for (const runtime of RUNTIMES) {
      // crun gives it to root inside, with its group, whatever the mounts say.
      const users = parts.get(`${runtime} mapped`)
        ?.map((line) => line.replace(/:\d+/, ""));
      assertEquals(users, [
        ...given.map((file) => `${USER} ${file}`),
        "0 ./pids.max",
      ], runtime);
      assertEquals(
        parts.get(`${runtime} inside`)?.filter((line) =>
          !line.includes("denied")
        ),
        ["0::/sub", "limits stay"],
        runtime,
      );
    }
  },
  { missing },
);
