import { assertEquals, assertThrows } from "@std/assert";
import { E } from "./errno.ts";
import { SyscallError } from "./error.ts";
import { Handle, O, open, openIfThere } from "./fd.ts";
import {
  fstat,
  isDirectory,
  lstat,
  mayWrite,
  mkdir,
  mkdirAll,
  mkdirExactly,
  readBytes,
  readDirectory,
  readLink,
  readText,
  readTextIfThere,
  readToEnd,
  realPath,
  removeAll,
  rename,
  rmdir,
  S,
  stat,
  unlink,
  writeText,
} from "./files.ts";

/** Runs `test` with a folder of its own. */
function inFolder(test: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "davit-files." });
  try {
    test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const mode = (path: string) => Deno.lstatSync(path).mode! & 0o7777;
const exists = (path: string) => typeof lstat(path) === "object";

function code(call: () => unknown): string {
  return (assertThrows(call, SyscallError) as SyscallError).code;
}

Deno.test("mkdir() makes a directory, or returns the errno", () => {
  inFolder((folder) => {
    assertEquals(mkdir(`${folder}/a`, 0o777), 0);
    assertEquals(mode(`${folder}/a`), 0o777 & ~Deno.umask());
    assertEquals(mkdir(`${folder}/a`, 0o777), E.EEXIST);
    assertEquals(mkdir(`${folder}/b/c`, 0o777), E.ENOENT);
  });
});

Deno.test("mkdirExactly() is not bound by the umask", () => {
  inFolder((folder) => {
    assertEquals(mkdirExactly(`${folder}/a`, 0o777), 0);
    assertEquals(mode(`${folder}/a`), 0o777);
    assertEquals(mkdirExactly(`${folder}/a`, 0o700), E.EEXIST);
    assertEquals(mode(`${folder}/a`), 0o777);
  });
});

Deno.test("mkdirAll() makes what is missing, and may find it all", () => {
  inFolder((folder) => {
    for (let time = 0; time < 2; time++) {
      mkdirAll(`${folder}/a/b/c`, 0o700);
      assertEquals(mode(`${folder}/a/b/c`), 0o700);
      assertEquals(mode(`${folder}/a`), 0o700);
    }
    Deno.writeTextFileSync(`${folder}/file`, "");
    assertEquals(code(() => mkdirAll(`${folder}/file/a`, 0o700)), "ENOTDIR");
  });
});

Deno.test("unlink(), rmdir() and rename() return the errno", () => {
  inFolder((folder) => {
    const [a, b] = [`${folder}/a`, `${folder}/b`];
    mkdir(a, 0o700);
    writeText(`${a}/file`, "", O.CREAT, 0o600);
    assertEquals(unlink(a), E.EISDIR);
    assertEquals(rmdir(a), E.ENOTEMPTY);
    assertEquals(rename(a, b), 0);
    assertEquals(rename(a, b), E.ENOENT);
    assertEquals(unlink(`${b}/file`), 0);
    assertEquals(unlink(`${b}/file`), E.ENOENT);
    assertEquals(rmdir(b), 0);
    assertEquals(rmdir(b), E.ENOENT);
  });
});

Deno.test("writeText() writes, readText() and readBytes() read", () => {
  inFolder((folder) => {
    const path = `${folder}/file`;
    assertEquals(code(() => writeText(path, "x")), "ENOENT");
    writeText(path, "hällo", O.CREAT | O.EXCL, 0o640);
    assertEquals(mode(path), 0o640 & ~Deno.umask());
    assertEquals(readText(path), "hällo");
    assertEquals(code(() => writeText(path, "", O.CREAT | O.EXCL)), "EEXIST");
    writeText(path, "HÄ");
    assertEquals(readText(path), "HÄllo");
    writeText(path, "", O.TRUNC);
    assertEquals(readText(path), "");
    assertEquals(code(() => readText(`${folder}/none`)), "ENOENT");
    assertEquals(code(() => readText(folder)), "EISDIR");
  });
});

Deno.test("readBytes() reads files of every length, up to a limit", () => {
  inFolder((folder) => {
    const path = `${folder}/file`;
    for (const length of [0, 1, 4095, 4096, 4097, 16_384, 100_000]) {
      const bytes = new Uint8Array(length).map((_, i) => i * 31);
      Deno.writeFileSync(path, bytes);
      assertEquals(readBytes(path), bytes);
      assertEquals(readBytes(path, length), bytes);
      assertEquals(readBytes(path, 5000), bytes.subarray(0, 5000));
      assertEquals(readBytes(path, 1), bytes.subarray(0, 1));
    }
  });
  // procfs says of its files that they are empty.
  assertEquals(readText("/proc/self/stat").startsWith(`${Deno.pid} (`), true);
});

Deno.test("readToEnd() reads from where the descriptor stands", () => {
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "0123456789");
    using file = new Handle(open(`${folder}/file`, O.RDONLY));
    const text = (max?: number) =>
      new TextDecoder().decode(readToEnd(file.fd, max));
    assertEquals([text(4), text(), text()], ["0123", "456789", ""]);
  });
});

