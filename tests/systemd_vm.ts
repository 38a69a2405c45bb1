/**
 * A small Debian whose pid 1 is systemd, with cgroup v2, a bus and a user with
 * a manager of his own, under User-Mode Linux: a kernel that is a program.
 */
import { join } from "@std/path/posix";
import { cached, isCached } from "./cache.ts";
import { onPath } from "./container.ts";
import {
  assertSuccess,
  DAVIT,
  readIfThere,
  type Result,
  run,
} from "./davit.ts";
import { kernelMissing, withLargeState } from "./uml.ts";

/** Programs of the tree: what runs there, and what Davit is compared with. */
const PACKAGES = [
  ..."systemd systemd-sysv libpam-systemd dbus dbus-user-session".split(" "),
  ..."busybox-static procps uidmap runc crun".split(" "),
];
const SUITE = "bookworm";

/** The user with a manager of his own. */
export const USER = { name: "tester", uid: 1000 } as const;

/** A block device that it has. */
export const DISK = { major: 98, minor: 0 } as const;

/** Where the host's files are in there. */
export const HOST = "/host";

/** The tree in the user's cache: of each form of it, one is kept. */
const TREE = `systemd-${SUITE}-1`;

/** Why it cannot be booted here; undefined when it can. */
export function systemdVmMissing(): string | undefined {
  const kernel = kernelMissing();
  if (kernel !== undefined) return kernel;
  if (!DAVIT.endsWith("dist/davit")) return "the compiled binary";
  if (!isCached(TREE) && !onPath("debootstrap")) return "debootstrap";
  return undefined;
}

/** The machine cannot be had here: it is no fault of what it is for. */
export class NoMachine extends Error {}

/** Units and accounts beside what Debian has. */
const FILES: Record<string, string> = {
  "etc/systemd/system/job.service": `[Unit]
After=dbus.service systemd-user-sessions.service user@${USER.uid}.service
Wants=dbus.service
[Service]
Type=oneshot
ExecStartPre=/bin/stty -F /dev/ttyS0 raw -echo
ExecStart=/bin/bash /etc/job
StandardOutput=file:/dev/ttyS0
StandardError=inherit
Delegate=yes
TimeoutStartSec=infinity
Environment=HOME=/root TERM=dumb
`,
  // The kernel's command line says which folder of the host has the job.
  "etc/job": `mount -t hostfs none ${HOST} -o /
folder=${HOST}$(tr ' ' '\\n' </proc/cmdline | sed -n 's/^job=//p')
status=0
bash "$folder/job" || status=$?
sync
echo $status >"$folder/status"
systemctl poweroff -ff
`,
  "etc/systemd/system/user@.service.d/delegate.conf": `[Service]
Delegate=cpu cpuset io memory pids
`,
  [`var/lib/systemd/linger/${USER.name}`]: "",
};

/** Makes the tree in a folder. */
async function makeTree(folder: string): Promise<void> {
  const made = await run([
    "debootstrap",
    "--variant=minbase",
    `--include=${PACKAGES.join(",")}`,
    SUITE,
    folder,
  ], { timeout: 400 });
  if (made.code !== 0) {
    const last = made.stdout.trimEnd().split("\n").at(-1);
    throw new NoMachine(`debootstrap cannot make a Debian: ${last}`);
  }
  const { name, uid } = USER;
  assertSuccess(
    await run(["chroot", folder, "useradd", "-m", "-u", `${uid}`, name]),
  );
  for (const [path, text] of Object.entries(FILES)) {
    const file = join(folder, path);
    Deno.mkdirSync(join(file, ".."), { recursive: true });
    Deno.writeTextFileSync(file, text);
  }
  const wants = join(folder, "etc/systemd/system/multi-user.target.wants");
  Deno.mkdirSync(wants, { recursive: true });
  Deno.symlinkSync("../job.service", join(wants, "job.service"));
  Deno.mkdirSync(join(folder, HOST));
}

/**
 * Boots, and runs a script of bash as root.
 *
 * @param script the host's files are below HOST for it
 * @param seconds until the machine is switched off
 */
export async function underSystemd(
  script: string,
  seconds: number,
  layout: "v2" | "hybrid" = "v2",
): Promise<Result> {
  const tree = await cached(TREE, makeTree);
  const folder = Deno.makeTempDirSync({ prefix: "davit-systemd." });
  try {
    Deno.writeTextFileSync(`${folder}/job`, script);
    Deno.writeFileSync(`${folder}/disk`, new Uint8Array(1 << 20));
    // One machine at a time: it writes to its tree.
    const machine = await run(
      [
        ..."flock --close --timeout 600".split(" "),
        `${tree}.lock`,
        ..."timeout -k 5".split(" "),
        `${seconds}`,
        ..."linux.uml mem=2G root=/dev/root rootfstype=hostfs rw".split(" "),
        `rootflags=${tree}`,
        `ubda=${folder}/disk`,
        ..."init=/lib/systemd/systemd con=null con0=null ssl=null".split(" "),
        ..."ssl0=null,fd:1 quiet systemd.show_status=0".split(" "),
        `systemd.unified_cgroup_hierarchy=${layout === "v2" ? 1 : 0}`,
        `job=${folder}`,
      ],
      { timeout: seconds + 630, env: await withLargeState(folder) },
    );
    const status = readIfThere(`${folder}/status`).trim();
    const code = status === "" ? 124 : Number(status);
    return { ...machine, code };
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
