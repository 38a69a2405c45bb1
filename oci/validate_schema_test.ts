import { assert, assertEquals } from "@std/assert";
import { fullConfig } from "../tests/full_config.ts";
import { mutate, randomNumbers, VALUES } from "../tests/mutate.ts";
import {
  examples,
  hasSchemas,
  OTHER_PLATFORMS,
  type Property,
  type Schema,
  schemaChecker,
  schemaProperties,
  whySkipped,
} from "../tests/spec_schema.ts";

import { defaultSpec } from "./default_spec.ts";
import { describeProblem, type Problem } from "./errors.ts";
import { JsonTextError, parseJson, toJson } from "./json_text.ts";
import { validate } from "./validate.ts";

const ignore = !hasSchemas;

/**
 * What Davit accepts although the schema does not, because engines write it:
 * the property's pointer, and why.
 */
const MORE: readonly [RegExp, string][] = [
  [/^\/linux\/rootfsPropagation$/, "runc and crun know the recursive ones"],
  [/^\/linux\/devices\/\d+\/fileMode$/, "older engines add the file's type"],
];

/**
 * What Davit refuses although the schema accepts it: the property's pointer,
 * and what its message says. The schema knows neither the kernel's limits nor
 * what properties demand of each other.
 */
const LESS: readonly [RegExp, RegExp][] = [
  // What a Linux host cannot do.
  [
    /^\/(windows|solaris|vm|zos|freebsd)$/,
    /Davit makes Linux containers|expected an obj/,
  ],
  [/^\/process\/(commandLine|user\/username)$/, /is for Windows/],
  [/\/(uid|gid)$|\/additionalGids\/\d+$/, /from 0 to 4294967294/],
  [/^\/process\/user\/umask$/, /from 0 to 511/],
  [/^\/process\/user\//, /not one of the IDs that linux\..idMappings maps/],
  [/^\/process\/oomScoreAdj$/, /from -1000 to 1000/],
  [/^\/process\/rlimits\/\d+\/type$/, /RLIMIT_ and one of|already set/],
  [/^\/process\/rlimits\/\d+\/soft$/, /above the hard limit/],
  [/^\/(hostname|domainname)$/, /at most 64 bytes|needs a UTS namespace/],
  [/[ug]idMappings\/\d+\/size$/, /from 1 to/],
  [/[ug]idMappings\/\d+\/\w+ID$/, /overlap|must end below/],
  [/[ug]idMappings$/, /needs a user namespace|at least one|at most 340/],
  [/^\/linux\/devices\/\d+\/m(aj|in)or$/, /is required for a device/],
  [/\/args\/\d+\/index$/, /from 0 to 5/],
  [/\/timeout$/, /from 1 to 9223372036854775807/],
  [/./, /must not hold a NUL/],
  // What config.md and config-linux.md say in words.
  [/^\/ociVersion$/, /a version/],
  [/^\/root(\/path)?$/, /is required|must not be empty/],
  [/^\/process\/args$/, /is required|at least one string/],
  [/^\/process\/args\/0$/, /must not be empty/],
  [/\/env\/\d+$/, /NAME=value/],
  [/^\/process\/cwd$/, /absolute path/],
  [
    /^\/mounts\/\d+\/destination$/,
    /must not be (empty|below \/proc)|must be a procfs/,
  ],
  [/^\/mounts\/\d+\/options\/\d+$/, /no option of a bind|goes (not )?with/],
  [/^\/mounts\/\d+\/options\/\d+$/, /cannot change|needs uidMappings and/],
  [
    /^\/mounts\/\d+\/[ug]idMappings$/,
    /must come along with|goes (not )?with|cannot change/,
  ],
  [/^\/hooks\/\w+\/\d+\/path$/, /absolute path/],
  [/^\/linux\/(masked|readonly)Paths\/\d+$/, /absolute path/],
  [/^\/linux\/namespaces\/\d+\/path$/, /absolute path/],
  [/^\/linux\/namespaces\/\d+\/type$/, /is already in/],
  [/^\/linux\/timeOffsets$/, /needs a (new )?time namespace/],
  [/^\/linux\/timeOffsets\/\w+\/nanosecs$/, /at most 999999999/],
  [/^\/(root\/readonly|mounts)$/, /needs a mount namespace/],
  [/^\/linux\/(rootfsP|maskedP|readonlyP)/, /needs a mount namespace/],
  [/^\/linux\/devices\/\d+\/path$/, /absolute path|root directory/],
  [/^\/linux\/cgroupsPath$/, /must not have ".."/],
  [/^\/linux\/resources\/devices\/\d+\/type$/, /"a", "c" or "b"/],
  [/^\/linux\/resources\/devices\/\d+\/access$/, /letters of "rwm"/],
  [/^\/linux\/resources\/network\/priorities\/\d+\/name$/, /not be empty/],
  [/^\/linux\/seccomp\/syscalls\/\d+\/names\/\d+$/, /not be empty/],
  [/^\/linux\/seccomp\/.*[eE]rrnoRet$/, /goes with|must be at most/],
  [/^\/linux\/seccomp\/(.*a|defaultA)ction$/, /SCMP_ACT_NOTIFY (needs|cannot)/],
  [/^\/linux\/seccomp\/syscalls\/\d+\/names\/\d+$/, /cannot be used for/],
  [/^\/linux\/seccomp\/listenerMetadata$/, /needs a listenerPath/],
  [/^\/linux\/seccomp\/flags\/\d+$/, /needs SCMP_ACT_NOTIFY/],
  [/^\/process\/scheduler\//, /must be from|goes with|needs a utili/],
  [/^\/process\/ioPriority\/priority$/, /must be from 0 to 7/],
  [/^\/process\/execCPUAffinity\//, /must be a list of processors/],
  [/^\/linux\/devices\/\d+\/(major|minor)$/, /an integer from 0 to/],
  [/^\/linux\/intelRdt\/(closID$|schemata\/)/, /name of a group|of one line/],
  [/^\/linux\/netDevices$/, /needs a network namespace/],
  [/^\/linux\/netDevices\//, /network device|must have|is the name of/],
  [/^\/linux\/sysctl\//, /namespace|conflicts|no name|NUL/],
  [/^\/linux\/memoryPolicy\//, /is missing|nodes|is required/],
  [/^\/linux\/personality\//, /is missing|is required|is a flag/],
  [/^\/annotations\/$/, /must have a name/],
  // The schema leaves the values of empty names alone.
  [/^\/(annotations|linux\/sysctl|linux\/resources\/unified)\/\n?$/, /./],
];

/** JSON of a value, integers of any size among its parts. */
function json(value: unknown): string {
  return JSON.stringify(
    value,
    (_name, part) => typeof part === "bigint" ? raw(String(part)) : part,
  );
}

function raw(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}

/**
 * Reads JSON for the schema's checker, which knows no integers beyond 2^53: a
 * stand-in is on the same side of the limits of 64 bits.
 */
function readForSchema(text: string): unknown {
  return JSON.parse(text, standIn);
}

function standIn(
  _name: string,
  value: unknown,
  context?: { source?: string },
): unknown {
  const source = context?.source ?? "";
  if (typeof value !== "number" || !/^-?\d{16,}$/.test(source)) {
    return withoutNull(value);
  }
  const exact = BigInt(source);
  if (exact >= 2n ** 64n || exact < -(2n ** 63n)) return 1e300;
  return exact >= 2n ** 63n ? 1.5 * 2 ** 63 : value;
}

/** As Davit does, and the Go peers: a property that is null is none. */
function withoutNull(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return value;
  }
  const entries = Object.entries(value);
  return Object.fromEntries(entries.filter(([, inner]) => inner !== null));
}

const schema = hasSchemas ? schemaChecker("config-schema.json") : undefined;

/** Where the schema finds faults in a value. */
function schemaFaults(value: unknown): string[] {
  if (schema!(value)) return [];
  // "anyOf" comes besides the faults of its parts.
  const faults = schema!.errors!.filter(({ keyword }) => keyword !== "anyOf");
  return faults.map((error) =>
    error.keyword === "required"
      ? `${error.instancePath}/${error.params["missingProperty"]}`
      : error.instancePath
  );
}

/** How many configurations were accepted and refused, and by whom. */
class Count {
  accepted = 0;
  refusedByBoth = 0;
  refusedByDavit = 0;
  acceptedByDavit = 0;

  get all(): number {
    return this.accepted + this.refusedByBoth + this.refusedByDavit +
      this.acceptedByDavit;
  }
}

/** Holds Davit's verdict on a configuration against the schema's. */
function compare(text: string, count: Count): void {
  const config = parseJson(new TextEncoder().encode(text));
  const { errors, warnings, renamed } = validate(config);
  for (const problem of [...errors, ...warnings]) {
    assertTellsAll(problem);
  }
  // The schema knows no name in other letters.
  const known = readForSchema(renamed ? toJson(config) : text);
  if (typeof known === "object" && known !== null) {
    for (const name of OTHER_PLATFORMS) Reflect.deleteProperty(known, name);
  }
  const faults = schemaFaults(known);
  if (faults.length === 0 && errors.length === 0) count.accepted++;
  else if (faults.length > 0 && errors.length > 0) count.refusedByBoth++;
  else if (errors.length > 0) count.refusedByDavit++;
  else count.acceptedByDavit++;
  for (const pointer of faults) {
    const found = errors.some((error) => covers(error.pointer, pointer)) ||
      MORE.some(([place]) => place.test(pointer));
    assert(found, `Davit accepts what the schema refuses: ${pointer}: ${text}`);
  }
  for (const problem of errors) {
    const { pointer, message } = problem;
    const reason = faults.some((fault) => covers(pointer, fault)) ||
      LESS.some(([at, why]) => at.test(pointer) && why.test(message));
    assert(
      reason,
      `Davit refuses what the schema accepts: ${
        describeProblem(problem)
      }: ${text}`,
    );
  }
}

/** Whether a problem at `pointer` is the one that is at `fault`, or around. */
function covers(pointer: string, fault: string): boolean {
  return pointer === fault || fault.startsWith(`${pointer}/`);
}

/** Each problem has a place, what was found and a message of one line. */
function assertTellsAll({ pointer, found, message }: Problem): void {
  assert(pointer === "" || pointer.startsWith("/"), pointer);
  assert(found !== "" && message !== "");
  assert(!/[\n\r\0]/.test(message + found), message);
}

Deno.test({
  name: "the specification's good examples are accepted" + whySkipped,
  ignore,
  fn() {
    for (const { name, text } of examples("config/good")) {
      const config = parseJson(new TextEncoder().encode(text));
      const found = validate(config).errors.map(describeProblem);
      assertEquals(found, GOOD_BUT_NOT_HERE[name] ?? [], name);
    }
  },
});

const FOR = "Davit makes Linux containers: leave it out";
const NEEDS = "in linux.namespaces";

/** Why a Linux host cannot run some of the good examples. */
const GOOD_BUT_NOT_HERE: Readonly<Record<string, readonly string[]>> = {
  // Of a draft of the specification.
  "spec-example.json": [
    'ociVersion: expected a version from 1.0.0 to 1.3.x, found "0.5.0-dev"',
  ],
  "linux-netdevice.json": [
    `linux.netDevices: needs a network namespace ${NEEDS}`,
  ],
  "freebsd-example.json": [
    `freebsd: is for FreeBSD, ${FOR}`,
    `hostname: needs a UTS namespace ${NEEDS}`,
  ],
  "zos-example.json": [
    'ociVersion: expected a version from 1.0.0 to 1.3.x, found "0.5.0-dev"',
    `zos: is for z/OS, ${FOR}`,
    `hostname: needs a UTS namespace ${NEEDS}`,
  ],
};

Deno.test({
  name: "the specification's bad examples are refused" + whySkipped,
  ignore,
  fn() {
    for (const { name, text } of examples("config/bad")) {
      let count = 0;
      try {
        const config = parseJson(new TextEncoder().encode(text));
        count = validate(config).errors.length;
      } catch (error) {
        assert(error instanceof JsonTextError, name);
        count = 1;
      }
      assert(count > 0, name);
    }
  },
});

/** Values at and around what a part of the schema allows. */
function valuesFor(part: Schema): unknown[] {
  const values: unknown[] = [...VALUES, ...part.enum ?? []];
  for (const limit of [part.minimum, part.maximum]) {
    if (limit === undefined) continue;
    // The schema's 64-bit limits are rounded up to a power of two.
    const exact = BigInt(limit) -
      (Math.abs(limit) > 2 ** 53 && limit > 0 ? 1n : 0n);
    for (const value of [exact - 1n, exact, exact + 1n]) {
      const small = Number.isSafeInteger(Number(value));
      values.push(small ? Number(value) : value);
    }
  }
  return values;
}

/** Sets a property of `fullConfig()`; `undefined` takes it away. */
function withValue(pointer: string, value: unknown): unknown {
  const config: unknown = fullConfig();
  const names = pointer.split("/").slice(1);
  let holder = config as Record<string, unknown>;
  for (const name of names.slice(0, -1)) {
    const inner = holder[name === "*" ? Object.keys(holder)[0]! : name];
    assert(typeof inner === "object" && inner !== null, pointer);
    holder = inner as Record<string, unknown>;
  }
  const last = names.at(-1)!;
  assert(Object.hasOwn(holder, last), `fullConfig() has no ${pointer}`);
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return config;
}

function isForLinux({ pointer }: Property): boolean {
  return !OTHER_PLATFORMS.includes(pointer.split("/")[1]!);
}

Deno.test({
  name: "each property takes the values that the schema gives it" + whySkipped,
  ignore,
  fn() {
    const count = new Count();
    compare(json(fullConfig()), count);
    assertEquals(count.accepted, 1);
    const properties = schemaProperties("config-schema.json");
    for (const { pointer, schema } of properties.filter(isForLinux)) {
      for (const value of [...valuesFor(schema), undefined]) {
        compare(json(withValue(pointer, value)), count);
      }
    }
    assert(count.all > 5000 && count.accepted > 500);
  },
});

Deno.test({
  name: "changed configs get the schema's verdict, or a reason" + whySkipped,
  ignore,
  fn() {
    const random = randomNumbers(20261125);
    const bases = [
      fullConfig(),
      defaultSpec({ cgroupNamespace: true }),
      ...[...examples("config/good"), ...examples("config/bad")]
        .filter(({ name }) => name !== "invalid-json.json")
        .map(({ text }) => ({ ...JSON.parse(text), ociVersion: "1.3.0" })),
    ];
    const count = new Count();
    for (let round = 0; round < 10_000; round++) {
      compare(json(mutate(bases[round % bases.length], random)), count);
    }
    assert(count.accepted > 900 && count.refusedByBoth > 1000);
  },
});
