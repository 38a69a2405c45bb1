import { assert, assertEquals, assertThrows } from "@std/assert";
import { SyscallError } from "./error.ts";
import {
  close,
  closesOnExec,
  duplicate,
  type Fd,
  Handle,
  O,
  open,
  openat2,
  read,
  RESOLVE,
  setNonblocking,
  write,
} from "./fd.ts";
import { checked } from "./syscall.ts";

/** Runs `test` with a folder of its own. */
function inFolder(test: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "davit-fd." });
  try {
    test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function pipe(): [Fd, Fd] {
  const ends = new Int32Array(2);
  checked("pipe2", "", ends, O.CLOEXEC);
  return [ends[0] as Fd, ends[1] as Fd];
}

const utf8 = (text: string) => new TextEncoder().encode(text);

/** The error of a call that must fail. */
function failure(call: () => unknown): SyscallError {
  return assertThrows(call, SyscallError) as SyscallError;
}

Deno.test("open() makes, writes and reads a file", () => {
  inFolder((folder) => {
    const path = `${folder}/näme with blanks`;
    using file = new Handle(open(path, O.RDWR | O.CREAT | O.EXCL, 0o640));
    write(file.fd, utf8("hello"));
    const { mode, size } = Deno.statSync(path);
    assertEquals([mode! & 0o777 & ~Deno.umask(), size], [
      0o640 & ~Deno.umask(),
      5,
    ]);
    using again = new Handle(open(path, O.RDONLY));
    const bytes = new Uint8Array(16);
    assertEquals(read(again.fd, bytes), 5);
    assertEquals(bytes.subarray(0, 5), utf8("hello"));
    assertEquals(read(again.fd, bytes), 0);
  });
});

Deno.test("open() sets close-on-exec", () => {
  using file = new Handle(open("/dev/null", O.RDWR));
  assertEquals(closesOnExec(file.fd), true);
});

Deno.test("open() fails with the path", () => {
  const { call, code, subject } = failure(() => open("/no/such", O.RDONLY));
  assertEquals([call, code, subject], ["openat", "ENOENT", "/no/such"]);
});

Deno.test("open() refuses a symbolic link, or a file as a directory", () => {
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    Deno.symlinkSync("file", `${folder}/link`);
    const link = () => open(`${folder}/link`, O.RDONLY | O.NOFOLLOW);
    assertEquals(failure(link).code, "ELOOP");
    const file = () => open(`${folder}/file`, O.PATH | O.DIRECTORY);
    assertEquals(failure(file).code, "ENOTDIR");
  });
});

