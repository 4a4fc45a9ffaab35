/**
 * What people do on the page: each asks the worker and puts the answer into the store. A worker that dies, or loses its device, is
 * replaced by a new one, which goes on from what the browser kept.
 */
import { inUnit } from "../../report/measure.ts";
import type { RunKey } from "../../runs/events.ts";
import { messageOf } from "../shared/message.ts";
import type { Dropped, Lab, Offer, Told, Wish } from "../worker/protocol.ts";
import { isClosed } from "../worker/rpc.ts";
import { askedOf, PRESET, readAddress, searchOf } from "./address.ts";
import type { Connection } from "./connection.ts";
import { cut } from "./control-values.ts";
import { kindOf, takerOf } from "./file-kinds.ts";
import { awaited, isSame, isTurned } from "./state.ts";
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
  give(place: string, files: Given): Promise<void>;
  /** Does with files what their names say. */
  take(files: Given): Promise<void>;
  /** Gives a file to keep; a run's own need its key. */
  save(what: "checkpoint" | "onnx" | "results" | "report", key?: RunKey): Promise<void>;
  /** A new worker, after the old one was lost. */
  renew(): Promise<void>;
  note(notes: readonly string[]): void;
  dismiss(): void;
  /** The worker of now, for looks. */
  lab(): Lab;
}

