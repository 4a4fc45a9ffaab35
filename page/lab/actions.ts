/**
 * What people do on the page: each asks the worker and puts the answer into the store. A worker that dies, or loses its device, is
 * replaced by a new one, which goes on from what the browser kept.
 */
import { inUnit } from "../../report/measure.ts";
import type { RunKey } from "../../runs/events.ts";
import type { Dropped, Lab, Told, Wish } from "../worker/protocol.ts";
import { askedOf, PRESET, readAddress, searchOf } from "./address.ts";
import type { Connection } from "./connection.ts";
import { experimentFor, kindOf, withModel } from "./file-kinds.ts";
import { isSame, isTurned, missing } from "./state.ts";
import type { Store } from "./store.ts";

export interface Actions {
  /** What the address says, else what the browser kept, else the first there is. */
  open(search: string): Promise<void>;
  /** Turns controls; a name without a value goes back to its default. */
  turn(change: Readonly<Record<string, unknown>>): Promise<void>;
  choose(experiment: string): Promise<void>;
  device(device: Wish["device"]): Promise<void>;
  /** Trains, from the start where the controls were turned. */
  play(): Promise<void>;
  pause(): Promise<void>;
  advance(by: "step" | "turn"): Promise<void>;
  restart(): Promise<void>;
  setRate(lr: number): Promise<void>;
  give(place: string, files: readonly Dropped[]): Promise<void>;
  /** Does with files what their names say. */
  take(files: readonly Dropped[]): Promise<void>;
  /** Gives a file to keep; a run's own need its key. */
  save(what: "checkpoint" | "onnx" | "results" | "report", key?: RunKey): Promise<void>;
  /** A new worker, after the old one was lost. */
  renew(): Promise<void>;
  note(notes: readonly string[]): void;
  dismiss(): void;
  /** The worker of now, for looks. */
  lab(): Lab;
}

/** The parts of a browser that it needs. */
export interface Around {
  readonly connect: () => Connection;
  /** Shows an address; `back` keeps the one before for the back button. */
  readonly show: (search: string, back: boolean) => void;
  /** The file at an address of the page's own server. */
  readonly fetched: (address: string) => Promise<Dropped>;
  readonly download: (name: string, bytes: Uint8Array, type: string) => void;
}

/** A worker that died this soon after another one is not replaced by itself: what killed both may be still there. */
const SOON = 20_000;