Deno.test("openat2() resolves inside the root, whatever links say", () => {
  inFolder((folder) => {
    const root = `${folder}/root`;
    Deno.mkdirSync(`${root}/etc`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/secret`, "outside");
    Deno.writeTextFileSync(`${root}/secret`, "inside");
    Deno.symlinkSync("../../../../secret", `${root}/etc/up`);
    Deno.symlinkSync("/secret", `${root}/etc/absolute`);
    Deno.symlinkSync(`${folder}/secret`, `${root}/etc/host`);
    using at = new Handle(open(root, O.PATH | O.DIRECTORY));
    const inRoot = (path: string) => {
      const how = { flags: O.RDONLY, resolve: RESOLVE.IN_ROOT };
      using file = new Handle(openat2(at.fd, path, how));
      const bytes = new Uint8Array(16);
      return new TextDecoder().decode(bytes.subarray(0, read(file.fd, bytes)));
    };
    assertEquals(inRoot("../secret"), "inside");
    assertEquals(inRoot("/secret"), "inside");
    assertEquals(inRoot("etc/up"), "inside");
    assertEquals(inRoot("etc/absolute"), "inside");
    assertEquals(failure(() => inRoot("etc/host")).code, "ENOENT");
    const refused = (path: string, resolve: number) =>
      failure(() => openat2(at.fd, path, { flags: O.RDONLY, resolve })).code;
    assertEquals(refused("../secret", RESOLVE.BENEATH), "EXDEV");
    assertEquals(refused("etc/absolute", RESOLVE.BENEATH), "EXDEV");
    assertEquals(refused("etc/up", RESOLVE.NO_SYMLINKS), "ELOOP");
  });
});

Deno.test("openat2() refuses magic links and other mounts when told", () => {
  using proc = new Handle(open("/proc", O.PATH | O.DIRECTORY));
  const refused = (path: string, resolve: number) =>
    failure(() => openat2(proc.fd, path, { flags: O.PATH, resolve })).code;
  assertEquals(refused("self/root", RESOLVE.NO_MAGICLINKS), "ELOOP");
  assertEquals(refused("self/root", RESOLVE.NO_XDEV), "EXDEV");
});

Deno.test("openat2() makes files with a mode and close-on-exec", () => {
  inFolder((folder) => {
    using at = new Handle(open(folder, O.PATH | O.DIRECTORY));
    const flags = O.WRONLY | O.CREAT | O.EXCL;
    using file = new Handle(openat2(at.fd, "new", { flags, mode: 0o600 }));
    assertEquals(closesOnExec(file.fd), true);
    assertEquals(Deno.statSync(`${folder}/new`).mode! & 0o777, 0o600);
    const again = failure(() => openat2(at.fd, "new", { flags, mode: 0 }));
    assertEquals([again.call, again.code, again.subject], [
      "openat2",
      "EEXIST",
      "new",
    ]);
  });
});

Deno.test("Handle closes its descriptor at the end of the scope", () => {
  let fd: Fd;
  {
    using handle = new Handle(duplicate(0, 900));
    fd = handle.fd;
    assertEquals(closesOnExec(fd), true);
  }
  assertEquals(closesOnExec(fd), undefined);
});

Deno.test("Handle closes once and refuses to be used after", () => {
  const handle = new Handle(duplicate(0, 910));
  const { fd } = handle;
  handle.close();
  assertEquals(closesOnExec(fd), undefined);
  const error = assertThrows(() => handle.fd, TypeError) as TypeError;
  assertEquals(error.message, "descriptor is closed");
  handle.close();
  handle[Symbol.dispose]();
});

Deno.test("close() ignores a descriptor that is not open", () => {
  close(-1);
  close(1_000_000);
});

Deno.test("duplicate() copies to a number that is high enough", () => {
  using copy = new Handle(duplicate(0, 950));
  assert(copy.fd >= 950);
  assertEquals(closesOnExec(copy.fd), true);
  const { code, subject } = failure(() => duplicate(1_000_000));
  assertEquals([code, subject], ["EBADF", "descriptor 1000000"]);
});

Deno.test("write() writes all, and read() stops at the end", () => {
  inFolder((folder) => {
    const bytes = new Uint8Array(300_000).map((_, i) => i * 7);
    using file = new Handle(open(`${folder}/f`, O.RDWR | O.CREAT, 0o600));
    write(file.fd, bytes);
    assertEquals(Deno.readFileSync(`${folder}/f`), bytes);
    write(file.fd, new Uint8Array(0));
    assertEquals(Deno.statSync(`${folder}/f`).size, bytes.length);
  });
});

Deno.test("read() and write() name the descriptor that fails", () => {
  const buffer = new Uint8Array(1);
  using file = new Handle(open("/dev/null", O.RDONLY));
  const error = failure(() => write(file.fd, buffer));
  assertEquals([error.call, error.code, error.subject], [
    "write",
    "EBADF",
    `descriptor ${file.fd}`,
  ]);
  assertEquals(failure(() => read(1_000_000, buffer)).code, "EBADF");
});

Deno.test("setNonblocking() makes an empty pipe answer EAGAIN", () => {
  const [reader, writer] = pipe();
  using _writer = new Handle(writer);
  using handle = new Handle(reader);
  setNonblocking(handle.fd);
  const buffer = new Uint8Array(1);
  assertEquals(failure(() => read(handle.fd, buffer)).code, "EAGAIN");
  write(writer, utf8("x"));
  assertEquals(read(handle.fd, buffer), 1);
});

Deno.test("closesOnExec() tells what execve(2) will do", () => {
  using copy = new Handle(duplicate(0, 970));
  assertEquals(closesOnExec(copy.fd), true);
  checked("fcntl", "", copy.fd, 2, 0); // F_SETFD
  assertEquals(closesOnExec(copy.fd), false);
  assertEquals(closesOnExec(1_000_000), undefined);
});
