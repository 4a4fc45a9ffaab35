/** Statistics of the minibatch against closed forms: what is removed, what flows back, what is remembered for evaluation. */
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff/index.ts";
import {
  constant,
  flatten,
  input,
  mul,
  sum,
  type Node,
  type Shape,
} from "../../src/graph/index.ts";
import {
  apply,
  arms,
  batchNorm,
  bias,
  combine,
  conv2d,
  dense,
  meanOnly,
  plainWeight,
  sequential,
  trace,
  type Mode,
  type Statistics,
  type Trace,
} from "../../src/nn/index.ts";
import { tensor, type State } from "../../src/runtime/program.ts";
import { evaluate, reference } from "../../src/runtime/reference.ts";
import { kinds } from "./kinds.ts";
import { anyState, armNames, momentsOf, near, networkOf, noise } from "./network.ts";

const shape: Shape = [4, 3, 2, 5]; // [batch, units, height, width]
const perUnit = 4 * 2 * 5;
const unitOf = (i: number): number => Math.floor(i / 10) % 3;
const t = input("t", shape);
const values = noise(shape);
const upstream = noise(shape, { seed: 1 });

/** A kind of statistics on t alone, in one mode. */
const traced = (statistics: Statistics, mode: Mode): Trace<Node> =>
  trace((scope) => statistics(scope, { units: 3, initScale: 1, rescale: () => undefined })(t), {
    mode,
    norm: arms.plain,
  });
const state: State = new Map([
  ["b", tensor([1, -2, 3])],
  ["gamma", tensor([2, -1, 0.5])],
  ["beta", tensor([0.1, 0.2, 0.3])],
  ["mean", tensor([0.5, 1.5, -2.5])],
  ["variance", tensor([4, 9, 0.25])],
]);
const run = (outputs: Readonly<Record<string, Node>>): Record<string, number[]> => {
  const results = evaluate(outputs, { feeds: { t: values }, state });
  return Object.fromEntries(Object.entries(results).map(([name, x]) => [name, [...x.data]]));
};
const moments = momentsOf(values);
const at = (name: string, i: number): number => state.get(name)!.data[unitOf(i)];
const each = (f: (x: number, i: number) => number): number[] => Array.from(values.data, f);
/** The mean over the batch and all positions of what belongs to the unit of each element. */
const unitMeans = (x: readonly number[]): number[] => {
  const totals = [0, 0, 0];
  x.forEach((v, i) => (totals[unitOf(i)] += v));
  return x.map((_, i) => totals[unitOf(i)] / perUnit);
};
/** y and, for the loss sum(y upstream), the gradient to t. */
function withGradient({ value: y }: Trace<Node>): Record<string, number[]> {
  const [dt] = grad(sum(mul(y, constant(upstream.data, shape))), [t]);
  return run({ y, dt });
}

describe("bias", () => {
  test("adds b in both modes", () => {
    for (const mode of ["train", "eval"] as const)
      near(
        withGradient(traced(bias, mode)).y,
        each((x, i) => x + at("b", i)),
      );
  });
});

describe("mean-only batch normalization (section 4)", () => {
  test("train: t - mu[t] + b over the batch and all positions", () => {
    near(
      withGradient(traced(meanOnly(), "train")).y,
      each((x, i) => x - moments[unitOf(i)].mean + at("b", i)),
    );
  });
  test("its gradient has its mean removed: dt = dt~ - mu[dt~]", () => {
    const dy = [...upstream.data];
    const means = unitMeans(dy);
    near(
      withGradient(traced(meanOnly(), "train")).dt,
      dy.map((d, i) => d - means[i]),
    );
  });
  test("eval: the running mean takes the place of mu, and nothing is removed from the gradient", () => {
    const { y, dt } = withGradient(traced(meanOnly(), "eval"));
    near(
      y,
      each((x, i) => x - at("mean", i) + at("b", i)),
    );
    near(dt, upstream.data);
  });
});

describe("batch normalization", () => {
  const epsilon = 1e-6;
  const normalized = each(
    (x, i) => (x - moments[unitOf(i)].mean) / Math.sqrt(moments[unitOf(i)].std ** 2 + epsilon),
  );
  test("train: gamma (t - mu) / sqrt(sigma^2 + epsilon) + beta, sigma^2 the variance of the batch itself", () => {
    near(
      withGradient(traced(batchNorm(), "train")).y,
      normalized.map((n, i) => at("gamma", i) * n + at("beta", i)),
    );
  });
  test("its gradient has the parts along 1 and along the result removed", () => {
    const dy = [...upstream.data].map((d, i) => d * at("gamma", i));
    const means = unitMeans(dy);
    const along = unitMeans(dy.map((d, i) => d * normalized[i]));
    near(
      withGradient(traced(batchNorm(), "train")).dt,
      dy.map(
        (d, i) =>
          (d - means[i] - normalized[i] * along[i]) /
          Math.sqrt(moments[unitOf(i)].std ** 2 + epsilon),
      ),
    );
  });
  test("eval: running averages take the places of mu and sigma^2", () => {
    near(
      withGradient(traced(batchNorm(), "eval")).y,
      each(
        (x, i) =>
          (at("gamma", i) * (x - at("mean", i))) / Math.sqrt(at("variance", i) + epsilon) +
          at("beta", i),
      ),
    );
  });
  test("epsilon can be chosen", () => {
    near(
      withGradient(traced(batchNorm({ epsilon: 0.1 }), "train")).y,
      each(
        (x, i) =>
          (at("gamma", i) * (x - moments[unitOf(i)].mean)) /
            Math.sqrt(moments[unitOf(i)].std ** 2 + 0.1) +
          at("beta", i),
      ),
    );
  });
});

