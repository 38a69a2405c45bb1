import { assert, assertEquals } from "@std/assert";
import { close, type Fd, Handle, O, write } from "./fd.ts";
import { poll, pollAsync, POLLGONE, POLLIN, POLLOUT } from "./poll.ts";
import { checked } from "./syscall.ts";

const POLLHUP = 16, POLLNVAL = 32;

function pipe(): [Fd, Fd] {
  const ends = new Int32Array(2);
  checked("pipe2", "", ends, O.CLOEXEC);
  return [ends[0] as Fd, ends[1] as Fd];
}

const BYTE = new Uint8Array(1);

Deno.test("poll() tells what each descriptor is ready for", () => {
  const [reader, writer] = pipe();
  using r = new Handle(reader);
  using w = new Handle(writer);
  const wanted = [
    { fd: r.fd, events: POLLIN },
    { fd: w.fd, events: POLLOUT },
    { fd: -1, events: POLLIN },
    { fd: 1_000_000, events: POLLIN },
  ];
  assertEquals(poll(wanted, -1), [0, POLLOUT, 0, POLLNVAL]);
  write(w.fd, BYTE);
  assertEquals(poll(wanted, 0), [POLLIN, POLLOUT, 0, POLLNVAL]);
});

Deno.test("poll() tells a hang-up that nobody asked for", () => {
  const [reader, writer] = pipe();
  using r = new Handle(reader);
  close(writer);
  const [events = 0] = poll([{ fd: r.fd, events: 0 }], -1);
  assertEquals(events, POLLHUP);
  assert(events & POLLGONE);
});

Deno.test("poll() gives up after its time", () => {
  const [reader, writer] = pipe();
  using r = new Handle(reader);
  using _w = new Handle(writer);
  const wanted = [{ fd: r.fd, events: POLLIN }];
  const start = performance.now();
  assertEquals(poll(wanted, 20), [0]);
  assertEquals(poll(wanted, 0.4), [0]);
  const took = performance.now() - start;
  assert(took >= 19 && took < 1000, `${took} ms`);
  assertEquals(poll([], 0), []);
});

Deno.test("pollAsync() waits while the program goes on", async () => {
  const [reader, writer] = pipe();
  using r = new Handle(reader);
  using w = new Handle(writer);
  const wanted = [{ fd: r.fd, events: POLLIN }, { fd: -1, events: POLLIN }];
  const waiting = pollAsync(wanted, 5000);
  let ticked = false;
  setTimeout(() => {
    ticked = true;
    write(w.fd, BYTE);
  }, 10);
  assertEquals(await waiting, [POLLIN, 0]);
  assertEquals(ticked, true);
});

Deno.test("pollAsync() gives up after its time, or tells a hang-up", async () => {
  const [reader, writer] = pipe();
  using r = new Handle(reader);
  const wanted = [{ fd: r.fd, events: POLLIN }];
  assertEquals(await pollAsync(wanted, 10), [0]);
  close(writer);
  assertEquals(await pollAsync(wanted, -1), [POLLHUP]);
});
