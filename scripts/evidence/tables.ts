/**
 * The tables of README files that say what was measured: one line a column. After a change here, or of a results.json:
 * `npm run -s evidence`. A README's own marks say where a table stands.
 */
import {
  DIAGNOSIS_HEAD,
  diagnosisRows,
  GROWTH_HEAD,
  growthRows,
  RUNS_HEAD,
  runRows,
} from "../../report/diagnosis-table.ts";
import { count } from "../../report/words.ts";
import { diagnosisIn } from "../../runs/diagnosis/schema.ts";
import { speeds, stepTimes } from "./speeds.ts";
import {
  final,
  rate,
  reported,
  seeds,
  test,
  train,
  type Column,
  type Quantity,
  type Subject,
  type Table,
} from "./table.ts";

/** The VAE's `plain` without data-dependent initialization, of a folder of results. */
const asDrawn = (folder: string): Subject => ({
  ...{ arm: "plain", from: `results/${folder}/results.json`, called: "`plain`, as drawn" },
});
const PLAIN_AS_DRAWN = asDrawn("as-drawn");
const VAE_RATES = {
  kind: "rates",
  from: "results/rates/results.json",
  subjects: [asDrawn("as-drawn-rates"), "plain", "weight"],
} as const;

const LONG_PAIRS: readonly (readonly [Subject, Subject])[] = [
  ["weight", "plain"],
  ["weight+mean-only", "plain"],
  ["weight+mean-only", "mean-only"],
];

