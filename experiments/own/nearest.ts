/** The name that somebody may have meant. */

/** " (did you mean age?)", or "" where no name is near. */
export function meant(name: string, names: readonly string[]): string {
  const near = names
    .map((other) => ({ other, away: distance(name.toLowerCase(), other.toLowerCase()) }))
    .filter(
      ({ other, away }) => away <= Math.max(1, Math.floor(other.length / 3)) && away < other.length,
    )
    .toSorted((a, b) => a.away - b.away);
  return near.length > 0 ? ` (did you mean ${near[0].other}?)` : "";
}

/** Letters to put in, leave out or exchange (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length];
}
