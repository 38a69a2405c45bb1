/**
 * D-Bus messages.
 *
 * Source: the D-Bus specification, "Message Protocol".
 *
 * @module
 */

import { Reader, type Value, type Variant, Writer } from "./wire.ts";

/** The types of messages. */
export const MESSAGE = { call: 1, answer: 2, error: 3, signal: 4 } as const;

/** A message, from a bus or to one. */
export interface Message {
  /** One of MESSAGE. */
  readonly type: number;
  /** The sender's number for it; never 0. */
  readonly serial: number;
  readonly path?: string;
  readonly interface?: string;
  /** The method or the signal. */
  readonly member?: string;
  /** The name of an error, such as `org.freedesktop.DBus.Error.NoReply`. */
  readonly errorName?: string;
  /** The serial of the call that this answers. */
  readonly replySerial?: number;
  readonly destination?: string;
  readonly sender?: string;
  /** The types of `body`; absent: none. */
  readonly signature?: string;
  readonly body: readonly Value[];
}

/** The header's fields, their codes and types. */
const FIELDS = [
  ["path", 1, "o"],
  ["interface", 2, "s"],
  ["member", 3, "s"],
  ["errorName", 4, "s"],
  ["replySerial", 5, "u"],
  ["destination", 6, "s"],
  ["sender", 7, "s"],
  ["signature", 8, "g"],
] as const;

const LITTLE_ENDIAN = 0x6c, VERSION = 1;
/** Bytes of the part of a header that tells how long the message is. */
const PREFIX = 16;
/** The longest message that is read, in bytes; the protocol's is 128 MiB. */
const MAX_LENGTH = 16 << 20;

/**
 * A message as bytes.
 * @throws {TypeError | RangeError} the body is not of its signature
 */
export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  const { type, serial, signature = "", body } = message;
  const content = new Writer();
  content.putAll(signature, body);
  const bytes = content.bytes();
  const fields = FIELDS.flatMap(([name, code, type]) => {
    const value = message[name];
    if (value === undefined || value === "") return [];
    return [[code, { type, value } satisfies Variant]];
  });
  const writer = new Writer();
  writer.putAll("yyyyuua(yv)", [
    LITTLE_ENDIAN,
    type,
    0,
    VERSION,
    bytes.length,
    serial,
    fields,
  ]);
  writer.align(8);
  writer.raw(bytes);
  return writer.bytes();
}

/**
 * How long the message is that `bytes` begin with; undefined: they are too few
 * to tell.
 * @throws {TypeError | RangeError} it is no message, or too long
 */
export function messageLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < PREFIX) return undefined;
  const [order, , , version, body, , fields] = new Reader(bytes).getAll(
    "yyyyuuu",
  ) as number[];
  if (order !== LITTLE_ENDIAN || version !== VERSION) {
    throw new TypeError("it is no D-Bus message of this byte order");
  }
  const length = (PREFIX + fields! + 7 & ~7) + body!;
  if (length <= MAX_LENGTH) return length;
  throw new RangeError(`a message of ${length} bytes is too long`);
}

/**
 * The message that `bytes` are.
 * @throws {TypeError | RangeError} they are none
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new Reader(bytes);
  const [, type, , , , serial, pairs] = reader.getAll("yyyyuua(yv)");
  const found: Record<string, Value> = {};
  for (const [code, variant] of pairs as [number, Variant][]) {
    const field = FIELDS.find((field) => field[1] === code);
    // Fields that are not known are to be ignored.
    if (field === undefined) continue;
    if (variant.type !== field[2]) {
      throw new TypeError(`the field ${field[0]} is of type ${variant.type}`);
    }
    found[field[0]] = variant.value;
  }
  reader.align(8);
  return {
    ...found,
    type: type as number,
    serial: serial as number,
    body: reader.getAll((found["signature"] ?? "") as string),
  };
}
