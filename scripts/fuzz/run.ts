/**
 * Feeds targets with changed inputs, the same ones for the same seed.
 *
 * @module
 */

import { randomNumbers } from "../../tests/mutate.ts";

/** Numbers from 0 to below `n`. */
export type Random = (n: number) => number;

/** Something that takes whatever it is given. */
export interface Target {
  readonly name: string;
  /** An input, which can be written down. */
  readonly make: (random: Random) => unknown;
  /**
   * Takes an input; false when it refused it as it should. What it throws is
   * a finding.
   */
  readonly take: (input: never) => boolean;
}

/** What came of a target. */
export interface Outcome {
  readonly name: string;
  /** How many inputs it took. */
  readonly inputs: number;
  /** How many of them it refused. */
  readonly refused: number;
  /** The longest that one took, in milliseconds. */
  readonly longest: number;
  readonly findings: readonly Finding[];
}

/** An input that is not taken as it should be. */
export interface Finding {
  readonly input: string;
  readonly why: string;
}

/** One input may take so long, in milliseconds. */
const PATIENCE = 5_000;
/** So many findings of a target are enough. */
const ENOUGH = 3;

/**
 * Runs targets in turn.
 *
 * @param budget for all of them together, in milliseconds
 */
export function fuzz(
  targets: readonly Target[],
  seed: number,
  budget: number,
): Outcome[] {
  return targets.map((target, i) => {
    const random = randomNumbers(seed + i);
    const end = performance.now() + budget / targets.length;
    const findings: Finding[] = [];
    let inputs = 0, refused = 0, longest = 0;
    do {
      const input = target.make(random);
      const began = performance.now();
      const why = takes(target, input, () => refused++);
      const took = performance.now() - began;
      inputs++;
      longest = Math.max(longest, took);
      const fault = why ??
        (took > PATIENCE ? `took ${took.toFixed()} ms` : undefined);
      if (fault !== undefined) {
        findings.push({ input: show(input), why: fault });
      }
    } while (performance.now() < end && findings.length < ENOUGH);
    return { name: target.name, inputs, refused, longest, findings };
  });
}

function takes(
  target: Target,
  input: unknown,
  onRefusal: () => void,
): string | undefined {
  try {
    if (!target.take(input as never)) onRefusal();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.stack ?? error.message : `${error}`;
  }
}

/** An input as text, from which it can be made again. */
function show(input: unknown): string {
  if (input instanceof Uint8Array) return `hex ${input.toHex()}`;
  return JSON.stringify(
    input,
    (_name, value) => typeof value === "bigint" ? `${value}n` : value,
  ) ?? "undefined";
}

/** Changes some bytes, cuts some off, says some twice. */
export function changeBytes(
  bytes: Uint8Array,
  random: Random,
): Uint8Array<ArrayBuffer> {
  let copy = bytes.slice() as Uint8Array<ArrayBuffer>;
  for (let left = 1 + random(4); left > 0 && copy.length > 0; left--) {
    const at = random(copy.length);
    switch (random(5)) {
      case 0:
        copy[at] = random(256);
        break;
      case 1:
        copy = copy.slice(0, at);
        break;
      case 2: {
        const part = copy.slice(at, at + 1 + random(40));
        copy = joined(copy.slice(0, at), part, copy.slice(at));
        break;
      }
      case 3:
        copy = joined(copy.slice(0, at), copy.slice(at + 1 + random(20)));
        break;
      default:
        copy[at] = 0x20 + random(96);
    }
  }
  return copy;
}

/** The same for a text. */
export function changeText(text: string, random: Random): string {
  const bytes = changeBytes(new TextEncoder().encode(text), random);
  return new TextDecoder().decode(bytes);
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