/** Of a README by its path, the tables by their names. */
export const tablesOf: Readonly<Record<string, Readonly<Record<string, Table>>>> = {
  "experiments/cifar10/README.md": {
    arms: {
      ...{ kind: "arms", from: "results/results.json" },
      columns: [
        ...errors([1, 2, 3]),
        train("error", "training error %", { digits: 1 }),
        train("loss", "training loss", { digits: 3 }),
        toPlain("epochs to plain's last loss"),
        reported("step time", "step time / plain"),
      ],
    },
    long: {
      ...{ kind: "arms", from: "results/long/results.json" },
      columns: [
        rate,
        seeds,
        ...errors([1, 2, 4, 6, 8, 10]),
        train("error", "training error %", { digits: 1 }),
        toPlain("epochs to plain's last loss"),
      ],
    },
    "long-losses": {
      ...{ kind: "arms", from: "results/long/results.json" },
      columns: losses([1, 2, 4, 6, 8, 10]),
    },
    "long-pairs": {
      ...{ kind: "pairs", from: "results/long/results.json", pairs: LONG_PAIRS },
      columns: errors([1, 2, 4, 6, 8, 10], "epoch"),
    },
    "long-loss-pairs": {
      ...{ kind: "pairs", from: "results/long/results.json", pairs: LONG_PAIRS },
      columns: losses([1, 2, 4, 6, 8, 10]),
    },
    paper: {
      ...{ kind: "arms", from: "results/paper/results.json" },
      columns: [
        rate,
        ...errors([1, 2, 3]),
        train("error", "training error %", { digits: 1 }),
        train("loss", "training loss", { digits: 3 }),
        toPlain("epochs to plain's last loss"),
      ],
    },
    "step-times": {
      ...{ kind: "other", from: "../../bench/results/cifar10.json" },
      head: ["arm", "ms a step", "step time / plain", "our speed / PyTorch's"],
      rows: stepTimes,
    },
    "rates-held-out": { kind: "rates", from: "results/rates/results.json", of: "heldOut" },
    ...ratesOf("results/rates/results.json"),
  },
  "experiments/mnist/README.md": {
    arms: {
      ...{ kind: "arms", from: "results/results.json" },
      columns: [
        ...errors([1, 2, 3]),
        train("loss", "training loss in epoch 3", { digits: 4 }),
        reported("step time", "step time / plain"),
      ],
    },
    ...diagnosisOf("results/diagnosis/diagnosis.json"),
    ...ratesOf("results/rates/results.json"),
  },
  "experiments/vae/README.md": {
    mnist: {
      ...{ kind: "arms", from: "results/results.json" },
      subjects: [PLAIN_AS_DRAWN, "plain", "weight"],
      columns: [
        test("bound", "test bound, nats"),
        test("kl", "of which KL, nats"),
        likelihood({ draws: 100, images: 500, unit: "nats", digits: 2 }),
        test("bound", "after 1 epoch", { at: 1 }),
        test("bound", "after 2 epochs", { at: 2 }),
      ],
    },
    "mnist-pairs": {
      ...{ kind: "pairs", from: "results/results.json" },
      pairs: [
        ["weight", "plain"],
        ["weight", PLAIN_AS_DRAWN],
        ["plain", PLAIN_AS_DRAWN],
      ],
      columns: [
        test("bound", "test bound, nats"),
        likelihood({ draws: 100, images: 500, unit: "nats", digits: 2 }),
        test("bound", "after 1 epoch", { at: 1 }),
        test("bound", "after 2 epochs", { at: 2 }),
      ],
    },
    cifar10: {
      ...{ kind: "arms", from: "results/cifar10/results.json" },
      columns: [
        test("bound", "test bound, bits/dim"),
        test("bound", "after 2 epochs", { at: 2 }),
        test("bound", "after 4 epochs", { at: 4 }),
        likelihood({ draws: 50, images: 200, unit: "bits/dim", digits: 3 }),
      ],
    },
    long: {
      ...{ kind: "arms", from: "results/long/results.json" },
      subjects: [asDrawn("as-drawn-long"), "plain", "weight"],
      columns: [
        rate,
        test("bound", "test bound, nats"),
        ...[1, 2, 4, 6].map((at) => test("bound", `after ${count(at, "epoch")}`, { at })),
        train("bound", "training bound, nats", { digits: 2 }),
        likelihood({ draws: 100, images: 500, unit: "nats", digits: 2 }),
      ],
    },
    "long-pairs": {
      ...{ kind: "pairs", from: "results/long/results.json" },
      pairs: [
        ["weight", "plain"],
        ["weight", asDrawn("as-drawn-long")],
      ],
      columns: [
        ...[1, 2, 4, 6].map((at) => test("bound", `after ${count(at, "epoch")}`, { at })),
        test("bound", "test bound, nats"),
        likelihood({ draws: 100, images: 500, unit: "nats", digits: 2 }),
        ...[2, 4, 6, 8].map((at) =>
          train("bound", `training bound in epoch ${at}`, { at, digits: 2 }),
        ),
      ],
    },
    "rates-held-out": { ...VAE_RATES, of: "heldOut" },
    rates: { ...VAE_RATES, of: "test" },
  },
  "experiments/draw/README.md": {
    whole: {
      ...{ kind: "arms", from: "results/results.json" },
      columns: [
        test("bound", "test bound, nats"),
        test("bound", "after 1 epoch", { at: 1 }),
        test("bound", "after 2 epochs", { at: 2 }),
        likelihood({ draws: 100, images: 500, unit: "nats", digits: 2 }),
        toPlain("epochs to plain's last training loss"),
      ],
    },
    paper: {
      ...{ kind: "arms", from: "results/paper/results.json" },
      columns: [
        test("bound", "test bound, nats"),
        ...[1, 2, 5, 10, 20].map((at) => test("bound", `after ${count(at, "epoch")}`, { at })),
        train("bound", "training bound, nats", { digits: 2 }),
        likelihood({ draws: 100, images: 500, unit: "nats", digits: 2 }),
        toPlain("epochs to plain's last training loss"),
      ],
    },
    "paper-pairs": {
      ...{ kind: "pairs", from: "results/paper/results.json", pairs: [["weight", "plain"]] },
      columns: [
        ...[1, 2, 5, 10, 15, 20, 25].map((at) =>
          test("bound", `after ${count(at, "epoch")}`, { at }),
        ),
        test("bound", "test bound at the end, nats"),
      ],
    },
    "paper-lengths": {
      ...{ kind: "lengths", from: "results/paper/results.json" },
      columns: [
        { head: "at the start", arm: "plain", of: "v", at: 0 },
        { head: "`plain`, |w|, after 1 epoch", arm: "plain", of: "v", at: 1 },
        { head: "at the end", arm: "plain", of: "v" },
        { head: "`weight`, |v|, after 1 epoch", arm: "weight", of: "v", at: 1 },
        { head: "at the end", arm: "weight", of: "v" },
        { head: "`weight`, |w| = g, after 1 epoch", arm: "weight", of: "g", at: 1 },
        { head: "at the end", arm: "weight", of: "g" },
      ],
    },
    "whole-pairs": {
      ...{ kind: "pairs", from: "results/results.json", pairs: [["weight", "plain"]] },
      columns: [
        test("bound", "test bound, nats"),
        test("bound", "after 1 epoch", { at: 1 }),
        test("bound", "after 2 epochs", { at: 2 }),
        likelihood({ draws: 100, images: 500, unit: "nats", digits: 2 }),
      ],
    },
    attention: {
      ...{ kind: "arms", from: "results/attention/results.json" },
      columns: [
        test("bound", "test bound, nats"),
        test("bound", "after 1 epoch", { at: 1 }),
        test("bound", "after 2 epochs", { at: 2 }),
        likelihood({ draws: 100, images: 500, unit: "nats", digits: 2 }),
      ],
    },
  },
  "experiments/dqn/README.md": {
    breakout: returns("Breakout", "breakout", [30, 60, 120, 180, 240]),
    "breakout-pairs": {
      ...{ kind: "pairs", from: "results/breakout/results.json" },
      pairs: [
        ["weight", "plain"],
        ["batch", "plain"],
      ],
      columns: against([30, 60, 120, 180, 240]),
    },
    "space-invaders": returns("Space Invaders", "space-invaders", [30, 60, 120, 180, 240]),
    seaquest: returns("Seaquest", "seaquest", [30, 60, 120, 180]),
    "space-invaders-pairs": {
      ...{ kind: "pairs", from: "results/space-invaders/results.json" },
      pairs: [["weight", "plain"]],
      columns: against([30, 60, 120, 180, 240]),
    },
    catch: {
      ...{ kind: "arms", from: "results/catch/results.json", baseline: true, corner: "Catch" },
      columns: [5, 10, 15, 20, 25].map((n) =>
        test("return", `after ${n},000 decisions`, { at: 1000 * n }),
      ),
    },
    speed: {
      ...{ kind: "other", from: "../../bench/results/dqn.json" },
      head: [
        ...["network", "threads", "arm", "ms an update", "update time / plain", "updates/s"],
        "our speed / PyTorch's",
      ],
      rows: speeds,
    },
  },
};

