import { assert, assertEquals, assertThrows } from "@std/assert";
import { SyscallError } from "./error.ts";
import {
  close,
  closesOnExec,
  type Fd,
  Handle,
  O,
  open,
  read,
  write,
} from "./fd.ts";
import { poll, POLLIN } from "./poll.ts";
import {
  connect,
  listen,
  receive,
  sendDescriptor,
  socketPair,
} from "./socket.ts";
import { checked } from "./syscall.ts";

function inFolder(test: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "davit-socket." });
  try {
    test(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Accepts one connection on `listener`. */
function accept(listener: Fd): Fd {
  return checked("accept4", "", listener, null, null, O.CLOEXEC) as Fd;
}

function code(call: () => unknown): string {
  return (assertThrows(call, SyscallError) as SyscallError).code;
}

Deno.test("socketPair() keeps messages apart and closes on exec", () => {
  const [a, b] = socketPair();
  using ours = new Handle(a);
  using theirs = new Handle(b);
  assertEquals([closesOnExec(a), closesOnExec(b)], [true, true]);
  write(theirs.fd, utf8("one"));
  write(theirs.fd, utf8("three"));
  const bytes = new Uint8Array(16);
  assertEquals(receive(ours.fd, bytes), { length: 3 });
  assertEquals(receive(ours.fd, bytes), { length: 5 });
  assertEquals(bytes.subarray(0, 5), utf8("three"));
});

Deno.test("receive() answers 0 when the other side is gone", () => {
  const [a, b] = socketPair();
  using ours = new Handle(a);
  close(b);
  assertEquals(receive(ours.fd, new Uint8Array(16)), { length: 0 });
});

Deno.test("receive() fails on what is no socket", () => {
  using file = new Handle(open("/dev/null", O.RDONLY));
  assertEquals(code(() => receive(file.fd, new Uint8Array(1))), "ENOTSOCK");
});

Deno.test("sendDescriptor() hands an open file over", () => {
  inFolder((folder) => {
    const [a, b] = socketPair();
    using ours = new Handle(a);
    using theirs = new Handle(b);
    Deno.writeTextFileSync(`${folder}/file`, "contents");
    using file = new Handle(open(`${folder}/file`, O.RDONLY));
    sendDescriptor(theirs.fd, utf8("name"), file.fd);
    const data = new Uint8Array(16);
    const { length, fd } = receive(ours.fd, data);
    using got = new Handle(fd!);
    assertEquals(data.subarray(0, length), utf8("name"));
    assert(got.fd !== file.fd);
    assertEquals(closesOnExec(got.fd), true);
    const bytes = new Uint8Array(16);
    assertEquals(bytes.subarray(0, read(got.fd, bytes)), utf8("contents"));
  });
});

Deno.test("sendDescriptor() fails instead of ending the process", () => {
  const [a, b] = socketPair();
  using ours = new Handle(a);
  close(b);
  assertEquals(
    code(() => sendDescriptor(ours.fd, utf8("x"), ours.fd)),
    "EPIPE",
  );
});

Deno.test("listen() and connect() meet at a path", () => {
  inFolder((folder) => {
    const path = `${folder}/socket`;
    using listener = new Handle(listen(path, 1));
    assertEquals(Deno.lstatSync(path).isSocket, true);
    using client = new Handle(connect(path));
    using server = new Handle(accept(listener.fd));
    assertEquals(closesOnExec(listener.fd), true);
    assertEquals(closesOnExec(client.fd), true);
    write(client.fd, utf8("hello"));
    const bytes = new Uint8Array(16);
    assertEquals(bytes.subarray(0, read(server.fd, bytes)), utf8("hello"));
  });
});

Deno.test("listen() and connect() take paths of every length", () => {
  inFolder((folder) => {
    // sun_path has 108 bytes, and a NUL byte at its end.
    for (const length of [106, 107, 108, 109, 250, 1000]) {
      let deep = folder;
      while (length - deep.length > 100) deep += `/${"d".repeat(90)}`;
      Deno.mkdirSync(deep, { recursive: true });
      const path = `${deep}/${"s".repeat(length - deep.length - 1)}`;
      assertEquals(path.length, length);
      using listener = new Handle(listen(path, 1));
      assertEquals(Deno.lstatSync(path).isSocket, true, `${length}`);
      using _client = new Handle(connect(path));
      using _server = new Handle(accept(listener.fd));
    }
  });
});

Deno.test("listen() counts bytes, not characters", () => {
  inFolder((folder) => {
    const path = `${folder}/${"ß".repeat(40)}`;
    assert(path.length < 108);
    assert(utf8(path).length >= 108);
    using _listener = new Handle(listen(path, 1));
    using _client = new Handle(connect(path));
  });
});

Deno.test("listen() refuses a name that no address can hold", () => {
  inFolder((folder) => {
    const path = `${folder}/${"n".repeat(120)}`;
    assertEquals(code(() => listen(path, 1)), "ENAMETOOLONG");
  });
});

Deno.test("listen() refuses a path that is there", () => {
  inFolder((folder) => {
    using _first = new Handle(listen(`${folder}/s`, 1));
    const error = assertThrows(() => listen(`${folder}/s`, 1), SyscallError);
    const { call, code, subject } = error as SyscallError;
    assertEquals([call, code, subject], ["bind", "EADDRINUSE", `${folder}/s`]);
  });
});

Deno.test("connect() tells a missing socket from one nobody listens on", () => {
  inFolder((folder) => {
    const path = `${folder}/s`;
    assertEquals(code(() => connect(path)), "ENOENT");
    close(listen(path, 1));
    assertEquals(code(() => connect(path)), "ECONNREFUSED");
    assertEquals(code(() => connect(`${folder}/no/socket`)), "ENOENT");
    const long = `${folder}/${"d".repeat(120)}/socket`;
    assertEquals(code(() => connect(long)), "ENOENT");
  });
});

Deno.test("connect() fills the backlog and listeners poll as readable", () => {
  inFolder((folder) => {
    using listener = new Handle(listen(`${folder}/s`, 1));
    const wanted = [{ fd: listener.fd, events: POLLIN }];
    assertEquals(poll(wanted, 0), [0]);
    using _client = new Handle(connect(`${folder}/s`));
    assertEquals(poll(wanted, 1000), [POLLIN]);
  });
});
