/** New examples of each model, and what it makes of those of the test; pictures that grow step by step are played. */
import { useState } from "preact/hooks";
import type { RunKey } from "../../runs/events.ts";
import type { Picture } from "../../runs/pictures.ts";
import { nameOf } from "../../runs/rates.ts";
import { ArmName } from "../shared/arm.tsx";
import { Player } from "../shared/player.tsx";
import type { Shown } from "./shown.ts";
import { notYet, savedAt } from "./state.ts";
import { ofEach, useLook } from "./use-look.ts";

/** Milliseconds a frame where a picture does not say. */
const DELAY = 180;

export function Samples({ state, actions }: Shown) {
  const [seed, setSeed] = useState(1);
  const { keys } = state.begun!.begun;
  const look = useLook(() => ofEach(keys, (key) => actions.lab().samples(key, seed)), {
    what: `samples ${seed}`,
    version: savedAt(state),
  });
  return (
    <section class="look" aria-labelledby="samples-title" ref={look.place}>
      <div class="section-head">
        <h2 id="samples-title">New examples</h2>
        <button type="button" class="small" onClick={() => setSeed(seed + 1)}>
          Others
        </button>
      </div>
      <Pictures state={state} look={look} />
    </section>
  );
}

export function Reconstructions({ state, actions }: Shown) {
  const { keys } = state.begun!.begun;
  const look = useLook(
    () => ofEach(keys, async (key) => [await actions.lab().reconstructions(key)]),
    { what: "reconstructions", version: savedAt(state) },
  );
  return (
    <section class="look" aria-labelledby="reconstructions-title" ref={look.place}>
      <h2 id="reconstructions-title">Test examples, and what they make of them</h2>
      <Pictures state={state} look={look} />
    </section>
  );
}

interface PicturesProps {
  readonly state: Shown["state"];
  readonly look: {
    readonly value:
      readonly { readonly key: RunKey; readonly value: readonly Picture[] }[] | undefined;
    readonly problem: string | undefined;
  };
}
function Pictures({ state, look: { value, problem } }: PicturesProps) {
  if (problem !== undefined) return <p class="wrong">{problem}</p>;
  if (!value)
    return (
      <p class="empty">{notYet(state, "Train a little first: then there is something to see.")}</p>
    );
  const { config } = state.begun!.begun.run;
  return (
    <div class="arm-grid">
      {value.map(({ key, value: pictures }) => (
        <div key={nameOf(config, key)}>
          <p>
            <ArmName arm={key.arm} />
          </p>
          {pictures.map(({ name, caption, frames, delay }) => (
            <figure key={name}>
              <Player
                frames={frames}
                delay={delay ?? DELAY}
                label={`${name} of ${key.arm}`}
                fromEnd={frames.length > 1}
              />
              <figcaption class="note">{caption}</figcaption>
            </figure>
          ))}
        </div>
      ))}
    </div>
  );
}
