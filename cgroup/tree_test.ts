import { SyscallError } from "../ffi/error.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { AT_FDCWD, close, type Fd, O, openat2 } from "../ffi/fd.ts";
import { unlink } from "../ffi/files.ts";
import {
  cgroupTree,
  makeDirectory,
  processIds,
  removeDirectory,
  removeTree,
  writeFile,
} from "./tree.ts";

/** Runs a test on a directory of its own and removes it. */
function withRoot(test: (root: string) => void): () => void {
  return () => {
    const root = Deno.makeTempDirSync();
    try {
      test(root);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  };
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

Deno.test(
  "makeDirectory() makes parents below the root and tells what it made",
  withRoot((root) => {
    const made: string[] = [];
    assertEquals(makeDirectory(`${root}/a/b/c`, root, made), true);
    assertEquals(made, [`${root}/a`, `${root}/a/b`, `${root}/a/b/c`]);
    assertEquals(makeDirectory(`${root}/a/b/c`, root, made), false);
    assertEquals(makeDirectory(`${root}/a/b/d`, root, made), true);
    assertEquals(made.length, 4);
  }),
);

Deno.test(
  "makeDirectory() never makes the root",
  withRoot((root) => {
    const made: string[] = [];
    assertThrows(
      () => makeDirectory(`${root}/gone/a/b`, `${root}/gone`, made),
      SyscallError,
    );
    assertEquals(made, []);
    assertEquals(exists(`${root}/gone`), false);
  }),
);

Deno.test(
  "writeFile() makes no file",
  withRoot((root) => {
    assertThrows(() => writeFile(`${root}/x`, "1"), SyscallError);
    assertEquals(exists(`${root}/x`), false);
  }),
);

Deno.test(
  "processIds() reads sub-cgroups too, each process once",
  withRoot((root) => {
    Deno.mkdirSync(`${root}/a/b`, { recursive: true });
    Deno.writeTextFileSync(`${root}/cgroup.procs`, "10\n0\n11\n");
    Deno.writeTextFileSync(`${root}/a/cgroup.procs`, "");
    Deno.writeTextFileSync(`${root}/a/b/cgroup.procs`, "11\n12\n");
    assertEquals(processIds(root).sort(), [10, 11, 12]);
    assertEquals(processIds(`${root}/gone`), []);
  }),
);

Deno.test(
  "processIds() follows no symbolic link",
  withRoot((root) => {
    Deno.mkdirSync(`${root}/cg/a`, { recursive: true });
    Deno.mkdirSync(`${root}/other`);
    Deno.writeTextFileSync(`${root}/other/cgroup.procs`, "13\n");
    Deno.symlinkSync(`${root}/other`, `${root}/cg/link`);
    assertEquals(processIds(`${root}/cg`), []);
  }),
);

Deno.test(
  "removeTree() removes sub-cgroups, deepest first",
  withRoot((root) => {
    Deno.mkdirSync(`${root}/cg/a/b`, { recursive: true });
    Deno.mkdirSync(`${root}/cg/c`);
    assertEquals(removeTree(`${root}/cg`), true);
    assertEquals(exists(`${root}/cg`), false);
    assertEquals(removeTree(`${root}/cg`), true);
  }),
);

Deno.test(
  "removeTree() leaves files and links, and what they point to",
  withRoot((root) => {
    Deno.mkdirSync(`${root}/cg/a`, { recursive: true });
    Deno.mkdirSync(`${root}/outside/kept`, { recursive: true });
    Deno.symlinkSync(`${root}/outside`, `${root}/cg/link`);
    assertEquals(removeTree(`${root}/cg`), false);
    assertEquals(exists(`${root}/cg/link`), true);
    assertEquals(exists(`${root}/outside/kept`), true);
    assertThrows(
      () => removeTree(`${root}/cg/link`),
      SyscallError,
    );
    assertEquals(exists(`${root}/cg/link`), true);
  }),
);

Deno.test(
  "removeDirectory() says whether the directory is gone",
  withRoot((root) => {
    Deno.mkdirSync(`${root}/a/b`, { recursive: true });
    assertEquals(removeDirectory(`${root}/a`), false);
    assertEquals(removeDirectory(`${root}/a/b`), true);
    assertEquals(removeDirectory(`${root}/a/b`), true);
  }),
);

/** Nests directories until their path is longer than one may be. */
function nest(root: string, levels: number): void {
  const open: Fd[] = [];
  let base = root;
  for (let level = 0; level < levels; level += 100) {
    const below = `${base}/${Array(100).fill("a".repeat(9)).join("/")}`;
    Deno.mkdirSync(below, { recursive: true });
    const fd = openat2(AT_FDCWD, below, { flags: O.PATH });
    open.push(fd);
    base = `/proc/self/fd/${fd}`;
  }
  Deno.writeTextFileSync(`${base}/cgroup.procs`, "14\n");
  open.forEach(close);
}

Deno.test(
  "trees deeper than a path can say are read",
  withRoot((root) => {
    nest(root, 1000); // 10,000 bytes
    Deno.mkdirSync(`${root}/beside`);
    assertEquals(processIds(root), [14]);
    assertEquals([...cgroupTree(root)].length, 1002);
  }),
);

Deno.test(
  "removeTree() removes trees deeper than a path can say",
  withRoot((root) => {
    Deno.mkdirSync(`${root}/cg`);
    nest(`${root}/cg`, 1000);
    // What stands for a file of the kernel's would stay.
    for (const path of cgroupTree(`${root}/cg`)) {
      unlink(`${path}/cgroup.procs`);
    }
    assertEquals(removeTree(`${root}/cg`), true);
    assertEquals(exists(`${root}/cg`), false);
  }),
);

Deno.test(
  "cgroupTree() leaves no descriptor open when it is cut short",
  withRoot((root) => {
    nest(root, 1000);
    const count = () => [...Deno.readDirSync("/proc/self/fd")].length;
    const before = count();
    for (const _path of cgroupTree(root)) break;
    assertEquals(count(), before);
  }),
);
