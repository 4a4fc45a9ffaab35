/** How many threads an op may use. */
const MOST = 1024;

export function checkThreads(where: string, threads: number | undefined): void {
  if (threads === undefined) return;
  if (Number.isSafeInteger(threads) && threads >= 1 && threads <= MOST) return;
  throw new Error(
    `${where}: threads must be a whole number from 1 to ${MOST}, got ${String(threads)}; give 1, or leave it out`,
  );
}
