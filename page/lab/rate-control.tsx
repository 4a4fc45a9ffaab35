/** The learning rate, turned while it trains. */
import { useEffect, useId, useState } from "preact/hooks";
import { isGrid } from "../../runs/rates.ts";
import { short } from "../../report/words.ts";
import { rateSet } from "./race.ts";
import type { Shown } from "./shown.ts";

/** How far to both sides of the rate that it began with, in powers of ten, and how fine. */
const REACH = 2;
const FINE = 20;
/** Where arms began with rates of their own; the control sets one for all of them. */
const OWN = "each its own";

export function RateControl({ state: { begun, race, phase }, actions }: Shown) {
  const id = useId();
  const config = begun?.begun.run.config;
  const first = config?.lr[0] ?? 0.001;
  const set = rateSet(race?.events ?? []);
  const current = set ?? first;
  const [turned, setTurned] = useState(current);
  useEffect(() => setTurned(current), [current]);
  if (!config || phase.is === "finished" || isGrid(config)) return null;
  const at = Math.round(FINE * Math.log10(turned / first));
  const isOwn = config.lrOf !== undefined && set === undefined && at === 0;
  return (
    <div class="rate">
      <label for={id}>
        Learning rate <span class="quiet">of all arms, while it trains</span>
      </label>
      <input
        id={id}
        type="range"
        min={-REACH * FINE}
        max={REACH * FINE}
        value={at}
        aria-valuetext={isOwn ? OWN : short(turned)}
        onInput={({ currentTarget }) => setTurned(rateAt(first, currentTarget.valueAsNumber))}
        onChange={({ currentTarget }) =>
          void actions.setRate(rateAt(first, currentTarget.valueAsNumber))
        }
      />
      <output for={id}>{isOwn ? OWN : short(turned, 2)}</output>
    </div>
  );
}

const rateAt = (first: number, at: number): number =>
  Number((first * 10 ** (at / FINE)).toPrecision(2));
