/** Two sliders through the space of latents: what each arm makes of the same point. */
import { useId, useMemo, useState } from "preact/hooks";
import { nameOf } from "../../runs/rates.ts";
import { ArmName } from "../shared/arm.tsx";
import { RasterCanvas } from "../shared/raster.tsx";
import type { Shown } from "./shown.ts";
import { planeOf, pointOn } from "./latent-plane.ts";
import { notYet, savedAt } from "./state.ts";
import { ofEach, useLook } from "./use-look.ts";

/** How far to both sides, in standard deviations of the prior. */
const REACH = 3;

export function Latents({ state, actions, count }: Shown & { readonly count: number }) {
  const [seed, setSeed] = useState(1);
  const [[x, y], setAt] = useState<readonly [number, number]>([0, 0]);
  const plane = useMemo(() => planeOf(count, seed), [count, seed]);
  const { keys, run } = state.begun!.begun;
  const { value, problem, place } = useLook(
    () => ofEach(keys, (key) => actions.lab().decode(key, pointOn(plane, x, y))),
    { what: `${seed} ${x} ${y}`, version: savedAt(state) },
  );
  return (
    <section class="look" aria-labelledby="latents-title" ref={place}>
      <div class="section-head">
        <h2 id="latents-title">Through the latent space</h2>
        <button type="button" class="small" onClick={() => setSeed(seed + 1)}>
          Another plane
        </button>
      </div>
      <p class="note">
        Every picture comes from a point z of {count} numbers. The sliders move it along two
        directions; what z is beside them was drawn once.
      </p>
      <div class="sliders">
        <Slider label="first direction" value={x} onValue={(next) => setAt([next, y])} />
        <Slider label="second direction" value={y} onValue={(next) => setAt([x, next])} />
      </div>
      {problem !== undefined && <p class="wrong">{problem}</p>}
      {!value && problem === undefined && (
        <p class="empty">{notYet(state, "Train a little first.")}</p>
      )}
      <ul class="decoded">
        {value?.map(({ key, value: raster }) => (
          <li key={nameOf(run.config, key)}>
            <RasterCanvas raster={raster} label={`what ${key.arm} makes of z`} />
            <ArmName arm={key.arm} />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly onValue: (value: number) => void;
}
function Slider({ label, value, onValue }: SliderProps) {
  const id = useId();
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="range"
        min={-REACH}
        max={REACH}
        step={0.1}
        value={value}
        onInput={({ currentTarget }) => onValue(currentTarget.valueAsNumber)}
      />
      <output for={id}>{value.toFixed(1)}</output>
    </div>
  );
}
