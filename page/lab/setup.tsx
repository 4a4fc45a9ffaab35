/** What to train: the experiment, the arms, and its settings, made of what the worker says may be set. */
import { useState } from "preact/hooks";
import type { Control, Wish } from "../worker/protocol.ts";
import { PRESET } from "./address.ts";
import type { Shown } from "./shown.ts";
import { ArmChoice } from "./arm-choice.tsx";
import { Field, Labelled } from "./field.tsx";
import { FilePlaces } from "./file-places.tsx";

const DEVICES: Readonly<Record<Wish["device"], string>> = {
  auto: "whichever is there",
  webgpu: "graphics card (WebGPU)",
  wasm: "processor (WebAssembly)",
};

export function Setup({ state, actions }: Shown) {
  const { choices, wish, offer } = state;
  const controls = offer?.controls ?? [];
  const arms = controls.find(({ name }) => name === "arms");
  const others = controls.filter((control) => control !== arms);
  const needed = others.filter((control) => control.needed);
  const first = others.filter((control) => !control.needed && control.first);
  const more = others.filter((control) => !control.needed && !control.first);
  const optional = offer?.places.filter((place) => !place.needed) ?? [];
  const asked: Readonly<Record<string, unknown>> = wish?.asked ?? {};
  const [isWide] = useState(() => matchMedia("(min-width: 700px)").matches);
  const field = (control: Control) => (
    <Field
      key={`${wish?.experiment} ${control.name}`}
      control={control}
      value={asked[control.name] ?? control.value}
      onValue={(value) => void actions.turn({ [control.name]: value })}
    />
  );
  return (
    <section class="setup" aria-labelledby="setup-title">
      <h2 id="setup-title">What to train</h2>
      <Labelled label="Experiment" help={offer?.about ?? ""}>
        {(id) => (
          <select
            id={id}
            value={wish?.experiment}
            disabled={choices.length === 0}
            onChange={(event) => void actions.choose(event.currentTarget.value)}
          >
            {choices.map(({ experiment }) => (
              <option key={experiment} value={experiment}>
                {experiment}
              </option>
            ))}
          </select>
        )}
      </Labelled>
      {offer && (
        <FilePlaces places={offer.places.filter((p) => p.needed)} state={state} actions={actions} />
      )}
      {needed.map(field)}
      {arms && (
        <ArmChoice
          chosen={(asked["arms"] ?? arms.value) as Wish["asked"]["arms"]}
          onChosen={(chosen) => void actions.turn({ arms: chosen })}
        />
      )}
      <details class="settings" open={isWide}>
        <summary>Settings</summary>
        <div class="fields">
          {offer && offer.presets.length > 1 && (
            <Labelled label="Preset" help="what the settings below start from">
              {(id) => (
                <select
                  id={id}
                  value={wish?.asked.preset ?? offer.presets[0]}
                  onChange={(event) => void actions.turn({ [PRESET]: event.currentTarget.value })}
                >
                  {offer.presets.map((name) => (
                    <option key={name}>{name}</option>
                  ))}
                </select>
              )}
            </Labelled>
          )}
          {first.map(field)}
          <Labelled label="Device" help="">
            {(id) => (
              <select
                id={id}
                value={wish?.device}
                onChange={(event) =>
                  void actions.device(event.currentTarget.value as Wish["device"])
                }
              >
                {Object.entries(DEVICES).map(([device, words]) => (
                  <option key={device} value={device}>
                    {words}
                  </option>
                ))}
              </select>
            )}
          </Labelled>
        </div>
        {more.length + optional.length > 0 && (
          <details class="more">
            <summary>More settings</summary>
            <FilePlaces places={optional} state={state} actions={actions} />
            <div class="fields">{more.map(field)}</div>
          </details>
        )}
      </details>
    </section>
  );
}
