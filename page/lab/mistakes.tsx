/** Test examples that arms get wrong: the mistakes that each arm is surest of, those first that most of them share. */
import { count, thousands } from "../../report/words.ts";
import type { RunKey } from "../../runs/events.ts";
import type { Mistake } from "../../runs/looks.ts";
import { nameOf } from "../../runs/rates.ts";
import { ArmMark } from "../shared/arm.tsx";
import { RasterCanvas } from "../shared/raster.tsx";
import type { Shown } from "./shown.ts";
import { notYet, savedAt } from "./state.ts";
import { useLook } from "./use-look.ts";

/** Asked of each arm, and shown of all. */
const ASKED = 24;
const SHOWN = 18;

export function Mistakes({ state, actions }: Shown) {
  const { value, problem, place } = useLook(() => actions.lab().mistakes(ASKED), {
    what: "mistakes",
    version: savedAt(state),
  });
  const { config } = state.begun!.begun.run;
  const all = value ? together(value) : [];
  return (
    <section class="look" aria-labelledby="mistakes-title" ref={place}>
      <h2 id="mistakes-title">What they get wrong</h2>
      <p class="note">
        Of the first test examples, none of which was trained on, those that each arm is surest of
        among its mistakes, with how sure it is. An arm that is not named beside one has it right,
        or is surer of other mistakes.
      </p>
      {problem !== undefined && <p class="wrong">{problem}</p>}
      {value === undefined && problem === undefined && (
        <p class="empty">{notYet(state, "Train a little first: then mistakes are listed here.")}</p>
      )}
      {value !== undefined && all.length === 0 && (
        <p class="empty">None of the test examples that were looked through is wrong.</p>
      )}
      <ul class="mistakes">
        {all.slice(0, SHOWN).map(({ row, picture, label, by }) => (
          <li key={row}>
            <RasterCanvas raster={picture} label={`test example ${row + 1}: ${label}`} />
            <div>
              <p>
                is <strong>{label}</strong>
              </p>
              <ul>
                {by.map(({ key, guess, sure }) => (
                  <li key={nameOf(config, key)}>
                    <ArmMark arm={key.arm} />
                    <span class="unseen">{key.arm} says </span>
                    {guess} <span class="quiet">{Math.round(100 * sure)}%</span>
                  </li>
                ))}
              </ul>
            </div>
          </li>
        ))}
      </ul>
      {all.length > SHOWN && (
        <p class="note">
          {count(SHOWN, "example")} of the {thousands(all.length)} that these mistakes are about.
        </p>
      )}
    </section>
  );
}

/** One example with all who are wrong about it. */
interface Shared extends Pick<Mistake, "row" | "picture" | "label"> {
  readonly by: readonly { readonly key: RunKey; readonly guess: string; readonly sure: number }[];
}

/** Those that most arms share first, then those that one is surest of. */
function together(
  of: readonly { readonly key: RunKey; readonly mistakes: readonly Mistake[] }[],
): readonly Shared[] {
  const rows = new Map<number, Shared>();
  for (const { key, mistakes } of of)
    for (const { row, picture, label, guess, sure } of mistakes) {
      const by = [...(rows.get(row)?.by ?? []), { key, guess, sure }];
      rows.set(row, { row, picture, label, by });
    }
  const surest = ({ by }: Shared): number => Math.max(...by.map(({ sure }) => sure));
  return [...rows.values()].toSorted((a, b) => b.by.length - a.by.length || surest(b) - surest(a));
}
