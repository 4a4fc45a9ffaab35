/** The lab as a whole: what to train, the race, its curves and layers, what the models make of examples, and what it is all about. */
import { useEffect, useState } from "preact/hooks";
import { Header } from "../shared/header.tsx";
import type { Actions } from "./actions.ts";
import { Charts } from "./charts.tsx";
import { DropAnywhere } from "./drop.tsx";
import { Explanation } from "./explanation.tsx";
import { Keep } from "./keep.tsx";
import { Layers } from "./layers.tsx";
import { Looks } from "./looks.tsx";
import { RacePanel } from "./race-panel.tsx";
import { Setup } from "./setup.tsx";
import type { Shown } from "./shown.ts";
import type { Store } from "./store.ts";
import { Notes, Troubled } from "./trouble.tsx";

export function App({ store, actions }: { readonly store: Store; readonly actions: Actions }) {
  const [state, setState] = useState(store.state);
  useEffect(() => {
    setState(store.state());
    return store.subscribe(() => setState(store.state()));
  }, [store]);
  const shown: Shown = { state, actions };
  return (
    <>
      <Header here="lab" />
      <DropAnywhere {...shown} />
      <main id="main">
        <div class="intro">
          <h1>Five ways to write a weight, raced</h1>
          <p class="lead">
            One network is trained in this tab up to five times, side by side: the same data in the
            same order, from the same start. Only how its weights are normalized differs.{" "}
            <a href="#explanation">What the five are</a>
          </p>
        </div>
        <Troubled {...shown} />
        <Notes {...shown} />
        <div class="bench">
          <Setup {...shown} />
          <div class="stage">
            <RacePanel {...shown} />
            <Charts {...shown} />
          </div>
        </div>
        <Looks {...shown} />
        <Layers {...shown} />
        <Keep {...shown} />
        <Explanation arms={state.wish?.asked.arms} />
      </main>
    </>
  );
}