export function actionsOn(store: Store, { connect, show, fetched, download }: Around): Actions {
  const { state, dispatch } = store;
  const files = new Map<string, readonly Dropped[]>();
  let connection = connected();
  let diedAt = -Infinity;
  /** What was begun last, whether or not it was answered, and whether it is to train. */
  let meant: { readonly wish: Wish; readonly play: boolean } | undefined;

  function connected(): Connection {
    const made = connect();
    made.onTold((told) => {
      if (made === connection) heard(told);
    });
    made.onDeath((why) => {
      if (made === connection) void lost(why);
    });
    return made;
  }
  function heard(told: Told): void {
    if (told.type === "phase" && told.phase.is === "failed" && told.phase.lost) {
      void lost(told.phase.message);
      return;
    }
    dispatch({ type: "told", told });
  }
  async function lost(why: string): Promise<void> {
    const again = performance.now() - diedAt < SOON;
    diedAt = performance.now();
    dispatch({
      type: "told",
      told: { type: "phase", phase: { is: "failed", message: why, lost: true } },
    });
    const remedy = again
      ? "It was lost twice in a row. Begin again goes on from what this browser kept; another device may help."
      : "A new worker goes on from what this browser kept.";
    dispatch({ type: "trouble", trouble: { message: why, remedy } });
    if (again) return;
    replace();
    await tried(async () => {
      await renewed();
      dispatch({ type: "trouble", trouble: { message: why, remedy } });
      if (meant?.play) await lab().play();
    })();
  }
  const lab = (): Lab => connection.lab;
  const replace = (): void => {
    connection.close();
    connection = connected();
  };

  /** Does it, and shows what went wrong; an answer of a worker that is no more is nobody's. */
  const tried =
    <T extends readonly unknown[]>(what: (...args: T) => Promise<void>) =>
    async (...args: T): Promise<void> => {
      const asked = connection;
      try {
        await what(...args);
      } catch (error) {
        if (asked !== connection) return;
        const message = error instanceof Error ? error.message : String(error);
        dispatch({ type: "trouble", trouble: { message } });
      }
    };

  async function begin(wish: Wish, { anew = false, play = false } = {}): Promise<void> {
    meant = { wish, play };
    dispatch({ type: "trouble", trouble: undefined });
    const before = state().begun;
    const begun = await lab().begin(wish, { anew });
    dispatch({ type: "begun", wish, begun });
    const search = searchOf(wish, state().offer?.controls ?? []);
    show(search, before !== undefined && !isSame(before.wish, wish));
  }
  async function wished(wish: Wish): Promise<void> {
    dispatch({ type: "wish", wish });
    const offer = await lab().offer(wish);
    // Another turn of a control may have been answered before this one.
    if (state().wish === wish) dispatch({ type: "wish", wish, offer });
  }
  async function renewed(): Promise<void> {
    for (const [place, given] of files) await lab().give(place, given);
    const { wish } = state();
    if (meant) await begin(meant.wish, { play: meant.play });
    else if (wish) await wished(wish);
  }
  async function given(place: string, all: readonly Dropped[]): Promise<void> {
    files.set(place, all);
    await lab().give(place, all);
    dispatch({ type: "given", place, names: all.map(({ path }) => path) });
  }
  async function chosen(experiment: string): Promise<void> {
    await wished({ experiment, asked: {}, device: state().wish?.device ?? "auto" });
  }

  return {
    lab,
    renew: async () => {
      replace();
      if (meant) meant = { ...meant, play: false };
      await tried(renewed)();
    },
    open: tried(async (search) => {
      const address = readAddress(search);
      const choices = state().choices.length > 0 ? state().choices : await lab().offers();
      dispatch({ type: "choices", choices });
      if (address.checkpoint !== undefined) {
        await opened(await fetched(address.checkpoint));
        return;
      }
      const isBare = search.length < 2; // nothing, or a question mark
      const last = isBare ? (await lab().last())?.wish : undefined;
      const named = choices.find(({ experiment }) => experiment === address.experiment);
      const { experiment } = last ?? named ?? choices[0];
      const first: Wish = {
        experiment,
        device: address.device,
        asked: Object.hasOwn(address.texts, PRESET) ? { preset: address.texts[PRESET] } : {},
      };
      const offer = await lab().offer(last ?? { ...first, asked: {} });
      const { asked, problems } = askedOf(address.texts, offer);
      const wish = last ?? { ...first, asked };
      dispatch({
        type: "notes",
        notes: [
          ...notFound(address.experiment, named, experiment),
          ...address.problems,
          ...problems,
        ],
      });
      dispatch({ type: "wish", wish, offer: last ? offer : await lab().offer(wish) });
      if (last === undefined && missing(state()).length > 0) return;
      if (state().begun && !isTurned(state())) return;
      await begin(wish, { play: address.play });
      if (address.play) await lab().play();
    }),
    turn: tried(async (change) => {
      const { wish } = state();
      if (wish) await wished({ ...wish, asked: defined({ ...wish.asked, ...change }) });
    }),
    choose: tried(chosen),
    device: tried(async (device) => {
      const { wish } = state();
      if (wish) await wished({ ...wish, device });
    }),
    play: tried(async () => {
      const { wish } = state();
      if (wish && isTurned(state())) await begin(wish, { play: true });
      if (meant) meant = { ...meant, play: true };
      await lab().play();
    }),
    pause: tried(async () => {
      if (meant) meant = { ...meant, play: false };
      await lab().pause();
    }),
    advance: tried((by) => lab().advance(by)),
    restart: tried(async () => {
      const { begun, phase } = state();
      if (!begun) return;
      const play = phase.is === "running";
      await begin(begun.wish, { anew: true, play });
      if (play) await lab().play();
    }),
    setRate: tried((lr) => lab().setRate(lr)),
    give: tried(given),
    take: tried(async (all) => {
      const kind = kindOf(all);
      const { wish } = state();
      dispatch({ type: "trouble", trouble: undefined });
      if (kind === "checkpoint") {
        await opened(all.find(({ path }) => /\.safetensors$/i.test(path))!);
        return;
      }
      if (kind === "other")
        throw new Error(
          `${all[0]?.path ?? "drop"}: expected a table (.csv, .tsv), a folder of pictures, a model (.onnx) or a checkpoint (.safetensors), got none of these; drop one of them`,
        );
      const tuned = withModel(wish?.experiment);
      const experiment =
        kind === "model"
          ? (tuned ?? experimentFor("pictures", true))
          : experimentFor(kind, tuned !== undefined && tuned === wish?.experiment);
      if (wish?.experiment !== experiment) await chosen(experiment);
      await given(kind === "model" ? "model" : "data", all);
      const now = state().wish;
      if (now && missing(state()).length === 0) await begin(now);
    }),
    save: tried(async (what, key) => {
      const saving = await (what === "results" || what === "report"
        ? lab().save(what)
        : lab().save(what, key!));
      download(saving.name, saving.bytes, saving.type);
    }),
    note: (notes) => dispatch({ type: "notes", notes }),
    dismiss: () => dispatch({ type: "trouble", trouble: undefined }),
  };

  async function opened({ path, file }: Dropped): Promise<void> {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const { wish, begun } = await lab().open(path, bytes, state().wish?.device ?? "auto");
    dispatch({ type: "wish", wish, offer: await lab().offer(wish) });
    dispatch({ type: "begun", wish, begun });
    meant = { wish, play: false };
    dispatch({ type: "opened", opened: { name: path, worth: undefined } });
    show(searchOf(wish, state().offer?.controls ?? []), true);
    const worth = await lab().evaluate(begun.keys[0]);
    const measures = state().race?.sheet?.measures ?? [];
    const said = measures.map((measure) => `${measure.key} ${inUnit(measure, worth[measure.key])}`);
    dispatch({ type: "opened", opened: { name: path, worth: said } });
  }
}

const defined = (asked: Readonly<Record<string, unknown>>): Wish["asked"] =>
  Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));

const notFound = (asked: string | undefined, found: unknown, taken: string): readonly string[] =>
  asked === undefined || found !== undefined
    ? []
    : [`experiment: expected one of the list, got "${asked}"; ${taken} is taken`];
