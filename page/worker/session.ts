/** The lab behind its messages, knowing no browser: what is trained now, and what is answered about it. */
import { experiments, ownData } from "../../experiments/index.ts";
import { alone } from "../../runs/compare.ts";
import type { RunKey } from "../../runs/events.ts";
import type { Config } from "../../runs/experiment.ts";
import { extended } from "../../runs/extend.ts";
import { keysOf, nameOf } from "../../runs/rates.ts";
import type { RunConfig } from "../../runs/store.ts";
import type { Checkpoint } from "../../src/index.ts";
import { chooser } from "./choosing.ts";
import { offerOf, planned } from "./controls.ts";
import { decided, found, type Deciding } from "./deciding.ts";
import { listed, namesIn, type Given } from "./given.ts";
import { keepRun, keptTrainings } from "./keeping.ts";
import { looker, type Looker } from "./looking.ts";
import { opened } from "./opening.ts";
import { Elsewhere, prepared, type Around, type Prepared } from "./preparing.ts";
import type { Begun, Lab, Phase, Saving } from "./protocol.ts";
import { checkpointFile, onnxFile, reportFile, resultsFile, type One } from "./saving.ts";
import { teller } from "./telling.ts";
import { failed, train, type Training } from "./training.ts";

export type { Around, Storage } from "./preparing.ts";

/** What is trained now. */
interface Current extends Prepared {
  run: RunConfig<Config>;
  training: Training;
  readonly looker: Looker;
  /** The last checkpoints, by names of runs. */
  readonly latest: ReadonlyMap<string, Checkpoint>;
}

