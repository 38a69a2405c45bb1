import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigError } from "./errors.ts";
import { execProcess, type ExecProcessOptions } from "./exec_process.ts";
import { silent } from "./logger.ts";
import type { Process, Spec } from "./spec.ts";

const OWN: Process = {
  args: ["init", "-x"],
  env: ["A=1", "B=2"],
  cwd: "/work",
  terminal: true,
  consoleSize: { height: 10, width: 20 },
  user: { uid: 5, gid: 6, umask: 0o27, additionalGids: [7] },
  capabilities: { bounding: ["CAP_CHOWN"], permitted: ["CAP_CHOWN"] },
  rlimits: [{ type: "RLIMIT_NOFILE", soft: 10, hard: 20 }],
  noNewPrivileges: true,
  oomScoreAdj: 50,
  apparmorProfile: "own",
  execCPUAffinity: { initial: "0" },
};

const OPTIONS: ExecProcessOptions = {
  args: [],
  env: [],
  additionalGids: [],
  terminal: false,
  capabilities: [],
};

function spec(process: Process | undefined = OWN): Spec {
  return {
    ociVersion: "1.3.0",
    root: { path: "rootfs" },
    ...process && { process },
  };
}

function made(options: Partial<ExecProcessOptions>, of = spec()): Process {
  return execProcess(of, { ...OPTIONS, ...options }, silent);
}

function refusal(options: Partial<ExecProcessOptions>, of = spec()): string {
  const error = assertThrows(() => made(options, of), ConfigError);
  assert(!error.message.includes("\n"), error.message);
  return error.message;
}

/** Calls `test` with the path of a file that holds `process`. */
function withFile(process: unknown, test: (path: string) => void): void {
  const path = Deno.makeTempFileSync();
  try {
    const text = typeof process === "string"
      ? process
      : JSON.stringify(process);
    Deno.writeTextFileSync(path, text);
    test(path);
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("execProcess() is the container's process with other arguments", () => {
  assertEquals(made({ args: ["sh"] }), {
    ...OWN,
    args: ["sh"],
    terminal: false,
  });
});

Deno.test("execProcess() takes what the command line says", () => {
  const process = made({
    args: ["sh"],
    cwd: "/other",
    env: ["C=3"],
    user: { uid: 1000 },
    additionalGids: [8, 9],
    terminal: true,
    noNewPrivileges: true,
    apparmorProfile: "other",
    selinuxLabel: "label",
  });
  assertEquals(process, {
    ...OWN,
    args: ["sh"],
    cwd: "/other",
    env: ["A=1", "B=2", "C=3"],
    user: { uid: 1000, gid: 6, umask: 0o27, additionalGids: [7, 8, 9] },
    apparmorProfile: "other",
    selinuxLabel: "label",
  });
});

Deno.test("execProcess() --cap leaves the inheritable set alone (CVE-2022-29162)", () => {
  const args = ["sh"], capabilities = ["CAP_KILL"];
  assertEquals(made({ args, capabilities }).capabilities, {
    bounding: ["CAP_CHOWN", "CAP_KILL"],
    effective: ["CAP_KILL"],
    permitted: ["CAP_CHOWN", "CAP_KILL"],
  });
  const sets = { inheritable: ["CAP_CHOWN"], ambient: ["CAP_CHOWN"] };
  const of = spec({ ...OWN, capabilities: sets });
  assertEquals(made({ args, capabilities }, of).capabilities, {
    bounding: ["CAP_KILL"],
    effective: ["CAP_KILL"],
    permitted: ["CAP_KILL"],
    inheritable: ["CAP_CHOWN"],
    ambient: ["CAP_CHOWN", "CAP_KILL"],
  });
});

Deno.test("execProcess() reads a file, whose gaps the container's process fills", () => {
  withFile({ args: ["ls"], cwd: "/", env: ["X=1"] }, (processFile) => {
    assertEquals(made({ processFile }), {
      args: ["ls"],
      cwd: "/",
      env: ["X=1"],
      terminal: false,
      user: { umask: 0o27, additionalGids: [] },
      capabilities: OWN.capabilities!,
      rlimits: OWN.rlimits!,
      noNewPrivileges: true,
      oomScoreAdj: 50,
      apparmorProfile: "own",
      selinuxLabel: "",
      execCPUAffinity: { initial: "0" },
    });
  });
});

Deno.test("execProcess() keeps what a file says", () => {
  const process = {
    args: ["ls"],
    cwd: "/",
    env: [],
    terminal: true,
    consoleSize: { height: 1, width: 2 },
    user: { uid: 1, gid: 2, umask: 0, additionalGids: [3] },
    capabilities: {},
    rlimits: [{ type: "RLIMIT_CORE", soft: 0, hard: 0 }],
    noNewPrivileges: false,
    oomScoreAdj: 0,
    apparmorProfile: "file",
    selinuxLabel: "label",
    execCPUAffinity: { final: "1" },
  };
  withFile(process, (processFile) => {
    assertEquals(made({ processFile }), process);
    const more = { args: ["id"], env: ["Y=1"], terminal: true };
    assertEquals(made({ processFile, ...more }), { ...process, ...more });
  });
});

Deno.test("execProcess() says what is wrong, and where it is from", () => {
  const line = "Cannot use the process from the command line: process.";
  assertEquals(
    refusal({}),
    `${line}args: expected an array of at least one string, found an empty ` +
      "array",
  );
  assert(refusal({ args: ["a"], cwd: "x" }).startsWith(`${line}cwd: `));
  assert(refusal({ args: ["a"], env: ["x"] }).startsWith(`${line}env[2]: `));
  withFile({ cwd: "/", user: { uid: -1 } }, (processFile) => {
    const message = refusal({ processFile });
    assert(message.includes(processFile), message);
    assert(message.includes("process.user.uid"), message);
    assert(message.includes("process.args"), message);
  });
  withFile("[]", (processFile) => {
    assertEquals(
      refusal({ processFile }),
      `Cannot read "${processFile}": expected a JSON object, found an empty ` +
        "array",
    );
  });
  assertEquals(
    refusal({ processFile: "/no/such/file" }),
    'Cannot read the process from "/no/such/file": No such file or directory',
  );
});

Deno.test("execProcess() knows the users that the container has", () => {
  const of: Spec = {
    ...spec(),
    linux: {
      namespaces: [{ type: "user" }],
      uidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
      gidMappings: [{ containerID: 0, hostID: 1000, size: 10 }],
    },
  };
  const message = refusal({ args: ["a"], user: { uid: 10 } }, of);
  assert(message.includes("process.user.uid: 10 is not one"), message);
});

Deno.test("execProcess() adds a process to a container without one", () => {
  const { process: _, ...bare } = spec();
  assertEquals(made({ args: ["sh"] }, bare), {
    args: ["sh"],
    cwd: "/",
    env: [],
    terminal: false,
    user: { additionalGids: [] },
    capabilities: {},
  });
});
