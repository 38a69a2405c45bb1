/**
 * The hash with which a compiled Deno checks its code cache: xxHash64 with the
 * seed 0, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md.
 *
 * @module
 */

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

const word = (value: bigint) => BigInt.asUintN(64, value);
const turn = (value: bigint, bits: bigint) =>
  word(value << bits) | value >> (64n - bits);
const round = (sum: bigint, input: bigint) =>
  word(turn(word(sum + input * P2), 31n) * P1);

/** The hash of `bytes`, 64 bits. */
export function xxhash64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length;
  let at = 0;
  let hash: bigint = P5;
  if (size >= 32) {
    const sums = [word(P1 + P2), P2, 0n, word(-P1)];
    for (; at + 32 <= size; at += 32) {
      for (let i = 0; i < 4; i++) {
        sums[i] = round(sums[i]!, view.getBigUint64(at + 8 * i, true));
      }
    }
    const turns = [1n, 7n, 12n, 18n];
    hash = word(sums.reduce((all, sum, i) => all + turn(sum, turns[i]!), 0n));
    for (const sum of sums) hash = word((hash ^ round(0n, sum)) * P1 + P4);
  }
  hash = word(hash + BigInt(size));
  for (; at + 8 <= size; at += 8) {
    const input = round(0n, view.getBigUint64(at, true));
    hash = word(turn(hash ^ input, 27n) * P1 + P4);
  }
  if (at + 4 <= size) {
    const input = word(BigInt(view.getUint32(at, true)) * P1);
    hash = word(turn(hash ^ input, 23n) * P2 + P3);
    at += 4;
  }
  for (; at < size; at++) {
    hash = word(turn(hash ^ word(BigInt(bytes[at]!) * P5), 11n) * P1);
  }
  hash = word((hash ^ hash >> 33n) * P2);
  hash = word((hash ^ hash >> 29n) * P3);
  return hash ^ hash >> 32n;
}
