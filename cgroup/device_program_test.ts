import { assertEquals } from "@std/assert";
import {
  BPF,
  deviceProgram,
  encodeProgram,
  INSTRUCTION_SIZE,
} from "./device_program.ts";
import {
  allRequests,
  type DeviceRequest,
  isAllowed,
  randomNumbers,
  randomRule,
} from "./device_reference.ts";
import { type DeviceRule, deviceRules } from "./devices.ts";

Deno.test("deviceProgram() answers as the rules say", () => {
  const random = randomNumbers(20260824);
  const requests = allRequests();
  for (let round = 0; round < 300; round++) {
    const rules = Array.from(
      { length: random(12) },
      () => randomRule(random),
    );
    compare(rules, requests);
  }
});

Deno.test("deviceProgram() denies by default and allows the usual devices", () => {
  const rules = deviceRules();
  const ask = (type: "b" | "c", major: number, minor: number, access: number) =>
    run(encodeProgram(deviceProgram(rules)), { type, major, minor, access });
  assertEquals(ask("c", 1, 3, 6), 1);
  assertEquals(ask("c", 1, 3, 7), 1);
  assertEquals(ask("c", 136, 9, 6), 1);
  assertEquals(ask("b", 8, 0, 1), 1);
  assertEquals(ask("b", 8, 0, 2), 0);
  assertEquals(ask("b", 8, 0, 3), 0);
  assertEquals(ask("c", 1, 1, 2), 0);
  assertEquals(ask("c", 1, 4, 4), 0);
  compare(rules, allRequests());
});

Deno.test("deviceProgram() stops at a rule about everything", () => {
  const all = deviceRules([{ allow: true, access: "rwm" }]);
  const short = deviceProgram(all.slice(0, 2));
  assertEquals(short.length, 8);
  assertEquals(short.slice(6).map((i) => [i.opcode, i.imm]), [
    [BPF.MOVE, 1],
    [BPF.EXIT, 0],
  ]);
});

Deno.test("deviceProgram() denies without rules", () => {
  const request = { type: "c", major: 1, minor: 3, access: 2 } as const;
  assertEquals(run(encodeProgram(deviceProgram([])), request), 0);
});

Deno.test("encodeProgram() writes struct bpf_insn", () => {
  const bytes = encodeProgram([
    { opcode: 0x61, dst: 3, src: 1, offset: 8, imm: 0 },
    { opcode: 0x56, dst: 4, src: 0, offset: 2, imm: 0xfffffffe },
  ]);
  assertEquals([...bytes], [
    ...[0x61, 0x13, 8, 0, 0, 0, 0, 0],
    ...[0x56, 0x04, 2, 0, 0xfe, 0xff, 0xff, 0xff],
  ]);
});

function compare(
  rules: readonly DeviceRule[],
  requests: readonly DeviceRequest[],
): void {
  const code = encodeProgram(deviceProgram(rules));
  for (const request of requests) {
    const found = run(code, request);
    const wanted = isAllowed(rules, request) ? 1 : 0;
    if (found === wanted) continue;
    const told = JSON.stringify({ rules, request });
    throw new Error(`${told}: got ${found}, wanted ${wanted}`);
  }
}

/** Runs an encoded program as the kernel would, and its verifier would allow. */
function run(code: Uint8Array<ArrayBuffer>, request: DeviceRequest): number {
  const view = new DataView(code.buffer);
  const context = [
    (request.access << 16 | (request.type === "b" ? 1 : 2)) >>> 0,
    request.major,
    request.minor,
  ];
  const registers: (bigint | undefined)[] = Array(11).fill(undefined);
  const read = (r: number) => {
    const value = registers[r];
    if (value === undefined) throw new Error(`r${r} is read before it is set`);
    return value;
  };
  const word = (value: bigint) => BigInt.asUintN(32, value);
  for (let at = 0; at < code.length; at += INSTRUCTION_SIZE) {
    const opcode = view.getUint8(at);
    const dst = view.getUint8(at + 1) & 15;
    const src = view.getUint8(at + 1) >> 4;
    const offset = view.getInt16(at + 2, true);
    const imm = BigInt(view.getInt32(at + 4, true));
    if (offset < 0) throw new Error("a jump back, or a negative offset");
    const jump = () => at += offset * INSTRUCTION_SIZE;
    switch (opcode) {
      case BPF.LOAD_WORD: {
        const value = src === 1 ? context[offset / 4] : undefined;
        if (value === undefined) throw new Error("a load beside the context");
        registers[dst] = BigInt(value);
        break;
      }
      case BPF.MOVE:
        registers[dst] = BigInt.asUintN(64, imm);
        break;
      case BPF.COPY:
        registers[dst] = word(read(src));
        break;
      case BPF.AND:
        registers[dst] = word(read(dst)) & word(imm);
        break;
      case BPF.SHIFT_RIGHT:
        registers[dst] = word(read(dst)) >> imm;
        break;
      case BPF.JUMP_EQUAL:
        if (word(read(dst)) === word(imm)) jump();
        break;
      case BPF.JUMP_NOT_EQUAL:
        if (word(read(dst)) !== word(imm)) jump();
        break;
      case BPF.EXIT:
        return Number(read(0));
      default:
        throw new Error(`opcode ${opcode}`);
    }
  }
  throw new Error("the program has no end");
}
