const firstMs = 500;
const longestMs = 30_000;

/** The pause before try number `failures` + 1, ms: doubled each time, of random length so that not all come at once. */
export const backoffMs = (failures: number, random = Math.random): number =>
  Math.min(longestMs, firstMs * 2 ** Math.min(failures, 10)) * (0.5 + random() / 2);
