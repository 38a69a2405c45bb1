import { assertEquals, assertThrows } from "@std/assert";
import { RuntimeError } from "../oci/errors.ts";
import { validateResources } from "../oci/validate.ts";
import { parseOptions } from "./options.ts";
import { OPTIONS, parseSize, resourcesOf } from "./update_options.ts";

function resources(...args: string[]) {
  const { options } = parseOptions(OPTIONS, args, "davit update", true);
  return resourcesOf(options, "davit update");
}

Deno.test("update: every option sets its property", () => {
  const found = resources(
    ..."--blkio-weight 10 --cpu-period 1 --cpu-quota -1 --cpu-burst 2".split(
      " ",
    ),
    ..."--cpu-share 3 --cpu-rt-period 4 --cpu-rt-runtime 5".split(" "),
    ..."--cpu-idle 1 --cpuset-cpus 0-1 --cpuset-mems 0".split(" "),
    ..."--memory 64M --memory-reservation 1k --memory-swap -1".split(" "),
    ..."--pids-limit 0 --kernel-memory -1 --kernel-memory-tcp 1b".split(" "),
  );
  assertEquals(found as unknown, {
    blockIO: { weight: 10 },
    cpu: {
      shares: 3,
      quota: -1,
      burst: 2,
      period: 1,
      realtimeRuntime: 5,
      realtimePeriod: 4,
      cpus: "0-1",
      mems: "0",
      idle: 1,
    },
    memory: {
      limit: 67108864,
      reservation: 1024,
      swap: -1,
      kernel: -1,
      kernelTCP: 1,
    },
    pids: { limit: 0 },
  });
  assertEquals(validateResources(found).errors, []);
});

Deno.test("update: nothing given asks for nothing", () => {
  assertEquals(resources(), {});
  assertEquals(resources("--memory", "", "--cpu-share="), {});
});

Deno.test("update: numbers keep their digits, and others are refused", () => {
  assertEquals(
    resources("--cpu-share", "18446744073709551615").cpu?.shares,
    2n ** 64n - 1n,
  );
  for (
    const [option, value] of [
      ["cpu-share", "-1"],
      ["cpu-share", "1.5"],
      ["cpu-quota", "0x10"],
      ["cpu-idle", "yes"],
      ["pids-limit", "1k"],
      ["memory", "1x"],
      ["memory", "-2"],
      ["memory-swap", "M"],
    ]
  ) {
    assertThrows(
      () => resources(`--${option}`, value!),
      RuntimeError,
      `invalid value for ${option}: "${value}": expected`,
    );
  }
});

Deno.test("parseSize() knows the sizes of engines' command lines", () => {
  const table: [string, number | bigint | undefined][] = [
    ["0", 0],
    ["-1", -1],
    ["32", 32],
    ["32b", 32],
    ["32B", 32],
    ["32k", 32768],
    ["32K", 32768],
    ["32kb", 32768],
    ["32Kb", 32768],
    ["32KiB", 32768],
    ["50M", 52428800],
    ["32Mb", 33554432],
    ["1G", 1073741824],
    ["32 gb", 34359738368],
    ["32Tb", 35184372088832],
    ["8PB", 9007199254740992n],
    ["32.5kB", 33280],
    ["32.5 k", 33280],
    [".5k", 512],
    ["1.", 1],
    ["9223372036854775807", 2n ** 63n - 1n],
    ["", undefined],
    ["hello", undefined],
    ["-32", undefined],
    [" 32", undefined],
    ["32  k", undefined],
    ["32kib b", undefined],
    ["32kbb", undefined],
    ["32bb", undefined],
    ["1.2.3", undefined],
    ["32e3", undefined],
    [".", undefined],
  ];
  for (const [text, bytes] of table) assertEquals(parseSize(text), bytes, text);
});