Deno.test("stat(), lstat() and fstat() tell type, links and size", () => {
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "12345", { mode: 0o600 });
    Deno.linkSync(`${folder}/file`, `${folder}/other`);
    Deno.symlinkSync("file", `${folder}/link`);
    const wanted = { mode: S.IFREG | 0o600, links: 2, size: 5 };
    assertEquals(stat(`${folder}/file`), wanted);
    assertEquals(stat(`${folder}/link`), wanted);
    const link = lstat(`${folder}/link`);
    assertEquals(
      typeof link === "object" && [link.mode & S.IFMT, link.size],
      [0o120000, 4],
    );
    using file = new Handle(open(`${folder}/file`, O.PATH));
    assertEquals(fstat(file.fd), wanted);
    assertEquals(stat(`${folder}/none`), E.ENOENT);
    assertEquals(stat(`${folder}/file/x`), E.ENOTDIR);
    assertEquals(code(() => fstat(1_000_000)), "EBADF");
    assertEquals(isDirectory(stat(folder)), true);
    assertEquals(isDirectory(stat(`${folder}/file`)), false);
    assertEquals(isDirectory(stat(`${folder}/none`)), false);
  });
});

Deno.test("realPath() and readLink() follow links, and read one", () => {
  inFolder((folder) => {
    const real = Deno.realPathSync(folder);
    Deno.mkdirSync(`${folder}/ä b`);
    Deno.symlinkSync("ä b/../ä b", `${folder}/link`);
    assertEquals(realPath(`${folder}/link/.`), `${real}/ä b`);
    assertEquals(readLink(`${folder}/link`), "ä b/../ä b");
    assertEquals(code(() => readLink(folder)), "EINVAL");
    assertEquals(code(() => realPath(`${folder}/none`)), "ENOENT");
  });
});

Deno.test("readDirectory() lists names, however many", () => {
  inFolder((folder) => {
    assertEquals(readDirectory(folder), []);
    const names = Array.from({ length: 2000 }, (_, i) => `name ä ${i}`);
    for (const name of names) Deno.writeTextFileSync(`${folder}/${name}`, "");
    Deno.mkdirSync(`${folder}/.folder`);
    Deno.symlinkSync(".folder", `${folder}/link`);
    const entries = readDirectory(folder);
    if (typeof entries === "number") throw new Error(`errno ${entries}`);
    assertEquals(
      entries.map(({ name }) => name).sort(),
      [...names, ".folder", "link"].sort(),
    );
    const folders = entries.filter((entry) => entry.isDirectory);
    assertEquals(folders, [{ name: ".folder", isDirectory: true }]);
    assertEquals(readDirectory(`${folder}/none`), E.ENOENT);
    assertEquals(readDirectory(`${folder}/${names[0]}`), E.ENOTDIR);
  });
});

Deno.test("removeAll() removes trees and follows no link", () => {
  inFolder((folder) => {
    mkdirAll(`${folder}/kept/in`, 0o700);
    mkdirAll(`${folder}/tree/a/b`, 0o700);
    writeText(`${folder}/tree/a/file`, "", O.CREAT, 0o400);
    Deno.symlinkSync("../kept", `${folder}/tree/link`);
    Deno.symlinkSync("/no/such", `${folder}/tree/broken`);
    removeAll(`${folder}/tree`);
    assertEquals(exists(`${folder}/tree`), false);
    assertEquals(exists(`${folder}/kept/in`), true);
    removeAll(`${folder}/tree`);
    Deno.symlinkSync("kept", `${folder}/link`);
    removeAll(`${folder}/link`);
    assertEquals([exists(`${folder}/link`), exists(`${folder}/kept`)], [
      false,
      true,
    ]);
  });
});

Deno.test("removeAll() tells what cannot be removed", () => {
  const error = assertThrows(() => removeAll("/proc/self"), SyscallError);
  assertEquals((error as SyscallError).errno > 0, true);
});

Deno.test("mayWrite() asks for the effective user, and answers no on errors", () => {
  inFolder((folder) => {
    assertEquals(mayWrite(folder), true);
    assertEquals(mayWrite(`${folder}/none`), false);
    // A file system that nobody may write to.
    assertEquals(mayWrite("/sys/kernel/no-such-thing"), false);
  });
});

Deno.test("readTextIfThere() and openIfThere() tell absence from failure", () => {
  inFolder((folder) => {
    const file = `${folder}/file`;
    writeText(file, "text", O.CREAT, 0o600);
    assertEquals(readTextIfThere(file), "text");
    assertEquals(readTextIfThere(`${file}s`), undefined);
    assertEquals(openIfThere(`${file}s`, O.RDONLY), undefined);
    assertThrows(() => readTextIfThere(`${file}/x`), SyscallError, "openat");
    assertThrows(() => readTextIfThere(folder), SyscallError, folder);
  });
});
