/** What benchmarks of Davit beside runc have in common. */

/** Figures of the two sides, in the order of their turns. */
export type Times = Record<"davit" | "runc", number[]>;

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

/** Prints a line of medians, less the first turn, which warms the caches. */
export function report(
  what: string,
  unit: string,
  { davit, runc }: Times,
): void {
  const [a, b] = [median(davit.slice(1)), median(runc.slice(1))];
  console.log(
    `${what}: davit ${a.toFixed(1)} ${unit}, runc ${b.toFixed(1)} ${unit}, ` +
      `ratio ${(a / b).toFixed(2)} (medians of ${davit.length - 1})`,
  );
}
