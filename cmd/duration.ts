/** Milliseconds of Go's units of time. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * The milliseconds of a time as Go writes it, such as `100ms`, `1.5s` or
 * `1m30s`; undefined for anything else.
 */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  const parts = /^[+-]?((?:\d+\.?\d*|\.\d+)(?:[nuµμm]?s|m|h))+$/.test(text)
    ? [...text.matchAll(/(\d+\.?\d*|\.\d+)([nuµμm]?s|m|h)/g)]
    : [];
  if (parts.length === 0) return undefined;
  const sum = parts.reduce(
    (sum, [, value, unit]) => sum + Number(value) * UNITS[unit!]!,
    0,
  );
  return text.startsWith("-") ? -sum : sum;
}
