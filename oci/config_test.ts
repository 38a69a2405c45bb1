import { assert, assertEquals, assertThrows } from "@std/assert";
import { CONFIG_BYTES_MAX, readConfig } from "./config.ts";
import { defaultSpec } from "./default_spec.ts";
import { ConfigError } from "./errors.ts";

function withBundle(run: (bundle: string, path: string) => void): void {
  const bundle = Deno.makeTempDirSync();
  try {
    run(bundle, `${bundle}/config.json`);
  } finally {
    Deno.removeSync(bundle, { recursive: true });
  }
}

function failure(bundle: string): ConfigError {
  const error = assertThrows(() => readConfig(bundle), ConfigError);
  assert(!/[\n\r]/.test(error.message), error.message);
  assertEquals(error.code, "config");
  return error;
}

Deno.test("readConfig() reads what `spec` writes", () => {
  withBundle((bundle, path) => {
    const spec = defaultSpec({ cgroupNamespace: true });
    const json = JSON.stringify(spec, null, "\t");
    Deno.writeTextFileSync(path, json);
    const { text, ...rest } = readConfig(bundle);
    assertEquals(rest, { spec, warnings: [] });
    assertEquals(new TextDecoder().decode(text), json);
    assertEquals(readConfig(`${bundle}/`).spec, spec);
  });
});

Deno.test("readConfig() follows a link to the file", () => {
  withBundle((bundle, path) => {
    const text = '{"ociVersion": "1.0.0", "root": {"path": "."}}';
    Deno.writeTextFileSync(`${bundle}/other`, text);
    Deno.symlinkSync("other", path);
    assertEquals(readConfig(bundle).spec.root.path, ".");
  });
});

Deno.test("readConfig() leaves null out and keeps integers exact", () => {
  withBundle((bundle, path) => {
    Deno.writeTextFileSync(
      path,
      `{"ociVersion": "1.0.0", "root": {"path": ".", "readonly": null},
        "process": null, "annotations": {"a": null}, "linux": {"resources":
        {"memory": {"limit": 9223372036854775807, "swap": null}}}}`,
    );
    assertEquals(readConfig(bundle).spec, {
      ociVersion: "1.0.0",
      root: { path: "." },
      annotations: {},
      linux: { resources: { memory: { limit: 9223372036854775807n } } },
    });
  });
});

Deno.test("readConfig() gives the text with names put right", () => {
  withBundle((bundle, path) => {
    const text = '{"ociVersion": "1.0.0", "root": {"path": ".", "readOnly": ' +
      'true}, "linux": {"resources": {"memory": {"LIMIT": 9223372036854775807' +
      "}}}}";
    Deno.writeTextFileSync(path, text);
    const { spec, text: read } = readConfig(bundle);
    assertEquals(spec.root, { path: ".", readonly: true });
    assertEquals(
      new TextDecoder().decode(read),
      '{"ociVersion":"1.0.0","root":{"path":".","readonly":true},"linux":' +
        '{"resources":{"memory":{"limit":9223372036854775807}}}}',
    );
  });
});

Deno.test("readConfig() returns warnings, strictly refuses", () => {
  withBundle((bundle, path) => {
    const text = '{"ociVersion": "1.0.0", "root": {"path": "."}, "rot": 1}';
    Deno.writeTextFileSync(path, text);
    assertEquals(readConfig(bundle).warnings, [{
      pointer: "/rot",
      found: "1",
      message: 'unknown property, did you mean "root"?',
      mend: 'call it "root"',
    }]);
    assertThrows(
      () => readConfig(bundle, { strict: true }),
      ConfigError,
      "config.json: rot: unknown property",
    );
  });
});

Deno.test("readConfig() strictly refuses null for a property", () => {
  withBundle((bundle, path) => {
    const text = `{"ociVersion": "1.0.0", "root": {"path": "."},
      "process": null, "annotations": {"a": null}}`;
    Deno.writeTextFileSync(path, text);
    assertEquals(readConfig(bundle).warnings, []);
    const error = assertThrows(
      () => readConfig(bundle, { strict: true }),
      ConfigError,
    );
    assertEquals(
      error.message,
      "config.json: process: expected an object, found null (and 1 more " +
        "problem: annotations.a: expected a string, found null)",
    );
  });
});

