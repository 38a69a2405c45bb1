/**
 * As much of protocol buffers as criu's messages need: numbers, strings and
 * messages in messages. Source: protobuf.dev, "Encoding".
 *
 * @module
 */

/**
 * A field: its number in the `.proto` file, and its value. An absent value is
 * a field that is not there.
 */
export type Field = readonly [
  number: number,
  value: boolean | number | string | Uint8Array | undefined,
];

/** A message's fields: of each number, the values in their order. */
export type Message = ReadonlyMap<number, readonly (bigint | Uint8Array)[]>;

/** How a value is written: a varint, or so many bytes. */
const VARINT = 0, SIXTY_FOUR = 1, BYTES = 2, THIRTY_TWO = 5;

/** Encodes a message. */
export function encode(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (const [number, value] of fields) {
    if (value === undefined) continue;
    const wide = typeof value === "string" || value instanceof Uint8Array;
    varint(bytes, BigInt(number << 3 | (wide ? BYTES : VARINT)));
    if (!wide) {
      // A negative int32 is as long as an int64.
      varint(bytes, BigInt.asUintN(64, BigInt(value)));
      continue;
    }
    const content = typeof value === "string"
      ? new TextEncoder().encode(value)
      : value;
    varint(bytes, BigInt(content.length));
    bytes.push(...content);
  }
  return new Uint8Array(bytes);
}

function varint(bytes: number[], value: bigint): void {
  for (; value > 0x7fn; value >>= 7n) bytes.push(Number(value & 0x7fn | 0x80n));
  bytes.push(Number(value));
}

/**
 * Decodes a message.
 * @throws {RangeError} it ends in the middle of a field
 */
export function decode(bytes: Uint8Array): Message {
  const message = new Map<number, (bigint | Uint8Array)[]>();
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError("a field is cut off");
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte = 0] = take(1);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new RangeError("a number is too long");
  };
  while (at < bytes.length) {
    const key = Number(number());
    const values = message.get(key >> 3) ?? [];
    message.set(key >> 3, values);
    const type = key & 7;
    if (type === VARINT) values.push(number());
    else if (type === BYTES) values.push(take(Number(number())));
    else if (type === SIXTY_FOUR) values.push(take(8));
    else if (type === THIRTY_TWO) values.push(take(4));
    else throw new RangeError(`a field is of the unknown kind ${type}`);
  }
  return message;
}

/** The last value of a field of type int32. */
export function int(message: Message, field: number): number | undefined {
  const value = message.get(field)?.at(-1);
  return typeof value === "bigint"
    ? Number(BigInt.asIntN(32, value))
    : undefined;
}

/** The last value of a field of type string. */
export function text(message: Message, field: number): string | undefined {
  const value = message.get(field)?.at(-1);
  return value instanceof Uint8Array
    ? new TextDecoder().decode(value)
    : undefined;
}

/** The last value of a field that is a message. */
export function inner(message: Message, field: number): Message | undefined {
  const value = message.get(field)?.at(-1);
  return value instanceof Uint8Array ? decode(value) : undefined;
}
