/** Rows of tables that are made of a file of `npm run -s bench`. Pure functions. */

/** Over the rounds. */
interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}
interface Timed {
  readonly arm: string;
  readonly milliseconds: Spread;
  /** Times over those of `plain` in the same round. */
  readonly overPlain: Spread;
  readonly peer?: { readonly speedup: Spread };
}

/** Several networks beside PyTorch: name, threads, arm, milliseconds an update, those over `plain`'s in the same round, updates a second, how many times as fast. */
export function speeds(file: unknown): readonly (readonly string[])[] {
  const { models } = file as {
    readonly models: readonly {
      readonly name: string;
      readonly threads: number;
      readonly arms: readonly Timed[];
    }[];
  };
  return models.flatMap(({ name, threads, arms }) =>
    arms.map(({ arm, milliseconds: { median }, overPlain, peer }) => [
      name.replace(/'s network$/, ""),
      String(threads),
      `\`${arm}\``,
      median.toFixed(1),
      ratio(arm, overPlain),
      (1000 / median).toFixed(0),
      peer === undefined ? "" : spread(peer.speedup),
    ]),
  );
}

/** The arms of one network: milliseconds a step, over those of `plain` in the same round, how many times as fast as PyTorch. */
export function stepTimes(file: unknown): readonly (readonly string[])[] {
  const { arms } = file as { readonly arms: readonly Timed[] };
  return arms.map(({ arm, milliseconds, overPlain, peer }) => [
    `\`${arm}\``,
    milliseconds.median.toFixed(0),
    ratio(arm, overPlain),
    peer === undefined ? "" : spread(peer.speedup),
  ]);
}

/** "1.34 (1.29 to 1.38)": the median and the range. */
const spread = ({ median, low, high }: Spread, decimals = 2): string =>
  `${median.toFixed(decimals)} (${low.toFixed(decimals)} to ${high.toFixed(decimals)})`;
/** Three decimals, which tell half a percent. */
const ratio = (arm: string, overPlain: Spread): string =>
  arm === "plain" ? "1" : spread(overPlain, 3);
