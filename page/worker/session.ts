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
import { keepGiven, keepRun, keptWish, listsOf, namesIn } from "./keeping.ts";
import { looker, type Looker } from "./looking.ts";
import { opened } from "./opening.ts";
import { found, prepared, type Around, type Prepared, type Preparing } from "./preparing.ts";
import type { Begun, Dropped, Lab, Phase, Saving } from "./protocol.ts";
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
  const given = new Map<string, readonly Dropped[]>();
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
    const checkpoint = latest.get(name);
    if (own && checkpoint) return { key: own, checkpoint };
    throw new Error(`${name}: expected a run of this training, got another; choose one of these`);
  }

  async function leave(): Promise<void> {
    const before = now;
    now = undefined;
    if (!before) return;
    await before.training.stop();
    await before.looker.release();
    await before.subject.field.release();
    said.clear();
  }
  /** All that was trained before is let go of, and this stands ready. */
  async function begun(preparing: Omit<Preparing, "given">): Promise<Begun> {
    try {
      enter({ is: "preparing" });
      await leave();
      const made = await prepared(around, { ...preparing, given });
      const { subject, run, threads, device, kept } = made;
      const keys = keysOf(run.config);
      const latest = new Map<string, Checkpoint>();
      const watched = looker({
        ...{ keys, field: subject.field },
        checkpoint: (key) => one(key).checkpoint,
      });
      const training = started(made, run, latest);
      const mine = (now = { ...made, training, latest, looker: watched });
      await mine.training.ready;
      said.clear(); // as the answer says it all
      const events = [...mine.training.events()];
      for (const [name, { step }] of latest) said.saved(name, step);
      const { looking: looks } = watched;
      return { ...{ run, keys, threads, device, kept, events, looks }, said: made.said };
    } catch (error) {
      if (phase.is !== "failed") enter(failed(error));
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
    const wasRunning = phase.is === "running";
    await mine.training.stop();
    const steps = [...mine.latest].map(([name, { step }]) => [name, step] as const);
    mine.run = await changed(Object.fromEntries(steps));
    await keepRun(disk, { wish: mine.wish, given: listsOf(given), run: mine.run });
    said.event({ type: "changed", ...mine.run.changes.at(-1)! });
    mine.training = started(mine, mine.run, mine.latest as Map<string, Checkpoint>);
    await mine.training.ready;
    if (wasRunning) mine.training.play();
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
    return what === "onnx" ? onnxFile(subject, run, one(key!)) : checkpointFile(run, one(key!));
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
    async give(place, files) {
      given.set(place, files);
      const { disk, kept } = await around.storage();
      if (kept === true && !(await keepGiven(disk, place, files)))
        around.tell({
          type: "said",
          line: `${place}: these files are more than this browser keeps; give them again when the page was loaded again`,
        });
    },
    begin: (wish, { anew }) => inTurn(() => begun({ wish, anew })),
    async last() {
      const kept = await keptWish((await around.storage()).disk);
      return kept && { wish: kept.wish, given: namesIn(kept.given) };
    },
    play: () => inTurn(() => Promise.resolve().then(() => current().training.play())),
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
