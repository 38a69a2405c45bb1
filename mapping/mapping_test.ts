import { assertEquals, assertThrows } from "@std/assert";
import {
  addContainerIDMapping,
  delContainerIDMapping,
  fetchContainerIDMapping,
  listContainerIDMappings,
} from "./mapping.ts";

/** Runs a test on a state root of its own and removes it. */
function withRoot(test: (root: string) => void): () => void {
  return () => {
    const root = Deno.makeTempDirSync();
    try {
      test(root);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  };
}

function mode(path: string): number {
  return (Deno.lstatSync(path).mode ?? 0) & 0o7777;
}

Deno.test(
  "addContainerIDMapping() makes <root>/containers-mapping/ID/SANDBOX, 0750 each",
  withRoot((root) => {
    const before = Deno.umask(0o077);
    try {
      addContainerIDMapping(root, "c1", "s1");
    } finally {
      Deno.umask(before);
    }
    const tree = `${root}/containers-mapping`;
    assertEquals(mode(tree), 0o750);
    assertEquals(mode(`${tree}/c1`), 0o750);
    assertEquals(mode(`${tree}/c1/s1`), 0o750);
    assertEquals([...Deno.readDirSync(tree)].map((e) => e.name), ["c1"]);
    assertEquals([...Deno.readDirSync(`${tree}/c1`)].length, 1);
  }),
);

Deno.test(
  "addContainerIDMapping() keeps 0750 under an open umask",
  withRoot((root) => {
    const before = Deno.umask(0);
    try {
      addContainerIDMapping(root, "c1", "s1");
    } finally {
      Deno.umask(before);
    }
    assertEquals(mode(`${root}/containers-mapping/c1/s1`), 0o750);
  }),
);

Deno.test(
  "addContainerIDMapping() makes a missing state root, for its owner only",
  withRoot((root) => {
    addContainerIDMapping(`${root}/a/b`, "c1", "s1");
    assertEquals(mode(`${root}/a/b`), 0o700);
    assertEquals(fetchContainerIDMapping(`${root}/a/b`, "c1"), {
      sandboxId: "s1",
    });
  }),
);

Deno.test(
  "addContainerIDMapping() replaces what was there",
  withRoot((root) => {
    addContainerIDMapping(root, "c1", "s1");
    addContainerIDMapping(root, "c1", "s2");
    assertEquals(fetchContainerIDMapping(root, "c1"), { sandboxId: "s2" });
    // Even where that is broken.
    Deno.mkdirSync(`${root}/containers-mapping/c1/s3`);
    addContainerIDMapping(root, "c1", "s4");
    assertEquals(fetchContainerIDMapping(root, "c1"), { sandboxId: "s4" });
    Deno.removeSync(`${root}/containers-mapping/c1`, { recursive: true });
    Deno.writeTextFileSync(`${root}/containers-mapping/c1`, "a file");
    addContainerIDMapping(root, "c1", "s5");
    assertEquals(fetchContainerIDMapping(root, "c1"), { sandboxId: "s5" });
    assertEquals(listContainerIDMappings(root), ["c1"]);
  }),
);

Deno.test(
  "addContainerIDMapping() replaces a symbolic link, not what it points to",
  withRoot((root) => {
    Deno.mkdirSync(`${root}/outside/kept`, { recursive: true });
    Deno.mkdirSync(`${root}/containers-mapping`);
    Deno.symlinkSync(`${root}/outside`, `${root}/containers-mapping/c1`);
    addContainerIDMapping(root, "c1", "s1");
    assertEquals(fetchContainerIDMapping(root, "c1"), { sandboxId: "s1" });
    assertEquals(Deno.lstatSync(`${root}/outside/kept`).isDirectory, true);
  }),
);

Deno.test(
  "addContainerIDMapping() refuses missing IDs and makes nothing",
  withRoot((root) => {
    assertThrows(
      () => addContainerIDMapping(root, "", "s1"),
      Error,
      "Missing container ID",
    );
    assertThrows(
      () => addContainerIDMapping(root, "c1", ""),
      Error,
      "Missing sandbox ID",
    );
    assertEquals([...Deno.readDirSync(root)], []);
  }),
);

Deno.test(
  "every function refuses IDs that leave their directory",
  withRoot((root) => {
    const long = "x".repeat(256);
    for (const id of [".", "..", "a/b", "../c1", "/etc", "a\0b", "~a", long]) {
      const text = `Cannot use container ID ${JSON.stringify(id)}: it `;
      const calls = [
        () => fetchContainerIDMapping(root, id),
        () => addContainerIDMapping(root, id, "s1"),
        () => delContainerIDMapping(root, id),
      ];
      for (const call of calls) assertThrows(call, Error, text);
      assertThrows(
        () => addContainerIDMapping(root, "c1", id),
        Error,
        `Cannot use sandbox ID ${JSON.stringify(id)}: it `,
      );
    }
    assertEquals([...Deno.readDirSync(root)], []);
  }),
);

Deno.test(
  "addContainerIDMapping() takes the longest file name as an ID",
  withRoot((root) => {
    const id = "x".repeat(255);
    addContainerIDMapping(root, id, id);
    assertEquals(fetchContainerIDMapping(root, id), { sandboxId: id });
  }),
);

Deno.test(
  "addContainerIDMapping() leaves nothing unfinished when it fails",
  withRoot((root) => {
    Deno.writeTextFileSync(`${root}/containers-mapping`, "a file");
    assertThrows(() => addContainerIDMapping(root, "c1", "s1"));
    assertEquals([...Deno.readDirSync(root)].map((e) => e.name), [
      "containers-mapping",
    ]);
  }),
);

Deno.test(
  "fetchContainerIDMapping() refuses an empty ID",
  withRoot((root) => {
    assertThrows(
      () => fetchContainerIDMapping(root, ""),
      Error,
      "Missing container ID",
    );
  }),
);

Deno.test(
  "fetchContainerIDMapping() takes no directory as an unknown container",
  withRoot((root) => {
    assertEquals(fetchContainerIDMapping(root, "c1"), undefined);
    addContainerIDMapping(root, "c2", "s2");
    assertEquals(fetchContainerIDMapping(root, "c1"), undefined);
  }),
);

Deno.test(
  "fetchContainerIDMapping() says how many entries there are, and where",
  withRoot((root) => {
    const directory = `${root}/containers-mapping/c1`;
    Deno.mkdirSync(directory, { recursive: true });
    assertThrows(
      () => fetchContainerIDMapping(root, "c1"),
      Error,
      `0 entries in "${directory}", wanted exactly 1`,
    );
    Deno.mkdirSync(`${directory}/s1`);
    Deno.mkdirSync(`${directory}/s2`);
    assertThrows(
      () => fetchContainerIDMapping(root, "c1"),
      Error,
      `2 entries in "${directory}", wanted exactly 1`,
    );
  }),
);

Deno.test(
  "fetchContainerIDMapping() wants a directory",
  withRoot((root) => {
    const directory = `${root}/containers-mapping/c1`;
    Deno.mkdirSync(directory, { recursive: true });
    Deno.writeTextFileSync(`${directory}/s1`, "");
    assertThrows(
      () => fetchContainerIDMapping(root, "c1"),
      Error,
      `"${directory}/s1" is not a directory`,
    );
  }),
);

Deno.test(
  "delContainerIDMapping() forgets one container, and may be called again",
  withRoot((root) => {
    delContainerIDMapping(root, "c1");
    addContainerIDMapping(root, "c1", "s1");
    addContainerIDMapping(root, "c2", "s1");
    delContainerIDMapping(root, "c1");
    delContainerIDMapping(root, "c1");
    assertEquals(fetchContainerIDMapping(root, "c1"), undefined);
    assertEquals(fetchContainerIDMapping(root, "c2"), { sandboxId: "s1" });
    assertThrows(
      () => delContainerIDMapping(root, ""),
      Error,
      "Missing container ID",
    );
  }),
);

Deno.test(
  "listContainerIDMappings() lists containers, sorted, and nothing else",
  withRoot((root) => {
    assertEquals(listContainerIDMappings(root), []);
    for (const id of ["c2", "c10", "a.b"]) {
      addContainerIDMapping(root, id, "s1");
    }
    Deno.mkdirSync(`${root}/containers-mapping/~unfinished`);
    Deno.writeTextFileSync(`${root}/containers-mapping/file`, "");
    assertEquals(listContainerIDMappings(root), ["a.b", "c10", "c2"]);
  }),
);

Deno.test("delContainerIDMapping() removes what a killed writer has left", () => {
  const root = Deno.makeTempDirSync();
  try {
    const tree = `${root}/containers-mapping`;
    Deno.mkdirSync(`${tree}/~c1/s1`, { recursive: true });
    delContainerIDMapping(root, "c1");
    assertEquals([...Deno.readDirSync(tree)], []);
    Deno.mkdirSync(`${tree}/~c1/s0`, { recursive: true });
    addContainerIDMapping(root, "c1", "s1");
    assertEquals(fetchContainerIDMapping(root, "c1"), { sandboxId: "s1" });
    const long = "x".repeat(255);
    addContainerIDMapping(root, long, "s1");
    assertEquals(listContainerIDMappings(root), ["c1", long]);
    assertEquals([...Deno.readDirSync(tree)].length, 2);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});
