/**
 * Control groups: how they are mounted, which controllers there are, and
 * whether this user may make one.
 *
 * @module
 */

import type { CgroupLayout } from "../../cgroup/layout.ts";
import { mkdir, readText, rmdir } from "../../ffi/files.ts";
import { type CheckRow, lacks, works } from "./row.ts";

const GROUP = "cgroups";
/** What limits of the specification need them, by controller. */
const CONTROLLERS: Readonly<Record<string, string>> = {
  memory: "limits of memory",
  cpu: "limits and shares of processor time",
  cpuset: "the choice of processors",
  pids: "limits of the number of processes",
  blkio: "limits of block devices (blockIO)",
  hugetlb: "limits of huge pages",
  devices: "device rules",
  freezer: "pause and resume",
};
/** What the controllers of cgroup v1 are called in v2, if otherwise. */
const V2_NAME: Readonly<Record<string, string>> = { blkio: "io" };
/** Every cgroup of v2 has these without a controller. */
const V2_ALWAYS = ["devices", "freezer"];

/** Rows for the layout, the controllers and the rights. */
export function cgroupRows(layout: CgroupLayout): CheckRow[] {
  if (layout.kind === "none") {
    return [lacks(GROUP, "layout", "no cgroup file system is mounted", {
      means: "containers run, but no limit and no cgroupsPath can be set",
      change: "mount -t cgroup2 cgroup2 /sys/fs/cgroup",
    })];
  }
  const kinds = {
    legacy: "cgroup v1",
    hybrid: "cgroup v1, with v2 beside it",
    unified: "cgroup v2",
  };
  const have = controllers(layout);
  return [
    works(GROUP, "layout", kinds[layout.kind]),
    ...Object.entries(CONTROLLERS).map(([name, what]) =>
      have.has(name) ? works(GROUP, name, have.get(name)!) : lacks(
        GROUP,
        name,
        "there is no such controller",
        {
          means: `${what} cannot be set`,
          change: layout.kind === "unified"
            ? "check cgroup.controllers, and the kernel's command line for " +
              "cgroup_disable"
            : `mount -t cgroup -o ${name} cgroup /sys/fs/cgroup/${name}`,
        },
      )
    ),
    rightsRow(layout),
  ];
}

/** The controllers that there are, and where. */
export function controllers(layout: CgroupLayout): Map<string, string> {
  const found = new Map<string, string>();
  const { unified } = layout;
  if (unified !== undefined) {
    const names = words(`${unified.mountPoint}/cgroup.controllers`);
    for (const name of Object.keys(CONTROLLERS)) {
      const here = names.includes(V2_NAME[name] ?? name) ||
        V2_ALWAYS.includes(name) && layout.kind === "unified";
      if (here) found.set(name, `v2, ${unified.mountPoint}`);
    }
  }
  for (const { controllers, mountPoint } of layout.hierarchies) {
    for (const name of controllers) found.set(name, `v1, ${mountPoint}`);
  }
  return found;
}

function words(path: string): string[] {
  try {
    return readText(path).trim().split(" ");
  } catch {
    return [];
  }
}

/** Whether a cgroup can be made: root's below the root, a user's below his. */
function rightsRow(layout: CgroupLayout): CheckRow {
  const root = Deno.uid() === 0;
  const places = root
    ? [...layout.hierarchies, layout.unified].flatMap((h) =>
      h?.mountPoint ?? []
    )
    : ownCgroups(layout);
  const name = `davit-check-${Deno.pid}`;
  const refused = places.flatMap((place) => {
    const errno = mkdir(`${place}/${name}`, 0o755);
    if (errno === 0) rmdir(`${place}/${name}`);
    return errno === 0 ? [] : [{ place, errno }];
  });
  const [first] = refused;
  if (first === undefined && places.length > 0) {
    return works(GROUP, root ? "rights" : "delegation", "made one in each");
  }
  return lacks(
    GROUP,
    root ? "rights" : "delegation",
    first?.errno ?? "this user's cgroup is not below a mount",
    {
      means: "limits cannot be set, containers run without cgroups of their " +
        "own",
      change: root
        ? `let Davit write to ${first?.place}`
        : "have systemd delegate a cgroup (Delegate=yes, or log in through " +
          "it), and use --systemd-cgroup",
    },
  );
}

/** The cgroups that this process is in, as paths of the host. */
function ownCgroups(layout: CgroupLayout): string[] {
  const lines = readText("/proc/self/cgroup").trim().split("\n");
  return lines.flatMap((line) => {
    const [, names = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const hierarchy = names === ""
      ? layout.unified
      : layout.hierarchies.find(({ controllers }) =>
        controllers.join() === names
      );
    return hierarchy === undefined ? [] : [hierarchy.mountPoint + path];
  });
}
