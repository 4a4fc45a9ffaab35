/** What every panel of the lab gets: what there is to show, and what may be done. */
import type { Actions } from "./actions.ts";
import type { State } from "./state.ts";

export interface Shown {
  readonly state: State;
  readonly actions: Actions;
}
