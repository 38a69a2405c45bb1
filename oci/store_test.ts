import { assert, assertEquals, assertThrows } from "@std/assert";
import { RuntimeError } from "./errors.ts";
import {
  claim,
  containerFolder,
  type ContainerRecord,
  hasFolder,
  hasStartSocket,
  readRecord,
  removeFolder,
  removeStartSocket,
  saveConfig,
  savedConfig,
  startSocket,
  writeRecord,
} from "./store.ts";

function withRoot(test: (root: string) => void): void {
  const folder = Deno.makeTempDirSync();
  try {
    test(`${folder}/new/root`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function record(id: string, bundle = "/bundle"): ContainerRecord {
  return {
    ociVersion: "1.3.0",
    id,
    sandboxId: id,
    bundle,
    rootfs: "/bundle/rootfs",
    created: "2026-01-02T03:04:05Z",
    owner: 0,
    annotations: { "a b": "ü\n" },
    status: "created",
    init: { pid: 12, startTime: "99999999999999999999" },
    cgroups: { kind: "v1", directories: ["/x"], created: ["/x"] },
    cgroupsMade: true,
    resourceCgroups: ["/x"],
    reasons: { "7": { why: "exec sh", pointer: "/process/args" } },
  };
}

const mode = (path: string) => Deno.lstatSync(path).mode! & 0o7777;

for (const umask of [0, 0o022, 0o077]) {
  Deno.test(`the store's modes are 0700 and 0600 under umask ${umask.toString(8)}`, () => {
    const before = Deno.umask(umask);
    try {
      withRoot((root) => {
        claim(root, "c");
        writeRecord(root, record("c"));
        assertEquals(mode(root), 0o700);
        assertEquals(mode(containerFolder(root, "c")), 0o700);
        assertEquals(mode(`${root}/c/state.json`), 0o600);
      });
    } finally {
      Deno.umask(before);
    }
  });
}

Deno.test("writeRecord() and readRecord() keep everything", () => {
  withRoot((root) => {
    claim(root, "c");
    writeRecord(root, record("c"));
    assertEquals(readRecord(root, "c"), record("c"));
    writeRecord(root, record("c", "/other"));
    assertEquals(readRecord(root, "c")?.bundle, "/other");
    assertEquals(
      [...Deno.readDirSync(`${root}/c`)].map(({ name }) => name),
      ["state.json"],
      "no temporary file stays",
    );
  });
});

Deno.test("writeRecord() replaces the file, it does not write into it", () => {
  withRoot((root) => {
    claim(root, "c");
    writeRecord(root, record("c"));
    using old = Deno.openSync(`${root}/c/state.json`);
    const { ino } = old.statSync();
    writeRecord(root, record("c", "/other"));
    assert(Deno.statSync(`${root}/c/state.json`).ino !== ino);
    const bytes = new Uint8Array(65536);
    const text = new TextDecoder().decode(
      bytes.subarray(0, old.readSync(bytes)!),
    );
    assertEquals(JSON.parse(text), record("c"), "a reader has the old one");
  });
});

Deno.test("writeRecord() that fails leaves the old record", () => {
  withRoot((root) => {
    claim(root, "c");
    writeRecord(root, record("c"));
    // The temporary file cannot be written: a folder is in its place.
    Deno.mkdirSync(`${root}/c/state.json.${Deno.pid}`);
    assertThrows(() => writeRecord(root, record("c", "/other")));
    assertEquals(readRecord(root, "c"), record("c"));
  });
});

Deno.test("saveConfig() keeps a text as it is, for its owner alone", () => {
  withRoot((root) => {
    claim(root, "a");
    const text = new TextEncoder().encode('{"a": 1e400}\n');
    saveConfig(root, "a", text);
    const path = savedConfig(root, "a");
    assertEquals(Deno.readFileSync(path), text);
    assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
    removeFolder(root, "a");
    assert(!hasFolder(root, "a"));
  });
});

Deno.test("readRecord() has nothing where nothing is", () => {
  withRoot((root) => {
    assertEquals(readRecord(root, "c"), undefined);
    claim(root, "c");
    assertEquals(readRecord(root, "c"), undefined, "it is being made");
    Deno.writeTextFileSync(`${root}/file`, "");
    assertEquals(readRecord(root, "file"), undefined);
  });
});

Deno.test("readRecord() says that a record is damaged, and how to mend it", () => {
  withRoot((root) => {
    claim(root, "c");
    const whole = JSON.stringify(record("c"));
    const damages = [
      "",
      "{",
      whole.slice(0, -1),
      "null",
      "5",
      "[]",
      "{}",
      `{"id":"c"}`,
      JSON.stringify(record("other")),
      "\0".repeat(100),
    ];
    for (const text of damages) {
      Deno.writeTextFileSync(`${root}/c/state.json`, text);
      const error = assertThrows(
        () => readRecord(root, "c"),
        RuntimeError,
        undefined,
        text,
      );
      assertEquals(error.code, "system");
      assertEquals(
        error.message,
        `Cannot use "${root}/c/state.json": it is damaged, run ` +
          `"davit delete --force"`,
      );
    }
  });
});

Deno.test("claim() has one winner", () => {
  withRoot((root) => {
    claim(root, "c");
    for (const make of [() => {}, () => Deno.mkdirSync(`${root}/c/inside`)]) {
      make();
      const error = assertThrows(() => claim(root, "c"), RuntimeError);
      assertEquals(error.code, "exists");
      assertEquals(
        error.message,
        'Container ID "c": ID already in use, unique ID should be provided',
      );
    }
    Deno.writeTextFileSync(`${root}/file`, "");
    Deno.symlinkSync("/", `${root}/link`);
    assertThrows(() => claim(root, "file"), RuntimeError, "in use");
    assertThrows(() => claim(root, "link"), RuntimeError, "in use");
    removeFolder(root, "c");
    claim(root, "c");
  });
});

Deno.test("claim() has one winner of several processes", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const url = new URL("./store.ts", import.meta.url).href;
    const program = `import { claim } from ${JSON.stringify(url)};
      const at = Date.now() + 300;
      while (Date.now() < at);
      let wins = 0;
      for (let i = 0; i < 50; i++) {
        try { claim(${JSON.stringify(`${folder}/root`)}, "c" + i); wins++; }
        catch (e) { if (e.code !== "exists") throw e; }
      }
      console.log(wins);`;
    Deno.writeTextFileSync(`${folder}/claim.ts`, program);
    const config = new URL("../deno.json", import.meta.url).pathname;
    const outputs = await Promise.all(
      Array.from({ length: 4 }, () =>
        new Deno.Command(Deno.execPath(), {
          args: [
            "run",
            "--allow-all",
            "--no-check",
            "--quiet",
            "--config",
            config,
            `${folder}/claim.ts`,
          ],
        }).output()),
    );
    const wins = outputs.map(({ code, stdout, stderr }) => {
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      return Number(new TextDecoder().decode(stdout));
    });
    assertEquals(wins.reduce((a, b) => a + b), 50, wins.join());
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("hasFolder() knows folders alone", () => {
  withRoot((root) => {
    assertEquals(hasFolder(root, "c"), false);
    claim(root, "a");
    Deno.writeTextFileSync(`${root}/file`, "");
    Deno.symlinkSync("a", `${root}/link`);
    assertEquals(
      ["a", "file", "link", "none"].map((id) => hasFolder(root, id)),
      [true, false, false, false],
    );
  });
});

Deno.test("removeFolder() removes all of a folder, and nothing behind links", () => {
  withRoot((root) => {
    claim(root, "c");
    writeRecord(root, record("c"));
    const canary = `${root}/canary`;
    Deno.mkdirSync(canary);
    Deno.writeTextFileSync(`${canary}/file`, "content");
    Deno.symlinkSync(canary, `${root}/c/link`);
    Deno.mkdirSync(`${root}/c/deep/er`, { recursive: true });
    Deno.symlinkSync(canary, `${root}/c/deep/er/link`);
    Deno.writeTextFileSync(`${root}/c/deep/er/file`, "");
    removeFolder(root, "c");
    assertEquals(hasFolder(root, "c"), false);
    assertEquals(Deno.readTextFileSync(`${canary}/file`), "content");
    removeFolder(root, "c"); // once more is no error
  });
});

Deno.test("removeStartSocket() removes the socket, once or not at all", () => {
  withRoot((root) => {
    claim(root, "c");
    removeStartSocket(root, "c");
    Deno.writeTextFileSync(startSocket(root, "c"), "");
    assertEquals(hasStartSocket(root, "c"), true);
    removeStartSocket(root, "c");
    assertEquals(hasStartSocket(root, "c"), false);
  });
});
