import { assert, assertEquals } from "@std/assert";
import { SyscallError } from "./error.ts";

Deno.test("SyscallError carries call, number, name, text and subject", () => {
  const error = new SyscallError("openat2", 2, "/no/such");
  assert(error instanceof Error);
  assertEquals(
    {
      name: error.name,
      call: error.call,
      errno: error.errno,
      code: error.code,
      text: error.text,
      subject: error.subject,
      message: error.message,
    },
    {
      name: "SyscallError",
      call: "openat2",
      errno: 2,
      code: "ENOENT",
      text: "No such file or directory",
      subject: "/no/such",
      message: 'openat2 "/no/such": No such file or directory',
    },
  );
});

Deno.test("SyscallError names no subject where there is none", () => {
  const error = new SyscallError("socketpair", 24);
  assertEquals(error.subject, "");
  assertEquals(error.message, "socketpair: Too many open files");
});

Deno.test("SyscallError tells an unknown number", () => {
  const error = new SyscallError("bpf", 524, "map");
  assertEquals(error.code, "errno 524");
  assertEquals(error.message, 'bpf "map": Unknown error 524');
});
