/** What the lab's page shows, and how what the worker tells changes it: a pure function, for the page and for its tests. */
import { canonical } from "../../runs/canonical.ts";
import type { Begun, Control, Lab, Offer, Phase, Told, Wish } from "../worker/protocol.ts";
import { advanced, raceOf, type Race } from "./race.ts";

/** A line of the list of experiments. */
export type Choice = Awaited<ReturnType<Lab["offers"]>>[number];

/** What went wrong, whole, in our form. */
export interface Trouble {
  readonly message: string;
  /** What the page does about it by itself, as a sentence. */
  readonly remedy?: string;
}

export interface State {
  readonly choices: readonly Choice[];
  /** What the controls say. */
  readonly wish: Wish | undefined;
  /** What may be set of it. */
  readonly offer: Offer | undefined;
  /** What was begun, which is not what the controls say once they were turned. */
  readonly begun: { readonly wish: Wish; readonly begun: Begun } | undefined;
  readonly race: Race | undefined;
  readonly phase: Phase;
  readonly progress: { readonly what: string; readonly done: number } | undefined;
  /** What people should know of their data, lines. */
  readonly said: readonly string[];
  readonly trouble: Trouble | undefined;
  /** What was wrong with the address or a field, sentences. */
  readonly notes: readonly string[];
  /** Names of files that were given, by place. */
  readonly given: Readonly<Record<string, readonly string[]>>;
  /** The steps of the checkpoints that looks show, by names of runs. */
  readonly saved: Readonly<Record<string, number>>;
  /** A checkpoint that was opened, and what it is worth on the test. */
  readonly opened: Opened | undefined;
}
export interface Opened {
  readonly name: string;
  /** Measures in words; undefined as long as it is being tested. */
  readonly worth: readonly string[] | undefined;
}

export type Action =
  | { readonly type: "told"; readonly told: Told }
  | { readonly type: "choices"; readonly choices: readonly Choice[] }
  | { readonly type: "wish"; readonly wish: Wish; readonly offer?: Offer }
  | { readonly type: "begun"; readonly wish: Wish; readonly begun: Begun }
  | { readonly type: "trouble"; readonly trouble: Trouble | undefined }
  | { readonly type: "notes"; readonly notes: readonly string[] }
  | { readonly type: "given"; readonly place: string; readonly names: readonly string[] }
  | { readonly type: "opened"; readonly opened: Opened | undefined };

export const FIRST: State = {
  ...{ choices: [], wish: undefined, offer: undefined, begun: undefined, race: undefined },
  ...{ phase: { is: "empty" }, progress: undefined, said: [], trouble: undefined, notes: [] },
  ...{ given: {}, saved: {}, opened: undefined },
};

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "told":
      return afterTold(state, action.told);
    case "choices":
      return { ...state, choices: action.choices };
    case "wish":
      return { ...state, wish: action.wish, offer: action.offer ?? state.offer };
    case "begun": {
      const { wish, begun } = action;
      const race = raceOf(begun);
      const saved = Object.fromEntries(race.runners.map(({ name, step }) => [name, step]));
      return { ...state, ...{ wish, begun: { wish, begun }, race, saved, progress: undefined } };
    }
    case "trouble":
      return { ...state, trouble: action.trouble, progress: undefined };
    case "notes":
      return { ...state, notes: action.notes };
    case "given":
      return { ...state, given: { ...state.given, [action.place]: action.names } };
    case "opened":
      return { ...state, opened: action.opened };
  }
}

function afterTold(state: State, told: Told): State {
  switch (told.type) {
    case "events":
      return state.race ? { ...state, race: advanced(state.race, told.events) } : state;
    case "progress":
      return { ...state, progress: told.done >= 1 ? undefined : told };
    case "said":
      return state.said.includes(told.line)
        ? state
        : { ...state, said: [...state.said, told.line] };
    case "phase":
      return afterPhase(state, told.phase);
    case "saved":
      return { ...state, saved: { ...state.saved, ...told.steps } };
  }
}

function afterPhase(state: State, phase: Phase): State {
  const said = phase.is === "preparing" ? [] : state.said;
  const trouble = phase.is === "failed" ? { message: phase.message } : state.trouble;
  return { ...state, phase, said, trouble };
}

/** Whether the controls ask for another training than the one that stands ready. */
export const isTurned = ({ wish, begun }: State): boolean =>
  wish !== undefined && (begun === undefined || !isSame(wish, begun.wish));

export const isSame = (a: Wish, b: Wish): boolean => canonical(a) === canonical(b);

/** The places that files are still missing for. */
export const missing = ({ offer, given }: State): readonly string[] =>
  (offer?.places ?? [])
    .filter(({ name, needed }) => needed && !(Object.hasOwn(given, name) && given[name].length > 0))
    .map(({ label }) => label);

/** Controls that are still to be turned before anything can begin: what the files have to choose from, and nobody has chosen. */
export const unchosen = ({ offer, wish }: Pick<State, "offer" | "wish">): readonly Control[] =>
  (offer?.controls ?? []).filter(
    ({ name, needed, choices, value }) =>
      needed === true && !choices?.includes(String(wish?.asked[name] ?? value)),
  );

/** What has to be given or chosen before anything can begin, in words. */
export const awaited = (state: State): readonly string[] => [
  ...missing(state),
  ...unchosen(state).map(({ label }) => label),
];

/** Why there is nothing to look at yet: nobody trained, or the answer is on its way. */
export const notYet = (state: Pick<State, "saved">, untrained: string): string =>
  savedAt(state) === 0 ? untrained : "One moment ...";

/** What changes whenever a look may show something newer. */
export const savedAt = ({ saved }: Pick<State, "saved">): number =>
  Object.values(saved).reduce((sum, step) => sum + step, 0);