/** Files, or folders that are still being listed. */
type Given = readonly Dropped[] | Promise<readonly Dropped[]>;

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
  /** Counts what people asked for: what takes a while, as opening the page does, gives way to what they ask for meanwhile. */
  let asks = 0;
  const newest = (): (() => boolean) => {
    const mine = ++asks;
    return () => mine === asks;
  };
  /** Asks a worker for what was asked for last. */
  let again: (() => Promise<void>) | undefined;

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
    if (told.type === "phase" && told.phase.is === "elsewhere") {
      void moved();
      return;
    }
    dispatch({ type: "told", told });
  }
  /** Has a worker of its own do what was asked for last, for which the one of now is not made. */
  async function moved(): Promise<void> {
    const repeat = again;
    replace();
    await tried(async () => {
      for (const [place, given] of files) await lab().give(place, given);
      await repeat?.();
      if (meant?.play) await lab().play();
    })();
  }
  async function lost(why: string): Promise<void> {
    const twice = performance.now() - diedAt < SOON;
    diedAt = performance.now();
    dispatch({
      type: "told",
      told: { type: "phase", phase: { is: "failed", message: why, lost: true } },
    });
    const remedy = twice
      ? "It was lost twice in a row. Begin again goes on from what this browser kept; another device may help."
      : "A new worker goes on from what this browser kept.";
    dispatch({ type: "trouble", trouble: { message: why, remedy } });
    if (twice) return;
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
        if (asked !== connection || isClosed(error)) return; // its death is said
        dispatch({ type: "trouble", trouble: { message: messageOf(error) } });
      }
    };

  async function begin(wish: Wish, { anew = false, play = false } = {}): Promise<void> {
    meant = { wish, play };
    again = () => begin(wish, { anew, play: meant?.play ?? play });
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
    const { wish } = state();
    if (wish) await wished(wish); // as files say what may be chosen
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
      const isNewest = newest();
      const address = readAddress(search);
      const choices = state().choices.length > 0 ? state().choices : await lab().offers();
      dispatch({ type: "choices", choices });
      if (address.checkpoint !== undefined) {
        await opened(await fetched(address.checkpoint));
        return;
      }
      const last = await lab().last();
      const isBare = search.length < 2; // nothing, or a question mark
      const named = choices.find(({ experiment }) => experiment === address.experiment);
      const { experiment } = (isBare ? last?.wish : undefined) ?? named ?? choices[0];
      const first: Wish = {
        experiment,
        device: address.device,
        asked: Object.hasOwn(address.texts, PRESET) ? { preset: address.texts[PRESET] } : {},
      };
      const { asked, problems } = askedOf(
        address.texts,
        await lab().offer({ ...first, asked: {} }),
      );
      const meantBy: Wish = isBare && last ? last.wish : { ...first, asked };
      const offer = await lab().offer(meantBy);
      if (!isNewest()) return;
      const isLast = last !== undefined && isSameAddress(last.wish, meantBy, offer);
      const wish = isLast ? last.wish : meantBy;
      dispatch({
        type: "notes",
        notes: [
          ...notFound(address.experiment, named, experiment),
          ...address.problems,
          ...problems,
        ],
      });
      dispatch({ type: "wish", wish, offer });
      // What the browser keeps has its files with it.
      for (const [place, names] of Object.entries(isLast ? last.given : {}))
        dispatch({ type: "given", place, names });
      if (!isLast && awaited(state()).length > 0) return;
      if (state().begun && !isTurned(state())) return;
      await begin(wish, { play: address.play });
      if (address.play) await lab().play();
    }),
    turn: tried(async (change) => {
      const { wish } = state();
      if (wish) await wished({ ...wish, asked: defined({ ...wish.asked, ...change }) });
    }),
    choose: tried((experiment) => {
      newest();
      return chosen(experiment);
    }),
    device: tried(async (device) => {
      const { wish } = state();
      if (wish) await wished({ ...wish, device });
    }),
    play: tried(async () => {
      newest();
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
      newest();
      const { begun, phase } = state();
      if (!begun) return;
      const play = phase.is === "running";
      await begin(begun.wish, { anew: true, play });
      if (play) await lab().play();
    }),
    setRate: tried((lr) => lab().setRate(lr)),
    give: tried(async (place, all) => given(place, await all)),
    take: tried(async (some) => {
      dispatch({ type: "trouble", trouble: undefined });
      newest();
      const all = await some;
      const kind = kindOf(all);
      if (kind === "checkpoint") {
        await opened(all.find(({ path }) => /\.safetensors$/i.test(path))!);
        return;
      }
      if (kind === "other")
        throw new Error(
          `${all[0]?.path ?? "drop"}: expected a table (.csv, .tsv), a folder of pictures, a model (.onnx) or a checkpoint (.safetensors), got none of these; drop one of them`,
        );
      const taker = takerOf(kind, state().choices, state().wish?.experiment);
      if (!taker)
        throw new Error(
          `${all[0].path}: expected files that an experiment of this page takes, got others; choose one of the list`,
        );
      if (state().wish?.experiment !== taker.experiment) await chosen(taker.experiment);
      await given(taker.place, all);
      const now = state().wish;
      if (now && awaited(state()).length === 0) await begin(now);
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

  async function opened(checkpoint: Dropped): Promise<void> {
    const { path, file } = checkpoint;
    again = () => opened(checkpoint);
    const isNewest = newest();
    const bytes = new Uint8Array(await file.arrayBuffer());
    const { wish, begun } = await lab().open(path, bytes, state().wish?.device ?? "auto");
    dispatch({ type: "wish", wish, offer: await lab().offer(wish) });
    dispatch({ type: "begun", wish, begun });
    meant = { wish, play: false };
    dispatch({ type: "opened", opened: { name: path, worth: undefined } });
    show(searchOf(wish, state().offer?.controls ?? []), true);
    const worth = await lab().evaluate(begun.keys[0]);
    if (!isNewest()) return;
    const measures = state().race?.sheet?.measures ?? [];
    const said = measures.map((measure) => `${measure.key} ${inUnit(measure, worth[measure.key])}`);
    dispatch({ type: "opened", opened: { name: path, worth: said } });
  }
}

const defined = (asked: Readonly<Record<string, unknown>>): Wish["asked"] =>
  Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));

/** Whether one address says both, and so both are of the same training. */
const isSameAddress = (a: Wish, b: Wish, { controls }: Offer): boolean =>
  searchOf(a, controls) === searchOf(b, controls);

const notFound = (asked: string | undefined, found: unknown, taken: string): readonly string[] =>
  asked === undefined || found !== undefined
    ? []
    : [`experiment: expected one of the list, got "${cut(asked)}"; ${taken} is taken`];
