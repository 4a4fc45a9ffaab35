/** Which learning rate did best for each arm, by the results of another comparison or sweep of the same experiment. */
import type { Arm } from "../../src/index.ts";
import { UsageError, type Config } from "../../runs/experiment.ts";
import type { Results } from "../../runs/records.ts";

/** `where` is what messages call the results; `say` is told of rates that did best at the end of what was tried. */
export function bestRates(
  { arms, experiment, soFar, open }: Results,
  wanted: { readonly experiment: string; readonly arms: readonly Arm[] },
  { where, say }: { readonly where: string; readonly say: (line: string) => void },
): { readonly lrOf: NonNullable<Config["lrOf"]> } {
  if (experiment !== wanted.experiment)
    throw new UsageError(
      `--rates-of: expected results of ${wanted.experiment}, got those of ${experiment}; name others`,
    );
  if (soFar)
    throw new UsageError(
      `--rates-of: expected results of runs that ended, got ${where} as far as ${soFar.at} of ${soFar.of}; let them train on first`,
    );
  if (open !== undefined)
    throw new UsageError(
      `--rates-of: expected results of a sweep that is done, got ${where} with ${open} ${open === 1 ? "trial" : "trials"} to do; let it end first, or another rate may turn out best`,
    );
  const rates = wanted.arms.map((arm) => {
    const found = arms[arm];
    const tried = (found?.grid ?? []).map(({ lr }) => lr);
    if (found && tried.length > 1 && [Math.min(...tried), Math.max(...tried)].includes(found.lr))
      say(`${arm}: ${found.lr} did best and is the last rate that was tried on that side`);
    if (found) return [arm, [found.lr]] as const;
    throw new UsageError(
      `--rates-of: expected results of ${arm} in ${where}, got none; let it train there, or leave it out with --arms`,
    );
  });
  return { lrOf: Object.fromEntries(rates) };
}