describe("running averages", () => {
  /** The next values of what a trace updates, by name. */
  const next = ({ updates }: Trace<Node>): Record<string, number[]> =>
    run(Object.fromEntries(updates.map((u) => [u.parameter.attrs.name, u.next])));
  const blend = (name: string, decay: number, now: (unit: number) => number): number[] =>
    [...state.get(name)!.data].map((old, unit) => decay * old + (1 - decay) * now(unit));

  /** Of a variance they take the estimate without bias, n / (n - 1) of what the batch is normalized by. */
  const unbiased = (u: number): number => (moments[u].std ** 2 * perUnit) / (perUnit - 1);

  test("take a tenth of each batch: 0.9 old + 0.1 new", () => {
    const mean = blend("mean", 0.9, (u) => moments[u].mean);
    const variance = blend("variance", 0.9, unbiased);
    const only = next(traced(meanOnly(), "train"));
    expect(Object.keys(only)).toEqual(["mean"]);
    near(only.mean, mean);
    const both = next(traced(batchNorm(), "train"));
    expect(Object.keys(both)).toEqual(["mean", "variance"]);
    near(both.mean, mean);
    near(both.variance, variance);
  });
  test("or another share", () => {
    near(
      next(traced(meanOnly({ decay: 0.5 }), "train")).mean,
      blend("mean", 0.5, (u) => moments[u].mean),
    );
    near(next(traced(batchNorm({ decay: 0 }), "train")).variance, blend("variance", 0, unbiased));
  });
  test("are not trained", () => {
    for (const statistics of [meanOnly(), batchNorm()])
      for (const p of traced(statistics, "train").parameters)
        expect(["b", "gamma", "beta"]).toContain(p.attrs.name);
  });
  test("converge to the batch that is shown again and again, where train and eval then agree but for that bias", async () => {
    for (const arm of ["batch", "mean-only", "weight+mean-only"] as const) {
      const network = networkOf(kinds.dense, arms[arm]);
      const lasting = anyState(network);
      const { train } = network.traces;
      const program = await reference.compile({
        inputs: [network.x],
        outputs: { y: train.value },
        updates: train.updates,
      });
      let y: number[] = [];
      for (let i = 0; i < 300; i++)
        y = [...(await program.run({ x: network.feeds.x }, lasting)).y.data];
      const n = network.x.shape[0];
      const running = lasting.get("dense1.variance");
      if (running)
        lasting.set("dense1.variance", {
          ...running,
          data: Float64Array.from(running.data, (v) => (v * (n - 1)) / n),
        });
      const outputs = { y: network.traces.eval.value };
      near((await network.run(reference, outputs, lasting)).y.data, y);
    }
  });
  test("of a recurrent cell are each step's own", () => {
    const names = (arm: "batch" | "mean-only"): string[] =>
      networkOf(kinds.lstm, arms[arm]).traces.train.updates.map((u) => u.parameter.attrs.name);
    expect(names("mean-only")).toEqual(["lstm1.mean", "lstm1.mean2", "lstm1.mean3"]);
    expect(names("batch").slice(2)).toEqual([
      "lstm1.mean2",
      "lstm1.variance2",
      "lstm1.mean3",
      "lstm1.variance3",
    ]);
  });
});

describe("the arms", () => {
  const layer = sequential(conv2d(2, { kernel: 2 }), apply(flatten), dense(3));
  test("differ in what lasts, and in that alone", () => {
    const names = armNames.map((arm) => {
      const { parameters } = networkOf({ x: [2, 1, 3, 3], layer }, arms[arm]);
      return [
        arm,
        parameters.map((p) => p.attrs.name + (p.attrs.trainable ? "" : " (not trained)")).sort(),
      ];
    });
    expect(Object.fromEntries(names)).toMatchInlineSnapshot(`
      {
        "batch": [
          "conv1.beta",
          "conv1.gamma",
          "conv1.mean (not trained)",
          "conv1.variance (not trained)",
          "conv1.w",
          "dense1.beta",
          "dense1.gamma",
          "dense1.mean (not trained)",
          "dense1.variance (not trained)",
          "dense1.w",
        ],
        "mean-only": [
          "conv1.b",
          "conv1.mean (not trained)",
          "conv1.w",
          "dense1.b",
          "dense1.mean (not trained)",
          "dense1.w",
        ],
        "plain": [
          "conv1.b",
          "conv1.w",
          "dense1.b",
          "dense1.w",
        ],
        "weight": [
          "conv1.b",
          "conv1.g",
          "conv1.v",
          "dense1.b",
          "dense1.g",
          "dense1.v",
        ],
        "weight+mean-only": [
          "conv1.b",
          "conv1.g",
          "conv1.mean (not trained)",
          "conv1.v",
          "dense1.b",
          "dense1.g",
          "dense1.mean (not trained)",
          "dense1.v",
        ],
      }
    `);
  });
  test("draw the same numbers for v and w", () => {
    const drawn = (arm: (typeof armNames)[number], letter: string): unknown =>
      networkOf({ x: [2, 1, 3, 3], layer }, arms[arm])
        .fresh(7)
        .get(`conv1.${letter}`);
    for (const arm of armNames)
      expect(drawn(arm, arm.startsWith("weight") ? "v" : "w")).toEqual(drawn("plain", "w"));
  });
  test("are combinations that anyone can make", () => {
    const network = networkOf(kinds.dense, combine(plainWeight(), batchNorm({ decay: 0.99 })));
    expect(network.parameters.map((p) => p.attrs.name)).toContain("dense1.variance");
  });
});