/** What a diagnosis says: `diagnosed` which runs, `gradients` at the start, where both arms are one function, and at the end (its figure has all), and `growth` of |v|. */
function diagnosisOf(from: string): Readonly<Record<string, Table>> {
  return {
    diagnosed: {
      ...{ kind: "other", from, head: RUNS_HEAD },
      rows: (file) => runRows(diagnosisIn(file, from)),
    },
    gradients: {
      ...{ kind: "other", from, head: DIAGNOSIS_HEAD },
      rows: (file) =>
        diagnosisIn(file, from)
          .arms.flatMap(diagnosisRows)
          .filter(
            ([arm, moment]) => moment === "checkpoint" || (arm === "weight" && moment === "start"),
          ),
    },
    growth: {
      ...{ kind: "other", from, head: GROWTH_HEAD },
      rows: (file) => growthRows(diagnosisIn(file, from).growth!.methods),
    },
  };
}

/** What each learning rate came to: the test, how much longer |v| became, and rate / |v|^2 at the end. */
function ratesOf(from: string): Readonly<Record<string, Table>> {
  return {
    rates: { kind: "rates", from, of: "test" },
    "rates-growth": { kind: "rates", from, of: "growth" },
    "rates-steps": { kind: "rates", from, of: "effectiveStep" },
  };
}

/** The first measure in percent after each of these epochs, the last one included. */
function errors(epochs: readonly number[], head = "test error % after epoch"): readonly Quantity[] {
  return epochs.map((at) => test("error", `${head} ${at}`, { at }));
}

/** The training loss, a mean over the epoch, after each of these. */
function losses(epochs: readonly number[]): readonly Quantity[] {
  return epochs.map((at) => train("loss", `epoch ${at}`, { at, digits: 3 }));
}

/** Points in tests after so many thousand frames, and at the end, there of training too. */
function returns(corner: string, game: string, thousands: readonly number[]): Table {
  return {
    ...{ kind: "arms", from: `results/${game}/results.json`, baseline: true, corner },
    columns: [
      seeds,
      ...after(thousands),
      test("return", "test, at the end"),
      train("return", "training, at the end", { digits: 2 }),
      train("loss", "loss, at the end", { digits: 2 }),
    ],
  };
}
/** The same as differences. */
function against(thousands: readonly number[]): readonly Quantity[] {
  return [
    ...after(thousands),
    test("return", "test, at the end"),
    train("return", "training after 120,000 frames", { at: 120_000, digits: 2 }),
    train("return", "training, at the end", { digits: 2 }),
  ];
}
function after(thousands: readonly number[]): readonly Quantity[] {
  return thousands.map((n) => test("return", `test after ${n},000 frames`, { at: 1000 * n }));
}

function toPlain(head: string): Column {
  return reported("epochs to plain's loss", head);
}

function likelihood({
  draws,
  images,
  unit,
  digits,
}: {
  readonly draws: number;
  readonly images: number;
  readonly unit: string;
  readonly digits: number;
}): Quantity {
  const name = `-log p(x), ${draws} draws, ${images} images (${unit})`;
  return final(name, `-log p(x), ${unit}, ${draws} draws, ${images} images`, digits);
}
