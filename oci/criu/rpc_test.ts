import { assertEquals } from "@std/assert";
import { decode, encode, inner, int, text } from "./protobuf.ts";
import { FEATURE, parseResponse, REQUEST, request } from "./rpc.ts";

Deno.test("request() has criu's fields", () => {
  const message = decode(request(REQUEST.restore, {
    imagesDir: 7,
    logFile: "restore.log",
    root: "/r",
    shellJob: true,
    tcpEstablished: false,
    cgroupsMode: 3,
    cgroupRoots: [["memory", "/a"], ["", "/b"]],
    external: ["mnt[/a]:b"],
    inherited: [["pipe:[3]", 1]],
    pageServer: { address: "10.0.0.1", port: 99 },
  }));
  assertEquals(int(message, 1), 2);
  const options = inner(message, 2)!;
  assertEquals([int(options, 1), text(options, 10), text(options, 13)], [
    7,
    "restore.log",
    "/r",
  ]);
  assertEquals([int(options, 7), options.has(5), int(options, 34)], [
    1,
    false,
    3,
  ]);
  const roots = options.get(25)!.map((bytes) => decode(bytes as Uint8Array));
  assertEquals(roots.map((root) => [text(root, 1), text(root, 2)]), [
    ["memory", "/a"],
    ["", "/b"],
  ]);
  assertEquals(text(options, 37), "mnt[/a]:b");
  const fd = inner(options, 27)!;
  assertEquals([text(fd, 1), int(fd, 2)], ["pipe:[3]", 1]);
  const server = inner(options, 11)!;
  assertEquals([text(server, 1), int(server, 2)], ["10.0.0.1", 99]);
});

Deno.test("parseResponse() reads notifications, failures and versions", () => {
  const notify = encode([[1, "post-restore"], [2, 42]]);
  assertEquals(
    parseResponse(encode([[1, 6], [2, true], [5, notify]])).notify,
    { script: "post-restore", pid: 42 },
  );
  const failed = parseResponse(
    encode([[1, 1], [2, false], [7, 1], [9, "why"]]),
  );
  assertEquals([failed.success, failed.errno, failed.message], [
    false,
    1,
    "why",
  ]);
  const version = encode([[1, 3], [2, 17], [4, 1]]);
  assertEquals(
    parseResponse(encode([[1, 10], [2, true], [10, version]]))
      .version,
    31701,
  );
  const has = parseResponse(
    encode([[1, 9], [2, true], [8, encode([[1, true], [2, false]])]]),
  ).features;
  assertEquals([has(FEATURE.memTrack), has(FEATURE.lazyPages)], [true, false]);
});
