/** The known name that is nearest to a mistyped one; undefined where none is near enough to be meant. */
export function closest(name: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((x, y) => x.distance - y.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : undefined;
}

/** How many letters must be put in, taken out, changed or swapped to make one word of the other (Damerau). */
function editDistance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const change = rows[row - 1]![column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const swap = isSwap ? rows[row - 2]![column - 2]! + 1 : Number.POSITIVE_INFINITY;
      current.push(Math.min(change, rows[row - 1]![column]! + 1, current[column - 1]! + 1, swap));
    }
    rows.push(current);
  }
  return rows[from.length]![to.length]!;
}