export function lab(around: Around): Lab {
  const said = teller(around.tell);
  const given = new Map<string, Given>();
  const toChoose = chooser(around, given);
  let now: Current | undefined;
  let phase: Phase = { is: "empty" };
  const enter = (next: Phase): void => {
    phase = next;
    said.flush();
    around.tell({ type: "phase", phase });
  };
  let last: Promise<unknown> = Promise.resolve();
  /** What changes what is trained: one after the other. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = last.then(act);
    last = done.catch(() => undefined);
    return done;
  }
  function current(): Current {
    if (now) return now;
    throw new Error("lab: expected a training, got none; begin one");
  }
  /** A run of now, whatever its rate was when the page heard of it. */
  function one(key: RunKey): One {
    const { run, latest } = current();
    const name = nameOf(run.config, key);
    const own = keysOf(run.config).find((k) => nameOf(run.config, k) === name);
    if (!own)
      throw new Error(`${name}: expected a run of this training, got another; choose one of these`);
    const checkpoint = latest.get(name);
    if (checkpoint) return { key: own, checkpoint };
    throw new Error(`${name}: expected its checkpoint, got none yet; wait until it has begun`);
  }

  /** Whatever fails of it, the rest is let go of. */
  async function leave(): Promise<void> {
    const before = now;
    now = undefined;
    if (!before) return;
    try {
      await before.training.stop();
    } finally {
      await Promise.allSettled([before.looker.release(), before.subject.field.release()]);
      said.clear();
    }
  }
  /** All that was trained before is let go of, once it is clear what is to be trained, and that stands ready. */
  async function begun(deciding: Omit<Deciding, "given">): Promise<Begun> {
    try {
      const { disk } = await around.storage();
      const what = await decided(disk, { ...deciding, given }, around.tell);
      enter({ is: "preparing" });
      await leave();
      const made = await prepared(around, what);
      const { run, threads, device, kept, said: runsOn } = made;
      const keys = keysOf(run.config);
      const mine = (now = await standing(made, keys));
      await mine.training.ready;
      said.clear(); // as the answer says it all
      const events = [...mine.training.events()];
      for (const [name, { step }] of mine.latest) said.saved(name, step);
      const { looking: looks } = mine.looker;
      const exports = made.subject.experiment.exported !== undefined;
      return { run, keys, threads, device, kept, events, looks, exports, said: runsOn };
    } catch (error) {
      const isUnmoved = now !== undefined && phase.is !== "preparing"; // what was trained goes on
      if (!isUnmoved && phase.is !== "failed")
        enter(error instanceof Elsewhere ? { is: "elsewhere" } : failed(error));
      throw error;
    }
  }
  async function standing(made: Prepared, keys: readonly RunKey[]): Promise<Current> {
    const { field } = made.subject;
    try {
      const watched = looker({ keys, field, checkpoint: (key) => one(key).checkpoint });
      const latest = new Map<string, Checkpoint>();
      return { ...made, training: started(made, made.run, latest), latest, looker: watched };
    } catch (error) {
      await field.release();
      throw error;
    }
  }
  const started = (
    { subject }: Prepared,
    run: RunConfig<Config>,
    latest: Map<string, Checkpoint>,
  ): Training =>
    train(subject, run, {
      onEvent: said.event,
      onPhase: enter,
      onCheckpoint(name, checkpoint) {
        latest.set(name, checkpoint);
        said.saved(name, checkpoint.step);
      },
    });

  /** Stops, changes the record, and goes on from what was saved, as --resume does with --lr. */
  async function setRate(lr: number): Promise<void> {
    const mine = current();
    const { experiment, disk } = mine.subject;
    const { lr: asked } = planned(experiment, { ...mine.wish, asked: { lr: [lr] } }, {});
    const changed = (steps: Readonly<Record<string, number>>): Promise<RunConfig<Config>> =>
      extended(mine.run, {
        ...{ experiment, asked: { lr: asked }, places: mine.run.places },
        ...{ finished: phase.is === "finished", time: new Date().toISOString() },
        steps: () => Promise.resolve(steps),
      });
    if ((await changed({})) === mine.run) return;
    const how = mine.training.going();
    await mine.training.stop();
    try {
      const steps = [...mine.latest].map(([name, { step }]) => [name, step] as const);
      const run = await changed(Object.fromEntries(steps));
      await keepRun(disk, { wish: mine.wish, given: mine.given, run });
      mine.run = run;
      said.event({ type: "changed", ...run.changes.at(-1)! });
    } finally {
      // Whether or not it could be changed: what was stopped goes on.
      mine.training = started(mine, mine.run, mine.latest as Map<string, Checkpoint>);
      await mine.training.ready;
      mine.training.go(how);
    }
  }

  async function evaluated(key: RunKey): ReturnType<Lab["evaluate"]> {
    const { subject, run } = current();
    const { key: own, checkpoint } = one(key);
    const { state, step } = checkpoint;
    const { field, world } = subject;
    const trained = { key: own, config: alone(run.config, own), state, step, world };
    return (await field.measure(trained, nameOf(run.config, own))).test;
  }

  async function saved(what: string, key?: RunKey): Promise<Saving> {
    const { subject, run, training } = current();
    if (what === "results") return resultsFile(subject, run, training.events());
    if (what === "report") return reportFile(subject, run, training.events());
    if (!key) throw new Error(`${what}: expected the run that it is of, got none; choose one`);
    return what === "onnx" ? onnxFile(subject, run, one(key)) : checkpointFile(run, one(key));
  }

  const look = <K extends keyof Looker & keyof Lab>(name: K): Lab[K] =>
    // A look may throw before there is a promise.
    ((...args: never[]) =>
      Promise.resolve().then(() =>
        (current().looker[name] as (...of: never[]) => unknown)(...args),
      )) as unknown as Lab[K];

  return {
    offers: async () => {
      const all = Object.values({ ...experiments, ...ownData });
      const made = await Promise.all(all.map((load) => load()));
      return made.map(({ name, about, takes = {} }) => ({ experiment: name, about, takes }));
    },
    async offer(wish) {
      const experiment = await found(wish.experiment);
      return offerOf(experiment, wish, await toChoose(experiment));
    },
    give: (place, files) =>
      inTurn(async () => {
        given.set(place, await listed(files));
      }),
    begin: (wish, { anew }) => inTurn(() => begun({ wish, anew })),
    async last() {
      const kept = (await keptTrainings((await around.storage()).disk)).at(0);
      return kept && { wish: kept.wish, given: namesIn(kept.given) };
    },
    play: () => inTurn(() => Promise.resolve().then(() => current().training.go("on"))),
    pause: () => inTurn(() => current().training.pause()),
    async advance(by) {
      await last;
      await current().training.advance(by);
    },
    setRate: (lr) => inTurn(() => setRate(lr)),
    filters: look("filters"),
    guess: look("guess"),
    mistakes: look("mistakes"),
    samples: look("samples"),
    reconstructions: look("reconstructions"),
    decode: look("decode"),
    game: look("game"),
    evaluate: evaluated,
    save: saved,
    open: (name, bytes, device) =>
      inTurn(async () => {
        const from = await opened(name, bytes, device);
        const { wish } = from;
        return { wish, begun: await begun({ wish, anew: true, opened: from }) };
      }),
  };
}
