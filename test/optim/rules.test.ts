/** The first steps of every optimizer against the same in plain loops, written out from the papers. */
import { describe, expect, test } from "vitest";
import { input } from "../../src/graph/index.ts";
import {
  adam,
  adamax,
  adamW,
  isOptimizerState,
  lamb,
  linearRate,
  lion,
  rmsprop,
  sgd,
  type Optimizer,
} from "../../src/optim/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { roll, slope, start } from "./bowl.ts";

/** What is rolled is called p, which by its name is no weight. */
const all = { match: () => true };

/** A rule for one number: from its gradient and the step, from 1, to its next value; it remembers the rest. */
type Scalar = () => (p: number, g: number, t: number) => number;

/** What a rule does to every number of the bowl by itself. */
function loop(rule: Scalar, steps = 3): number[][] {
  const rules = start.map(() => rule());
  let p = [...start];
  return Array.from(
    { length: steps },
    (_, step) => (p = p.map((x, i) => rules[i](x, slope(x, i), step + 1))),
  );
}

const rules: Readonly<Record<string, readonly [Optimizer, Scalar]>> = {
  sgd: [sgd({ lr: 0.1 }), () => (p, g) => p - 0.1 * g],
  "sgd with momentum": [
    sgd({ lr: 0.1, momentum: 0.9 }),
    () => {
      let u = 0;
      return (p, g) => p - 0.1 * (u = 0.9 * u + g);
    },
  ],
  "sgd with Nesterov momentum": [
    sgd({ lr: 0.1, momentum: 0.9, nesterov: true }),
    () => {
      let u = 0;
      return (p, g) => {
        u = 0.9 * u + g;
        return p - 0.1 * (g + 0.9 * u);
      };
    },
  ],
  "adam as it comes": [
    adam(),
    () => {
      let [m, v] = [0, 0];
      return (p, g, t) => {
        m = 0.9 * m + 0.1 * g;
        v = 0.999 * v + 0.001 * g * g;
        return p - (0.001 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
      };
    },
  ],
  "adam, epsilon outside the root, beside the corrected moment": [
    adam({ lr: 0.2, beta1: 0.8, beta2: 0.9, epsilon: 0.3 }),
    () => {
      let [m, v] = [0, 0];
      return (p, g, t) => {
        m = 0.8 * m + 0.2 * g;
        v = 0.9 * v + 0.1 * g * g;
        return p - (0.2 * (m / (1 - 0.8 ** t))) / (Math.sqrt(v / (1 - 0.9 ** t)) + 0.3);
      };
    },
  ],
  "adam, epsilon inside the root, beside the corrected moment": [
    adam({ lr: 0.2, beta1: 0.8, beta2: 0.9, epsilon: 0.3, epsilonWhere: "inside" }),
    () => {
      let [m, v] = [0, 0];
      return (p, g, t) => {
        m = 0.8 * m + 0.2 * g;
        v = 0.9 * v + 0.1 * g * g;
        return p - (0.2 * (m / (1 - 0.8 ** t))) / Math.sqrt(v / (1 - 0.9 ** t) + 0.3);
      };
    },
  ],
  adamax: [
    adamax({ lr: 0.2, beta1: 0.8, beta2: 0.9, epsilon: 0.01 }),
    () => {
      let [m, u] = [0, 0];
      return (p, g, t) => {
        m = 0.8 * m + 0.2 * g;
        u = Math.max(0.9 * u, Math.abs(g) + 0.01);
        return p - (0.2 / (1 - 0.8 ** t)) * (m / u);
      };
    },
  ],
  adamW: [
    adamW({ lr: 0.2, beta1: 0.8, beta2: 0.9, epsilon: 0.3, weightDecay: 0.4, ...all }),
    () => {
      let [m, v] = [0, 0];
      return (p, g, t) => {
        m = 0.8 * m + 0.2 * g;
        v = 0.9 * v + 0.1 * g * g;
        const step = (0.2 * (m / (1 - 0.8 ** t))) / (Math.sqrt(v / (1 - 0.9 ** t)) + 0.3);
        return p - 0.2 * 0.4 * p - step;
      };
    },
  ],
  lion: [
    lion({ lr: 0.2, beta1: 0.7, beta2: 0.9, weightDecay: 0.4, ...all }),
    () => {
      let m = 0;
      return (p, g) => {
        const direction = Math.sign(0.7 * m + 0.3 * g) + 0.4 * p;
        m = 0.9 * m + 0.1 * g;
        return p - 0.2 * direction;
      };
    },
  ],
  rmsprop: [
    rmsprop({ lr: 0.1, decay: 0.8, epsilon: 0.05 }),
    () => {
      let v = 0;
      return (p, g) => {
        v = 0.8 * v + 0.2 * g * g;
        return p - (0.1 * g) / Math.sqrt(v + 0.05);
      };
    },
  ],
  "rmsprop, centred": [
    rmsprop({ lr: 0.1, decay: 0.8, epsilon: 0.05, centred: true }),
    () => {
      let [v, m] = [0, 0];
      return (p, g) => {
        v = 0.8 * v + 0.2 * g * g;
        m = 0.8 * m + 0.2 * g;
        return p - (0.1 * g) / Math.sqrt(v - m * m + 0.05);
      };
    },
  ],
  "rmsprop, centred, with momentum (the Nature DQN)": [
    rmsprop({ lr: 0.01, decay: 0.95, epsilon: 0.01, centred: true, momentum: 0.95 }),
    () => {
      let [v, m, u] = [0, 0, 0];
      return (p, g) => {
        v = 0.95 * v + 0.05 * g * g;
        m = 0.95 * m + 0.05 * g;
        u = 0.95 * u + (0.01 * g) / Math.sqrt(v - m * m + 0.01);
        return p - u;
      };
    },
  ],
};

describe.each(Object.entries(rules))("%s", (_, [optimizer, rule]) => {
  test("takes the steps of the loop", async () => {
    const { path } = await roll(optimizer);
    loop(rule).forEach((expected, step) =>
      expected.forEach((x, i) => expect(path[step][i]).toBeCloseTo(x, 12)),
    );
  });
  test("on ONNX Runtime too, to its precision", async () => {
    const { path } = await roll(optimizer, { runtime: nodeRuntime({ threads: 1 }) });
    loop(rule).forEach((expected, step) =>
      expected.forEach((x, i) => expect(path[step][i]).toBeCloseTo(x, 4)),
    );
  });
});

describe("state", () => {
  test("is named after the optimizer and the parameter, starts at zero and is not trained", async () => {
    const names: Record<string, string[]> = {};
    for (const [name, [optimizer]] of Object.entries(rules)) {
      const { state, updates } = await roll(optimizer, { steps: 0 });
      const slots = [...state].filter(([key]) => key !== "p");
      expect(slots.map(([key]) => key).filter((key) => !isOptimizerState(key))).toEqual([]);
      names[name] = slots.map(([key]) => key).sort();
      expect(slots.flatMap(([, x]) => [...x.data]).every((x) => x === 0)).toBe(true);
      const trained = updates.filter((u) => u.parameter.attrs.trainable);
      expect(trained.map((u) => u.parameter.attrs.name)).toEqual(["p"]);
    }
    expect(names).toMatchInlineSnapshot(`
      {
        "adam as it comes": [
          "adam.odds.0.9",
          "adam.odds.0.999",
          "adam.p.m",
          "adam.p.v",
        ],
        "adam, epsilon inside the root, beside the corrected moment": [
          "adam.odds.0.8",
          "adam.odds.0.9",
          "adam.p.m",
          "adam.p.v",
        ],
        "adam, epsilon outside the root, beside the corrected moment": [
          "adam.odds.0.8",
          "adam.odds.0.9",
          "adam.p.m",
          "adam.p.v",
        ],
        "adamW": [
          "adamw.odds.0.8",
          "adamw.odds.0.9",
          "adamw.p.m",
          "adamw.p.v",
        ],
        "adamax": [
          "adamax.odds.0.8",
          "adamax.p.m",
          "adamax.p.u",
        ],
        "lion": [
          "lion.p.m",
        ],
        "rmsprop": [
          "rmsprop.p.square",
        ],
        "rmsprop, centred": [
          "rmsprop.p.mean",
          "rmsprop.p.variance",
        ],
        "rmsprop, centred, with momentum (the Nature DQN)": [
          "rmsprop.p.mean",
          "rmsprop.p.momentum",
          "rmsprop.p.variance",
        ],
        "sgd": [],
        "sgd with Nesterov momentum": [
          "sgd.p.momentum",
        ],
        "sgd with momentum": [
          "sgd.p.momentum",
        ],
      }
    `);
  });
});

describe("rates as inputs", () => {
  const [lr, beta] = [input("lr", []), input("beta", [])];
  const schedule = linearRate({ from: 0.3, to: 0.1, end: 2 });
  test("a scheduled learning rate changes from step to step in one compiled program", async () => {
    const { path } = await roll(sgd({ lr }), { inputs: [[lr, schedule]] });
    const expected = loop(() => (p, g, t) => p - [0.3, 0.2, 0.1][t - 1] * g);
    expected.forEach((row, step) =>
      row.forEach((x, i) => expect(path[step][i]).toBeCloseTo(x, 12)),
    );
  });
  test.each([
    ["sgd", (rate: typeof lr | number) => sgd({ lr: rate, momentum: 0.5 })],
    ["adam", (rate: typeof lr | number) => adam({ lr: rate })],
    ["adamax", (rate: typeof lr | number) => adamax({ lr: rate })],
    ["adamW", (rate: typeof lr | number) => adamW({ lr: rate, ...all })],
    ["lion", (rate: typeof lr | number) => lion({ lr: rate, weightDecay: 0.1, ...all })],
    ["lamb", (rate: typeof lr | number) => lamb({ lr: rate, ...all })],
    ["rmsprop", (rate: typeof lr | number) => rmsprop({ lr: rate })],
  ] as const)("%s: an input with one value is that number", async (_, make) => {
    const fed = await roll(make(lr), { inputs: [[lr, () => 0.05]] });
    expect(fed.path).toEqual((await roll(make(0.05))).path);
  });
  test("momenta may be inputs too", async () => {
    const fed = await roll(adam({ lr: 0.1, beta1: beta }), { inputs: [[beta, () => 0.7]] });
    const fixed = await roll(adam({ lr: 0.1, beta1: 0.7 }));
    fixed.path.forEach((row, step) =>
      row.forEach((x, i) => expect(fed.path[step][i]).toBeCloseTo(x, 12)),
    );
  });
});

test.each(
  Object.entries({
    sgd: sgd({ lr: 0.1, momentum: 0.5 }),
    adam: adam({ lr: 0.1 }),
    adamax: adamax({ lr: 0.1 }),
    adamW: adamW({ lr: 0.1, weightDecay: 0 }),
    lion: lion({ lr: 0.01 }),
    lamb: lamb({ lr: 0.01, weightDecay: 0 }),
    rmsprop: rmsprop({ lr: 0.01, centred: true }),
  }),
)("%s comes to rest at the bottom", async (_, optimizer) => {
  const { path } = await roll(optimizer, { steps: 1500 });
  [-1, 0.75, -1].forEach((x, i) => expect(Math.abs(path.at(-1)![i] - x)).toBeLessThan(0.05));
});
