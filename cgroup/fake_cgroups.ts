/**
 * Plain directories that stand for cgroup file systems; for tests.
 *
 * @module
 */

import type { CgroupLayout } from "./layout.ts";
import type { CgroupRequest } from "./manager.ts";

/** Runs a test on a directory that stands for the cgroup root. */
export function withRoot(test: (root: string) => void): () => void {
  return () => {
    const root = Deno.makeTempDirSync();
    try {
      test(root);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  };
}

/** A hybrid host of plain directories. */
export function hybrid(root: string): CgroupLayout {
  const hierarchies = ["memory", "devices", "pids", "name=systemd"].map(
    (name) => ({
      mountPoint: `${root}/${name.replace("name=", "")}`,
      root: "/",
      controllers: [name],
    }),
  );
  const unified = { mountPoint: `${root}/unified`, root: "/" };
  for (const { mountPoint } of [...hierarchies, unified]) {
    Deno.mkdirSync(mountPoint);
  }
  return { kind: "hybrid", hierarchies, unified };
}

export const FOLDERS = ["memory", "devices", "pids", "systemd", "unified"];

/** A unified host: one plain directory with the files that are read. */
export function unified(root: string, controllers: string): CgroupLayout {
  Deno.writeTextFileSync(`${root}/cgroup.controllers`, controllers);
  Deno.writeTextFileSync(`${root}/cgroup.subtree_control`, "");
  return {
    kind: "unified",
    hierarchies: [],
    unified: { mountPoint: root, root: "/" },
  };
}

/** A cgroup that exists already, with files. */
export function existing(
  directory: string,
  files: Record<string, string>,
): void {
  Deno.mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    Deno.writeTextFileSync(`${directory}/${name}`, text);
  }
}

/** A layout whose one hierarchy refuses mkdir(2) to everybody: sysfs. */
export const REFUSING: CgroupLayout = {
  kind: "hybrid",
  hierarchies: [{
    mountPoint: "/sys/kernel",
    root: "/",
    controllers: ["pids", "devices"],
  }],
  unified: undefined,
};

export function names(path: string): string[] {
  return [...Deno.readDirSync(path)].map((entry) => entry.name).sort();
}

export function request(linux: object, id = "c1"): CgroupRequest {
  return { id, spec: { linux } };
}
