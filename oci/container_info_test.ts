import { assertEquals, assertThrows } from "@std/assert";
import {
  addContainerIDMapping,
  delContainerIDMapping,
} from "../mapping/mapping.ts";
import {
  getContainerInfo,
  getExistingContainerInfo,
  isId,
  list,
  state,
} from "./container_info.ts";
import { RuntimeError } from "./errors.ts";
import { processStat } from "./init_process.ts";
import { silent } from "./logger.ts";
import type { Runtime } from "./runtime.ts";
import { claim, type ContainerRecord, writeRecord } from "./store.ts";

function withRuntime(test: (runtime: Runtime, warnings: string[]) => void) {
  const root = `${Deno.makeTempDirSync()}/root`;
  const warnings: string[] = [];
  const log = { ...silent, warn: (text: string) => void warnings.push(text) };
  try {
    test({ root, log }, warnings);
  } finally {
    Deno.removeSync(root.slice(0, -"/root".length), { recursive: true });
  }
}

function add(
  { root }: Runtime,
  id: string,
  more: Partial<ContainerRecord> = {},
): ContainerRecord {
  const record: ContainerRecord = {
    ociVersion: "1.3.0",
    id,
    sandboxId: id,
    bundle: "/bundle",
    rootfs: "/bundle/rootfs",
    created: "2026-01-02T03:04:05.678Z",
    owner: 0,
    annotations: {},
    status: "created",
    cgroups: { kind: "none", directories: [], created: [] },
    cgroupsMade: false,
    resourceCgroups: [],
    reasons: {},
    ...more,
  };
  claim(root, id);
  writeRecord(root, record);
  addContainerIDMapping(root, id, record.sandboxId);
  return record;
}

Deno.test("getContainerInfo() wants an ID", () => {
  withRuntime((runtime) => {
    for (const look of [getContainerInfo, getExistingContainerInfo, state]) {
      const error = assertThrows(() => look(runtime, ""), RuntimeError);
      assertEquals([error.code, error.message], [
        "usage",
        "Missing container ID",
      ]);
    }
  });
});

Deno.test("getContainerInfo() gives the container and its sandbox", () => {
  withRuntime((runtime) => {
    const record = add(runtime, "c", { sandboxId: "pod" });
    assertEquals(getContainerInfo(runtime, "c"), { sandboxId: "pod", record });
    assertEquals(getExistingContainerInfo(runtime, "c").sandboxId, "pod");
  });
});

Deno.test("getContainerInfo() never fails on absence", () => {
  withRuntime((runtime) => {
    const absent = () => {
      for (
        const id of ["c", ".", "..", "a/b", "../c", "a".repeat(255), "ü", "~c"]
      ) assertEquals(getContainerInfo(runtime, id), undefined, id);
    };
    absent();
    add(runtime, "other");
    absent();
  });
});

Deno.test("getContainerInfo() takes a name too long for a file as absent", () => {
  withRuntime((runtime) => {
    add(runtime, "other");
    assertEquals(getContainerInfo(runtime, "a".repeat(300)), undefined);
    assertEquals(getContainerInfo(runtime, "a".repeat(1024)), undefined);
  });
});

Deno.test("getContainerInfo() needs the mapping and the record", () => {
  withRuntime((runtime) => {
    add(runtime, "no-mapping");
    delContainerIDMapping(runtime.root, "no-mapping");
    assertEquals(getContainerInfo(runtime, "no-mapping"), undefined);
    add(runtime, "no-record");
    Deno.removeSync(`${runtime.root}/no-record/state.json`);
    assertEquals(getContainerInfo(runtime, "no-record"), undefined);
  });
});

Deno.test("getExistingContainerInfo() fails on absence in Kata's words", () => {
  withRuntime((runtime) => {
    for (const look of [getExistingContainerInfo, state]) {
      const error = assertThrows(() => look(runtime, "X"), RuntimeError);
      assertEquals([error.code, error.message], [
        "not-found",
        "Container ID (X) does not exist",
      ]);
    }
  });
});

Deno.test("getContainerInfo() reports a damaged mapping, how many and where", () => {
  withRuntime((runtime) => {
    add(runtime, "c");
    const folder = `${runtime.root}/containers-mapping/c`;
    Deno.mkdirSync(`${folder}/second`);
    const two = assertThrows(() => getContainerInfo(runtime, "c"), Error);
    assertEquals(two.message.includes("2 entries"), true, two.message);
    assertEquals(two.message.includes(folder), true, two.message);
  });
});

Deno.test("state() has the fields of the spec's state, in runc's order", () => {
  withRuntime((runtime) => {
    add(runtime, "c", { annotations: { a: "b" } });
    assertEquals(
      JSON.stringify(state(runtime, "c")),
      JSON.stringify({
        ociVersion: "1.3.0",
        id: "c",
        status: "stopped",
        pid: 0,
        bundle: "/bundle",
        rootfs: "/bundle/rootfs",
        created: "2026-01-02T03:04:05.678Z",
        owner: "root",
        annotations: { a: "b" },
      }),
    );
  });
});

Deno.test("state() shows the pid of a process that lives and no other", () => {
  withRuntime((runtime) => {
    const { startTime } = processStat(Deno.pid)!;
    add(runtime, "lives", { init: { pid: Deno.pid, startTime } });
    assertEquals(state(runtime, "lives").pid, Deno.pid);
    assertEquals(state(runtime, "lives").status, "running");
    add(runtime, "other", { init: { pid: Deno.pid, startTime: "1" } });
    assertEquals(state(runtime, "other").pid, 0);
    assertEquals(state(runtime, "other").status, "stopped");
  });
});

Deno.test("state() names the owner, or gives the number", () => {
  withRuntime((runtime) => {
    add(runtime, "nobody", { owner: 4_000_000_123 });
    assertEquals(state(runtime, "nobody").owner, "#4000000123");
  });
});

Deno.test("list() gives all by ID and leaves damaged ones out with a warning", () => {
  withRuntime((runtime, warnings) => {
    assertEquals(list(runtime), []);
    for (const id of ["b", "a", "damaged", "c"]) add(runtime, id);
    Deno.writeTextFileSync(`${runtime.root}/damaged/state.json`, "{");
    assertEquals(list(runtime).map(({ id }) => id), ["a", "b", "c"]);
    assertEquals(warnings.length, 1);
    assertEquals(warnings[0]!.includes("damaged"), true);
  });
});

Deno.test("isId() takes [A-Za-z0-9_+.-]{1,1024} but not . and ..", () => {
  for (const id of ["a", "0", "_", "+", "-", "a.b", "...", "x".repeat(1024)]) {
    assertEquals(isId(id), true, id);
  }
  for (const id of ["", ".", "..", "a/", "a\n", "é", " ", "x".repeat(1025)]) {
    assertEquals(isId(id), false, id);
  }
});
