import { assertEquals, assertThrows } from "@std/assert";
import { claim } from "./store.ts";
import { validCreateParams } from "./create_params.ts";
import { RuntimeError } from "./errors.ts";
import { silent } from "./logger.ts";

/** Runs `test` with a runtime whose root, and a folder, are its own. */
function withFolder(
  test: (runtime: { root: string; log: typeof silent }, at: string) => void,
): void {
  const at = Deno.realPathSync(Deno.makeTempDirSync());
  try {
    test({ root: `${at}/root`, log: silent }, at);
  } finally {
    Deno.removeSync(at, { recursive: true });
  }
}

function refuses(
  runtime: Parameters<typeof validCreateParams>[0],
  id: string,
  bundle: string,
  code: string,
  message: string,
): void {
  const error = assertThrows(
    () => validCreateParams(runtime, id, bundle),
    RuntimeError,
  );
  assertEquals([error.code, error.message], [code, message]);
}

Deno.test("validCreateParams() wants an ID", () => {
  withFolder((runtime, at) => {
    refuses(runtime, "", at, "usage", "Missing container ID");
  });
});

Deno.test("validCreateParams() wants an ID that is not in use", () => {
  withFolder((runtime, at) => {
    claim(runtime.root, "taken");
    refuses(
      runtime,
      "taken",
      at,
      "exists",
      'Container ID "taken": ID already in use, unique ID should be provided',
    );
    assertEquals(validCreateParams(runtime, "taken2", at), at);
  });
});

Deno.test("validCreateParams() wants a bundle path", () => {
  withFolder((runtime) => {
    refuses(runtime, "id", "", "usage", "Missing bundle path");
  });
});

Deno.test("validCreateParams() wants a bundle that exists", () => {
  withFolder((runtime, at) => {
    refuses(
      runtime,
      "id",
      `${at}/none`,
      "config",
      `Invalid bundle path '${at}/none': No such file or directory`,
    );
    Deno.symlinkSync("gone", `${at}/dangling`);
    refuses(
      runtime,
      "id",
      `${at}/dangling`,
      "config",
      `Invalid bundle path '${at}/dangling': No such file or directory`,
    );
    Deno.symlinkSync("loop", `${at}/loop`);
    refuses(
      runtime,
      "id",
      `${at}/loop`,
      "config",
      `Invalid bundle path '${at}/loop': Too many levels of symbolic links`,
    );
  });
});

Deno.test("validCreateParams() wants a bundle that is a directory", () => {
  withFolder((runtime, at) => {
    Deno.writeTextFileSync(`${at}/file`, "");
    Deno.symlinkSync("file", `${at}/link`);
    for (const name of ["file", "link"]) {
      refuses(
        runtime,
        "id",
        `${at}/${name}`,
        "config",
        `Invalid bundle path '${at}/${name}', it should be a directory`,
      );
    }
  });
});

Deno.test("validCreateParams() resolves every symbolic link", () => {
  withFolder((runtime, at) => {
    Deno.mkdirSync(`${at}/real/bundle`, { recursive: true });
    Deno.symlinkSync("real", `${at}/first`);
    Deno.symlinkSync("first/bundle", `${at}/second`);
    assertEquals(
      validCreateParams(runtime, "id", `${at}/second/../bundle/.`),
      `${at}/real/bundle`,
    );
    assertEquals(
      validCreateParams(runtime, "id", `${at}/second`),
      `${at}/real/bundle`,
    );
  });
});

Deno.test("validCreateParams() checks in the design's order", () => {
  withFolder((runtime, at) => {
    claim(runtime.root, "taken");
    const none = `${at}/none`;
    // Each call has every later mistake as well.
    const order: [string, string, string][] = [
      ["", none, "Missing container ID"],
      ["taken", "", "already in use"],
      ["taken", none, "already in use"],
      ["free", "", "Missing bundle path"],
      ["free", none, "No such file"],
    ];
    for (const [id, bundle, text] of order) {
      assertThrows(
        () => validCreateParams(runtime, id, bundle),
        RuntimeError,
        text,
      );
    }
  });
});

Deno.test("validCreateParams() refuses IDs that could leave their directory", () => {
  withFolder((runtime, at) => {
    for (
      const id of [
        ".",
        "..",
        "a/b",
        "/",
        "../x",
        "a b",
        "a\n",
        "a\0",
        "~a",
        "ü",
        "containers-mapping",
        "a".repeat(256),
        "a".repeat(1025),
        "a".repeat(100_000),
      ]
    ) {
      const error = assertThrows(
        () => validCreateParams(runtime, id, at),
        RuntimeError,
        "Invalid container ID",
      );
      assertEquals(error.code, "usage", id);
      assertEquals(error.message.includes("\n"), false);
      assertEquals(error.message.length < 400, true, "it is short");
    }
    for (const id of ["a", "A_+.-9", "...", "-", "..a", "a".repeat(255)]) {
      assertEquals(validCreateParams(runtime, id, at), at);
    }
  });
});

Deno.test("validCreateParams() says why with a root that is a file", () => {
  withFolder(({ log }, at) => {
    Deno.writeTextFileSync(`${at}/file`, "");
    const runtime = { root: `${at}/file`, log };
    // Nothing can be in use below it; making the container fails later.
    assertEquals(validCreateParams(runtime, "id", at), at);
  });
});
