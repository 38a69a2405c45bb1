/** What a container may leave on the host, and how to get rid of it. */
import { join } from "@std/path/posix";
import { readIfThere } from "./davit.ts";

/** What names a container's things: its ID, and the folder of its test. */
export interface Traces {
  id: string;
  folder: string;
  root: string;
}

/** Every process that belongs to the container or still works for it. */
export function processesOf({ id, folder }: Traces): number[] {
  const own = Deno.readLinkSync("/proc/self/ns/mnt");
  const found: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === Deno.pid) continue;
    const files = ["cmdline", "environ", "cgroup"];
    // What has the host's mounts would show a mount that is left there.
    if (linkIfThere(`/proc/${pid}/ns/mnt`) !== own) files.push("mountinfo");
    const texts = files.map((file) => readIfThere(`/proc/${pid}/${file}`));
    // A launch program that hangs early shows its container by no more.
    if (readIfThere(`/proc/${pid}/comm`) === "davit-init\n") {
      texts.push(...openFiles(pid));
    }
    // It may have been reaped since, or have ended.
    if (
      texts.some((text) => text.includes(id) || text.includes(folder)) &&
      /\) [^ZX]/.test(readIfThere(`/proc/${pid}/stat`))
    ) found.push(pid);
  }
  return found;
}

/** What a process's descriptors are open on. */
function openFiles(pid: number): string[] {
  try {
    return Array.from(
      Deno.readDirSync(`/proc/${pid}/fd`),
      ({ name }) => linkIfThere(`/proc/${pid}/fd/${name}`) ?? "",
    );
  } catch {
    return []; // it has ended
  }
}

/** Where a symbolic link leads; undefined where there is none. */
export function linkIfThere(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}

/** Mount points of the host that lie in the test's folder. */
export function mountsOf({ folder }: Traces): string[] {
  return readIfThere("/proc/self/mountinfo").split("\n")
    .filter((line) => line.includes(folder))
    .map((line) => line.split(" ")[4]!);
}

/** Cgroups that carry the container's ID, deepest first. */
export function cgroupsOf({ id }: Traces): string[] {
  const found: string[] = [];
  const walk = (folder: string, depth: number) => {
    let entries: Deno.DirEntry[] = [];
    try {
      entries = [...Deno.readDirSync(folder)];
    } catch {
      return; // gone by now
    }
    for (const { name, isDirectory } of entries) {
      if (!isDirectory) continue;
      const path = join(folder, name);
      if (depth < 8) walk(path, depth + 1);
      if (path.includes(id)) found.push(path);
    }
  };
  walk("/sys/fs/cgroup", 0);
  return found;
}

/** Everything below the state root that carries the container's ID. */
export function stateOf({ id, root }: Traces): string[] {
  const found: string[] = [];
  const walk = (folder: string) => {
    let entries: Deno.DirEntry[] = [];
    try {
      entries = [...Deno.readDirSync(folder)];
    } catch {
      return;
    }
    for (const { name, isDirectory } of entries) {
      const path = join(folder, name);
      if (name.includes(id)) found.push(path);
      else if (isDirectory) walk(path);
    }
  };
  walk(root);
  return found;
}

/** One line for each thing that is left. */
export function leftovers(traces: Traces): string[] {
  return [
    ...processesOf(traces).map((pid) =>
      `process ${pid}: ${
        readIfThere(`/proc/${pid}/cmdline`).replaceAll("\0", " ")
      }`
    ),
    ...mountsOf(traces).map((path) => `mount ${path}`),
    ...cgroupsOf(traces).map((path) => `cgroup ${path}`),
    ...stateOf(traces).map((path) => `state ${path}`),
  ];
}

/** Ends, unmounts and removes whatever is left. */
export function cleanUp(traces: Traces): void {
  for (const pid of processesOf(traces)) {
    attempt(() => Deno.kill(pid, "SIGKILL"));
  }
  for (let i = 0; i < 200 && processesOf(traces).length > 0; i++) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
  for (const path of mountsOf(traces).reverse()) {
    new Deno.Command("umount", { args: ["-l", path] }).outputSync();
  }
  for (const path of cgroupsOf(traces)) attempt(() => Deno.removeSync(path));
  attempt(() => Deno.removeSync(traces.folder, { recursive: true }));
}

function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // gone by now, or told by leftovers() before
  }
}