Deno.test("readConfig() lists all problems", () => {
  withBundle((bundle, path) => {
    Deno.writeTextFileSync(
      path,
      `{"ociVersion": "1.0.0", "root": {"path": 5},
        "linux": {"resources": {"rdma": {"x": 5}}}}`,
    );
    assertEquals(
      failure(bundle).message,
      "config.json: root.path: expected a string, found 5 (and 1 more " +
        "problem: linux.resources.rdma.x: expected an object, found 5)",
    );
  });
});

Deno.test("readConfig() says why a file cannot be read", () => {
  withBundle((bundle, path) => {
    assertEquals(
      failure(bundle).message,
      `Cannot read "${path}": No such file or directory`,
    );
    Deno.symlinkSync("config.json", path);
    assertEquals(
      failure(bundle).message,
      `Cannot read "${path}": Too many levels of symbolic links`,
    );
    Deno.removeSync(path);
    Deno.mkdirSync(path);
    assertEquals(
      failure(bundle).message,
      `Cannot read "${path}": it is a directory, it should be a regular file`,
    );
  });
  assertEquals(
    failure("/dev/null").message,
    'Cannot read "/dev/null/config.json": Not a directory',
  );
});

Deno.test("readConfig() opens no FIFO and no device", () => {
  withBundle((bundle, path) => {
    new Deno.Command("mkfifo", { args: [path] }).outputSync();
    assertEquals(
      failure(bundle).message,
      `Cannot read "${path}": it is a FIFO, it should be a regular file`,
    );
    Deno.removeSync(path);
    Deno.symlinkSync("/dev/zero", path);
    assertEquals(
      failure(bundle).message,
      `Cannot read "${path}": it is a device, it should be a regular file`,
    );
  });
});

Deno.test("readConfig() limits the size", () => {
  withBundle((bundle, path) => {
    Deno.writeTextFileSync(path, "");
    Deno.truncateSync(path, 100_000_000);
    assertEquals(
      failure(bundle).message,
      `Cannot read "${path}": it has 100000000 bytes, the limit is ` +
        CONFIG_BYTES_MAX,
    );
    const text = '{"ociVersion": "1.0.0", "root": {"path": "."}}';
    Deno.writeTextFileSync(path, text.padEnd(CONFIG_BYTES_MAX));
    assertEquals(readConfig(bundle).spec.ociVersion, "1.0.0");
  });
});

Deno.test("readConfig() reads a file whose size is given as 0", () => {
  withBundle((bundle, path) => {
    Deno.symlinkSync("/proc/version", path);
    assertEquals(
      failure(bundle).message,
      `Cannot read "${path}": not JSON at line 1, column 1: expected a ` +
        'value, found "L"',
    );
  });
});

Deno.test("readConfig() says where the text is at fault", () => {
  withBundle((bundle, path) => {
    for (
      const [text, why] of [
        ["{]", 'not JSON at line 1, column 2: expected a property name or "}"'],
        ["", "not JSON: ends too early at line 1, column 1"],
        ["[]", "expected a JSON object, found an empty array"],
        ["5", "expected a JSON object, found 5"],
        ["null", "expected a JSON object, found null"],
        ["[".repeat(100_000), "nested more than 256 levels deep at line 1"],
      ] as const
    ) {
      Deno.writeTextFileSync(path, text);
      const { message } = failure(bundle);
      assert(message.startsWith(`Cannot read "${path}": ${why}`), message);
    }
    Deno.writeFileSync(path, new Uint8Array([0x7b, 0xff]));
    assertEquals(
      failure(bundle).message,
      `Cannot read "${path}": not UTF-8 at line 1, column 2: byte 0xff`,
    );
  });
});

Deno.test("readConfig() is not fooled by __proto__", () => {
  withBundle((bundle, path) => {
    Deno.writeTextFileSync(
      path,
      `{"__proto__": {"ociVersion": "1.0.0", "root": {"path": "."}}}`,
    );
    assertEquals(failure(bundle).problems.map((p) => p.pointer), [
      "/ociVersion",
      "/root",
    ]);
  });
});
