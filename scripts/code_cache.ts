/**
 * The code cache of a compiled binary: V8's compiled code of its modules, in
 * the file format of a compiled Deno 2.9.
 *
 *     u64 key of the binary   u32 entries   u64 length of each entry
 *     each entry: code, u8 type, URL of the module, u32 length of the URL,
 *                 u64 hash of the module's source, u64 hash of the code
 *
 * All numbers are little-endian.
 *
 * @module
 */

import { concatenate } from "./prelude.ts";
import { xxhash64 } from "./xxhash64.ts";

/** One module's code. */
export interface CacheEntry {
  readonly url: string;
  /** The code and its type; then, behind the URL, the hashes. */
  readonly head: Uint8Array;
  readonly hashes: Uint8Array;
}

/**
 * Where V8 writes, into the first words of compiled code, the hash of the flags
 * it was made with: it takes only code that was made with its own.
 */
const FLAGS = 12;

const HASHES = 16;

/**
 * The entries of a code cache file.
 *
 * @throws {Error} it is none
 */
export function readCodeCache(bytes: Uint8Array): CacheEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(8, true);
  let start = 12 + count * 8;
  return Array.from({ length: count }, (_, i) => {
    const end = start + Number(view.getBigUint64(12 + i * 8, true));
    const urlEnd = end - HASHES - 4;
    const urlStart = urlEnd - view.getUint32(urlEnd, true);
    if (end > bytes.length || urlStart < start) {
      throw new Error("the code cache has another format");
    }
    const entry = {
      url: new TextDecoder().decode(bytes.subarray(urlStart, urlEnd)),
      head: bytes.subarray(start, urlStart),
      hashes: bytes.subarray(end - HASHES, end),
    };
    start = end;
    return entry;
  });
}

/**
 * `entry` as if V8 had made it with the flags of `other`: code is good under
 * flags that differ only in what is compiled when.
 *
 * @throws {Error} it is not what V8 and Deno write
 */
export function withFlagsOf(entry: CacheEntry, other: CacheEntry): CacheEntry {
  // A mark, V8's version, and what stands for the source.
  const first = (of: CacheEntry) => of.head.slice(0, FLAGS).toHex();
  const code = entry.head.slice(0, -1);
  const hash = new DataView(entry.hashes.slice().buffer);
  if (
    first(entry) !== first(other) ||
    hash.getBigUint64(8, true) !== xxhash64(code)
  ) {
    throw new Error("the code cache has another format");
  }
  code.set(other.head.subarray(FLAGS, FLAGS + 4), FLAGS);
  hash.setBigUint64(8, xxhash64(code), true);
  return {
    url: entry.url,
    head: concatenate([code, entry.head.slice(-1)]),
    hashes: new Uint8Array(hash.buffer),
  };
}

/** The file for a binary with the key `key`. */
export function writeCodeCache(
  key: bigint,
  entries: readonly CacheEntry[],
): Uint8Array {
  const header = new DataView(new ArrayBuffer(12 + entries.length * 8));
  header.setBigUint64(0, key, true);
  header.setUint32(8, entries.length, true);
  const parts = entries.flatMap(({ url, head, hashes }, i) => {
    const name = new TextEncoder().encode(url);
    const length = new Uint8Array(Uint32Array.of(name.length).buffer);
    const entry = [head, name, length, hashes];
    const size = entry.reduce((sum, part) => sum + part.length, 0);
    header.setBigUint64(12 + i * 8, BigInt(size), true);
    return entry;
  });
  return concatenate([new Uint8Array(header.buffer), ...parts]);
}

/**
 * The key by which a compiled binary knows its code cache.
 *
 * @throws {Error} it has none
 */
export function codeCacheKey(binary: Uint8Array): bigint {
  const mark = new TextEncoder().encode('"code_cache_key":');
  // It stands behind Deno's own code.
  const at = lastIndexOf(binary, mark) + mark.length;
  const text = new TextDecoder().decode(binary.subarray(at, at + 21));
  const digits = /^\d+/.exec(text)?.[0];
  if (digits === undefined) throw new Error("it has no key of a code cache");
  return BigInt(digits);
}

function lastIndexOf(bytes: Uint8Array, sought: Uint8Array): number {
  for (
    let at = bytes.lastIndexOf(sought[0]!);
    at >= 0;
    at = bytes.lastIndexOf(sought[0]!, at - 1)
  ) {
    if (sought.every((byte, i) => bytes[at + i] === byte)) return at;
    if (at === 0) break;
  }
  throw new Error("it is no binary of deno compile");
}
