/**
 * A program that talks as `criu swrk FD` does, for tests of what it is asked.
 * The request goes to the file that FAKE_CRIU_LOG names; it fails, with errors
 * in its log, where FAKE_CRIU is "fail". Where it is "restores", what it restores
 * is a sleep.
 */
import { close, type Fd, write } from "../ffi/fd.ts";
import { receive } from "../ffi/socket.ts";
import { decode, encode, inner, int, text } from "../oci/criu/protobuf.ts";
import { FEATURE, REQUEST } from "../oci/criu/rpc.ts";

const [command, socket = ""] = Deno.args;
if (command !== "swrk") throw new Error(`not asked for swrk: ${command}`);
const fd = Number(socket) as Fd;
const bytes = new Uint8Array(65536);

function take() {
  const { length } = receive(fd, bytes);
  if (length === 0) Deno.exit(0);
  return decode(bytes.slice(0, length));
}

const asked = take();
const type = int(asked, 1)!;
if (type === REQUEST.featureCheck) {
  const features = encode([[FEATURE.memTrack, false]]);
  write(fd, encode([[1, type], [2, true], [8, features]]));
  Deno.exit(0);
}
const options = inner(asked, 2)!;
Deno.writeTextFileSync(
  Deno.env.get("FAKE_CRIU_LOG")!,
  JSON.stringify({
    type,
    pid: int(options, 2),
    leaveRunning: int(options, 3),
    shellJob: int(options, 7),
    root: text(options, 13),
    cgroupsMode: int(options, 34),
    external: options.get(37)?.map((value) =>
      new TextDecoder().decode(value as Uint8Array)
    ),
    emptyNamespaces: int(options, 38),
    freezer: text(options, 44),
    config: text(options, 51),
  }),
);
// Descriptors are those of the process that has made the socket.
const owner = type === REQUEST.restore ? "self" : Deno.ppid;
const work = int(options, 17) ?? int(options, 1);
Deno.writeTextFileSync(
  `/proc/${owner}/fd/${work}/${text(options, 10)}`,
  "(00.001) all is well\n(00.002) Error (criu/x.c:1): the moon is full\n",
);
write(fd, encode([[1, 6], [2, true], [5, encode([[1, "pre-dump"]])]]));
if (int(take(), 3) !== 1) throw new Error("a notification was not answered");
if (Deno.env.get("FAKE_CRIU") === "fail") {
  write(fd, encode([[1, type], [2, false], [7, 52]]));
  Deno.exit(1);
}
if (Deno.env.get("FAKE_CRIU") === "restores") {
  const { pid } = new Deno.Command("sleep", {
    args: ["100"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const about = encode([[1, "post-restore"], [2, pid]]);
  write(fd, encode([[1, REQUEST.notify], [2, true], [5, about]]));
  take();
}
write(fd, encode([[1, type], [2, true]]));
close(fd);
Deno.exit(0);
