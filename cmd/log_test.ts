import { assertEquals, assertThrows } from "@std/assert";
import { RuntimeError } from "../oci/errors.ts";
import { capture } from "./captured_output.ts";
import { jsonLine, type LogFormat, openLog, textLine } from "./log.ts";

const NOW = new Date("2026-11-24T02:31:00.789Z");

function fileLog(file: string, format: LogFormat, debug = false) {
  return openLog({ file, format, debug, fields: { name: "davit" } });
}

function withoutTimes(text: string): string {
  return text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, "T");
}

Deno.test("textLine() writes as logrus does", () => {
  assertEquals(
    textLine("error", "container does not exist", {}, NOW),
    'time="2026-11-24T02:31:00Z" level=error msg="container does not exist"\n',
  );
  assertEquals(
    textLine("debug", "word-1._/@^+", { z: 1, a: "", time: "x y" }, NOW),
    'time="2026-11-24T02:31:00Z" level=debug msg=word-1._/@^+ a= fields.time="x y" z=1\n',
  );
});

Deno.test("textLine() quotes as Go does", () => {
  assertEquals(
    textLine("warning", 'a "b" \\ \n\x1b', { path: "größe" }, NOW),
    'time="2026-11-24T02:31:00Z" level=warning msg="a \\"b\\" \\\\ \\n\\x1b" path="größe"\n',
  );
});

Deno.test("textLine() has a text for every value", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const fields = { a: new Error("no"), b: [1], c: circle, d: 1n, e: undefined };
  assertEquals(
    textLine("info", "m", fields, NOW),
    'time="2026-11-24T02:31:00Z" level=info msg=m a=no b="[1]" c="?" d=1\n',
  );
});

Deno.test("jsonLine() writes as logrus does", () => {
  assertEquals(
    jsonLine("error", 'a "b"\n', {}, NOW),
    '{"level":"error","msg":"a \\"b\\"\\n","time":"2026-11-24T02:31:00Z"}\n',
  );
  assertEquals(
    jsonLine("debug", "m", { pid: 5, msg: "own", command: "kill" }, NOW),
    '{"command":"kill","fields.msg":"own","level":"debug","msg":"m","pid":5,"time":"2026-11-24T02:31:00Z"}\n',
  );
  assertEquals(
    jsonLine("debug", "m", { big: 1n, none: undefined }, NOW),
    '{"big":"1","level":"debug","msg":"m","time":"2026-11-24T02:31:00Z"}\n',
  );
});

Deno.test("openLog() appends to its file from level info upwards", async () => {
  const file = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(file, "before\n");
    const { stdout, stderr } = await capture(() => {
      const log = fileLog(file, "text");
      log.debug("1");
      log.info("2");
      log.warn("3", { path: "/p" });
      log.error("4\n");
    });
    assertEquals(
      withoutTimes(Deno.readTextFileSync(file)),
      'before\ntime="T" level=info msg=2\n' +
        'time="T" level=warning msg=3 path=/p\n' +
        'time="T" level=error msg="4\\n"\n',
    );
    assertEquals(stdout, "");
    assertEquals(stderr, "4\\n\n");
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("openLog() writes debug messages and fields with --debug", () => {
  const file = Deno.makeTempFileSync();
  try {
    const log = fileLog(file, "json", true);
    log.debug("1");
    log.fields["container"] = "c1";
    log.debug("2", { name: "own" });
    assertEquals(
      withoutTimes(Deno.readTextFileSync(file)),
      '{"level":"debug","msg":"1","name":"davit","time":"T"}\n' +
        '{"container":"c1","level":"debug","msg":"2","name":"own","time":"T"}\n',
    );
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("openLog() makes a file that only its owner reads", () => {
  const dir = Deno.makeTempDirSync();
  try {
    fileLog(`${dir}/log`, "text").info("1");
    assertEquals((Deno.statSync(`${dir}/log`).mode ?? 0) & 0o777, 0o600);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

Deno.test("openLog() refuses a file that cannot be opened", () => {
  const error = assertThrows(
    () => fileLog("/dev/null/log", "text"),
    RuntimeError,
    'Cannot open the log file "/dev/null/log": Not a directory',
  );
  assertEquals(error.code, "system");
});

Deno.test("openLog() survives a full disk", async () => {
  const { stderr } = await capture(() => {
    const log = fileLog("/dev/full", "text");
    log.warn("1");
    log.error("2");
  });
  assertEquals(stderr, "2\n");
});

Deno.test("openLog() without a file writes to stderr", async () => {
  const { stderr } = await capture(() => {
    const log = openLog({
      file: undefined,
      format: "json",
      debug: false,
      fields: { name: "davit" },
    });
    log.debug("1");
    log.info("2");
    log.warn("3");
    log.error("the reason");
  });
  assertEquals(
    withoutTimes(stderr),
    'time="T" level=warning msg=3\nthe reason\n',
  );
});
