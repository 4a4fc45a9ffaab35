/**
 * What a step costs with many processes, from what it costs with few: t(N) = t(1) / N + c(N), where the sum of S bytes over N processes by a
 * ring takes c = 2 (N - 1) a + 2 (N - 1) / N S / B (Patarasuk & Yuan 2009, "Bandwidth optimal all-reduce algorithms"): a is the time of a
 * message without content, B the bandwidth. Ours sends 32 bytes before, which has another a in it: a is that of both.
 */

/** How two processes talk: seconds a message, and bytes a second. */
export interface Link {
  readonly latency: number;
  readonly bandwidth: number;
}
export interface SumTime {
  readonly ranks: number;
  readonly bytes: number;
  readonly seconds: number;
}

const factors = ({ ranks: n, bytes }: Omit<SumTime, "seconds">): readonly [number, number] => [
  2 * (n - 1),
  ((2 * (n - 1)) / n) * bytes,
];

/** Seconds that the sum of so many bytes takes. */
export function secondsOf({ latency, bandwidth }: Link, at: Omit<SumTime, "seconds">): number {
  const [messages, bytes] = factors(at);
  return messages * latency + bytes / bandwidth;
}

/** The link that measurements fit best, by the least sum of squares of relative errors; both parts at least 0. */
export function linkOf(measured: readonly SumTime[]): Link {
  // Of x = (a, 1 / B): the normal equations of rows (m, s) x = t, each divided by its t.
  let [mm, ms, ss, m1, s1] = [0, 0, 0, 0, 0];
  for (const { seconds, ...at } of measured) {
    const [m, s] = factors(at).map((x) => x / seconds);
    mm += m * m;
    ms += m * s;
    ss += s * s;
    m1 += m;
    s1 += s;
  }
  const determinant = mm * ss - ms * ms;
  const [latency, slowness] = [
    (m1 * ss - s1 * ms) / determinant,
    (s1 * mm - m1 * ms) / determinant,
  ];
  if (latency < 0) return { latency: 0, bandwidth: ss / s1 };
  if (slowness <= 0) return { latency: m1 / mm, bandwidth: Infinity };
  return { latency, bandwidth: 1 / slowness };
}

/** A step of a whole batch in one process, and the bytes that are summed in it. */
export interface Work {
  readonly seconds: number;
  readonly bytes: number;
}

/** Which share of the ideal speed is left where a batch of one process's size is divided among N. */
export function strongEfficiency(work: Work, link: Link, ranks: number): number {
  const ideal = work.seconds / ranks;
  return ideal / (ideal + secondsOf(link, { ranks, bytes: work.bytes }));
}

/** The same where every process has a batch of that size. */
export const weakEfficiency = (work: Work, link: Link, ranks: number): number =>
  work.seconds / (work.seconds + secondsOf(link, { ranks, bytes: work.bytes }));

/** The least number of processes with which a divided batch spends half of its time in communication. */
export function halfAt(work: Work, link: Link): number {
  let n = 2;
  while (strongEfficiency(work, link, n) > 0.5) n++;
  return n;
}
