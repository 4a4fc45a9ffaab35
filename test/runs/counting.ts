/** An experiment that only counts, and a store in memory: what the race and the records do, without training anything. */
import type { Event, Happening, RunKey } from "../../runs/events.ts";
import {
  Diverged,
  type Config,
  type Contestant,
  type Experiment,
  type Field,
  type Kept,
  type World,
} from "../../runs/experiment.ts";
import { nameOf } from "../../runs/rates.ts";
import type { Machine, Sheet } from "../../runs/records.ts";
import { common, whole } from "../../runs/settings.ts";
import type { RunConfig, Store } from "../../runs/store.ts";

export interface Counting extends Config {
  readonly epochs: number;
}
export const STEPS = 4;

const sheet: Sheet = {
  axis: { name: "epoch", per: 1 },
  measures: [{ key: "error", unit: "%", scale: 100, digits: 1, better: "lower" }],
  panels: [
    { title: "Loss", from: "points", key: "loss", unit: "", scale: 1, axis: "log", by: ["at"] },
  ],
  table: [],
  layers: [],
  work: { unit: "counts", perStep: 1, step: "steps" },
  tested: { count: 10, unit: "tests" },
  pictures: "Pictures",
  notes: {},
};

export const machine: Machine = {
  ...{ cpu: "cpu", cores: 2, memoryGiB: 1, platform: "p", node: "n", runtime: "r" },
};
export const world = {} as World;

export interface Options {
  /** Runs, by name, that diverge at a step. */
  readonly diverge?: Readonly<Record<string, number>>;
  /** What happened, in the order in which it did: "weight-1 3", "save weight-1 4", "rest plain". */
  readonly log?: string[];
}

export function counting({ diverge = {}, log = [] }: Options = {}): Experiment<Counting> {
  /** The error falls with every epoch, faster at smaller rates. */
  const errorOf = ({ lr, seed }: RunKey, epoch: number): number => (lr + seed / 100) / (epoch + 1);
  const endOf = (key: RunKey, step: number): readonly Happening[] => {
    const at = step / STEPS;
    const values = { step, at, seconds: step };
    const error = errorOf(key, at);
    return [
      { type: "point", ...values, values: { loss: error }, layers: [] },
      { type: "measured", ...values, test: { error }, train: { loss: error }, heldOut: { error } },
    ];
  };
  const finished = (step: number): Happening => ({
    ...{ type: "finished", step, parameters: 7, wall: 2 * step },
    timing: { perSecond: 1, milliseconds: null },
  });
  const history = (key: RunKey, step: number, epochs: number): readonly Happening[] => [
    { type: "initialized", step: 0, dead: { layer: 1 } },
    ...Array.from({ length: Math.floor(step / STEPS) }, (_, i) =>
      endOf(key, (i + 1) * STEPS),
    ).flat(),
    ...(step === epochs * STEPS ? [finished(step)] : []),
  ];
  const contestant = (key: RunKey, config: Counting, from?: Kept): Contestant => {
    const name = nameOf(config, key);
    const steps = STEPS * config.epochs;
    let step = from?.checkpoint.step ?? 0;
    return {
      ...{ key, steps, turn: STEPS },
      step: () => step,
      wall: () => 2 * step,
      begun: from ? [] : history(key, 0, config.epochs),
      advance() {
        if (diverge[name] === step + 1)
          return Promise.reject(
            new Diverged(`train: ${name} must not be ${step + 1}, got it; stop`),
          );
        step++;
        log.push(`${name} ${step}`);
        const ended = step % STEPS === 0 ? endOf(key, step) : [];
        const events = step === steps ? [...ended, finished(step)] : ended;
        return Promise.resolve({ values: { loss: 1 / step }, events });
      },
      saved: () =>
        Promise.resolve({
          checkpoint: {
            ...{ state: new Map(), step, seed: key.seed, progress: {} },
            config: { experiment: "counting", arm: key.arm, lr: key.lr, epochs: config.epochs },
          },
        }),
    };
  };
  return {
    ...{ name: "counting", about: "counts", places: {}, presets: ["small"] },
    settings: { ...common, epochs: whole("epochs", { length: true, changes: "It counts on." }) },
    complete: (asked) => ({
      ...{ arms: ["plain", "weight"], seeds: [1], lr: [0.1], threads: 1, preset: "small" },
      ...{ epochs: 2, ...asked },
    }),
    open: (config): Promise<Field<Counting>> =>
      Promise.resolve({
        config,
        facts: [["source", "nothing"]],
        sheet,
        start: (key, from) => Promise.resolve(contestant(key, config, from)),
        measure: () => Promise.resolve({ test: {} }),
        exhibit: ({ key }) =>
          Promise.resolve({
            measured: { "luck (points)": key.seed },
            pictures: [{ name: "a picture", caption: "of nothing", frames: [] }],
          }),
        rest: (arm) => Promise.resolve(void log.push(`rest ${arm}`)),
        release: () => Promise.resolve(),
      }),
    history: ({ step, config }, key) => history(key, step, Number(config["epochs"])),
  };
}

export const runOf = (config: Config): RunConfig<Config> => ({
  ...{ experiment: "counting", config, places: {}, command: "count" },
  ...{ startedAt: "2026-01-01T00:00:00.000Z", changes: [] },
});

export interface MemoryStore extends Store {
  readonly pictures: string[];
  /** As if the process had been killed: what was saved is there, and no more. */
  killed(): MemoryStore;
}
export function memoryStore(config: Config, log: string[] = []): MemoryStore {
  const name = (key: RunKey): string => nameOf(config, key);
  const make = (kept: Map<string, Kept>, before: readonly Event[]): MemoryStore => {
    const pictures: string[] = [];
    let events = [...before];
    return {
      pictures,
      nameOf: name,
      load: (key) => Promise.resolve(kept.get(name(key))),
      save(key, { checkpoint }) {
        log.push(`save ${name(key)} ${checkpoint.step}`);
        kept.set(name(key), { checkpoint, attachment: () => Promise.reject(new Error("none")) });
        return Promise.resolve();
      },
      begin(known) {
        events = [...events.filter(({ type }) => type === "opened"), ...known];
        return Promise.resolve();
      },
      append: (event) => void events.push(event),
      sync: () => undefined,
      events: () => events,
      keep(file) {
        pictures.push(file);
        return Promise.resolve(`pictures/${file}`);
      },
      finish: () => Promise.resolve(),
      close: () => Promise.resolve(),
      killed: () => make(new Map(kept), events),
    };
  };
  return make(new Map(), []);
}
