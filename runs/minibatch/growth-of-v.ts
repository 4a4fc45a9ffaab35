/** That dv is at right angles to v, so that |v| grows under gradient descent, and what momentum and the run's own optimizer make of it. */
import {
  adam,
  initialState,
  input,
  item,
  keyOf,
  keyTensor,
  permutation,
  read,
  sgd,
  tensor,
  trainStep,
  type Optimizer,
  type Parameter,
  type Runtime,
  type Schedule,
  type State,
} from "../../src/index.ts";
import { unitsOf, weightsIn, type Weight } from "../../src/train/layer-stats.ts";
import type { Growing, Growth } from "../diagnosis/record.ts";
import type { RunKey } from "../events.ts";
import { batchOf, trainedSize, type MinibatchConfig } from "./config.ts";
import { normOf } from "./programs.ts";
import type { Task, TaskData } from "./task.ts";

/** Rates of gradient descent, tried in turn until the loss falls and does not rise far before. */
const RATES: readonly number[] = [0.1, 0.03, 0.01, 0.003, 0.001, 0.0001, 0.00001];
const ADAM_RATE = 0.001;
const MOMENTUM = 0.9;
/** |v'|^2 of float32 may be off by so much for its rounding alone, half a unit in the last place of every element: a smaller change says nothing. */
const HIDDEN = 2 ** -23;
/** The share of the steps, at the start and at the end, over which losses are compared. */
const ENDS = 0.1;
/** Of the first loss, what a later one may be above it: one that rises further is of a rate that is too large, even if it falls in the end. */
const MOST_RISE = 0.5;

export interface GrowthOptions {
  readonly task: Task;
  readonly config: MinibatchConfig;
  readonly key: RunKey;
  readonly data: TaskData;
  readonly runtime: Runtime;
  /** That of a run at its start, on the host. */
  readonly start: State;
  readonly steps: number;
  readonly onStep: () => void;
}

interface Method {
  readonly name: string;
  readonly optimizer: Optimizer;
  /** Each a schedule of every rate. */
  readonly tries: readonly Readonly<Record<string, Schedule>>[];
  readonly plain?: boolean;
}

/** The same steps with three optimizers, from the start of one run. */
export async function growthOf(options: GrowthOptions): Promise<Growth> {
  const { task, config, key, steps } = options;
  const schedules = task.rates(config, key.lr);
  const rates = Object.fromEntries(Object.keys(schedules).map((name) => [name, input(name, [])]));
  const { lr } = rates;
  const descents = RATES.map((rate) => ({ ...schedules, lr: () => rate }));
  const isDescent = config.optimizer === "sgd";
  const methods: readonly Method[] = [
    { name: "gradient descent", optimizer: sgd({ lr }), tries: descents, plain: true },
    { name: `momentum ${MOMENTUM}`, optimizer: sgd({ lr, momentum: MOMENTUM }), tries: descents },
    isDescent
      ? { name: "adam", optimizer: adam({ lr }), tries: [{ ...schedules, lr: () => ADAM_RATE }] }
      : { name: config.optimizer, optimizer: task.optimizer(config, rates), tries: [schedules] },
  ];
  const grown: Growing[] = [];
  for (const method of methods) grown.push(await growing(method, rates, options));
  return { arm: key.arm, steps, batchSize: config.batchSize, methods: grown };
}

type Inputs = Readonly<Record<string, ReturnType<typeof input>>>;

/** The first of its rates with which the loss falls without having risen far, or else the last one. */
async function growing(
  { name, optimizer, tries, plain = false }: Method,
  rates: Inputs,
  options: GrowthOptions,
): Promise<Growing> {
  const { task, config, key, data, runtime, start } = options;
  const examples = data.train.inputs(config.batchSize);
  const noise = input("key", [2], "uint32");
  let dv: Readonly<Record<string, ReturnType<Optimizer>[number]["next"]>> = {};
  const spec = trainStep(task.network(examples, config), {
    ...{ inputs: [...examples, ...Object.values(rates)], key: noise, norm: normOf(task, key.arm) },
    optimizer(parameters, gradients) {
      dv = Object.fromEntries(
        parameters.flatMap(({ attrs }: Parameter, i) =>
          start.has(attrs.name) ? [[`d:${attrs.name}`, gradients[i]]] : [],
        ),
      );
      return optimizer(parameters, gradients);
    },
  });
  const weights = weightsIn(start).filter(({ parts }) => parts !== undefined);
  const wanted = new Map(weights.map(({ name: v }) => [`d:${v}`, dv[`d:${v}`]]));
  const program = await runtime.compile({
    ...spec,
    outputs: { ...spec.outputs, ...Object.fromEntries(wanted) },
  });
  const failed: number[] = [];
  try {
    for (const [i, schedules] of tries.entries()) {
      const fresh = initialState(program.parameters, key.seed);
      const state: State = new Map(
        [...fresh].map(([parameter, first]) => [parameter, start.get(parameter) ?? first]),
      );
      const measured = await stepped(program, state, { weights, schedules, plain, options });
      const rate = schedules["lr"](0);
      const fell = falls(measured.loss, options.steps);
      if (fell || i === tries.length - 1) return { method: name, rate, failed, fell, ...measured };
      failed.push(rate);
    }
  } finally {
    await program.release();
  }
  throw new Error("growthOf: expected a rate to try, got none; give one");
}

interface Stepping {
  readonly weights: readonly Weight[];
  readonly schedules: Readonly<Record<string, Schedule>>;
  readonly plain: boolean;
  readonly options: GrowthOptions;
}
type Measured = Omit<Growing, "method" | "rate" | "failed" | "fell">;

async function stepped(
  program: Awaited<ReturnType<Runtime["compile"]>>,
  state: State,
  { weights, schedules, plain, options }: Stepping,
): Promise<Measured> {
  const { config, key, data, steps: count, onStep } = options;
  const names = weights.flatMap(({ name, parts }) => [name, parts!.scale]);
  const [loss, ratio, cosine, grew, seen]: [
    number[],
    number[],
    number[],
    (number | null)[],
    number[],
  ] = [[], [], [], [], []];
  let closedForm = 0;
  const perEpoch = Math.floor(trainedSize(config) / config.batchSize); // an odd last batch is left out
  let order: Uint32Array = new Uint32Array();
  const trained = trainedSize(config);
  let before = await read(state, names);
  const start = weights.map((weight) => unitsOf(before, weight)!.norms);
  for (let step = 0; step < count; step++) {
    if (step % perEpoch === 0)
      order = permutation(trained, keyOf(key.seed, "order", step / perEpoch));
    const rows = order.subarray(...batchOf(config, step % perEpoch));
    const varied = keyOf(key.seed, "variation", step);
    const now = Object.entries(schedules).map(
      ([name, rate]) => [name, tensor(Float32Array.of(rate(step)), [])] as const,
    );
    const outputs = await program.run(
      {
        ...(data.train.varied?.(rows, varied) ?? data.train.feeds(rows)),
        ...Object.fromEntries(now),
        key: keyTensor(key.seed, "noise", step),
      },
      state,
    );
    const value = item(outputs["loss"]);
    onStep();
    if (!Number.isFinite(value)) break; // the state has stayed as it was
    const after = await read(state, names);
    const rate = Math.fround(schedules["lr"](step));
    const units = weights.flatMap((weight, w) =>
      unitSteps({ before, after, gradient: outputs[`d:${weight.name}`].data, weight }, start[w]),
    );
    const able = units.filter(({ v, next }) => Math.abs((next * next) / (v * v) - 1) > HIDDEN);
    loss.push(value);
    ratio.push(meanOf(units.map(({ next, first }) => next / first)));
    cosine.push(
      units.reduce((most, { v, d, dot }) => Math.max(most, d > 0 ? Math.abs(dot) / (v * d) : 0), 0),
    );
    seen.push(able.length / units.length);
    grew.push(able.length > 0 ? able.filter(({ v, next }) => next > v).length / able.length : null);
    if (plain)
      for (const { v, d, next } of units)
        closedForm = Math.max(
          closedForm,
          Math.abs((v * v + rate * rate * d * d) / (next * next) - 1),
        );
    before = after;
  }
  return { loss, ratio, cosine, grew, seen, ...(plain ? { closedForm } : {}) };
}

interface UnitStep {
  /** |v| at the start, before the step and after it; |dv|, v . dv. */
  readonly first: number;
  readonly v: number;
  readonly next: number;
  readonly d: number;
  readonly dot: number;
}
/** What a step did to the units of one weight; dead ones are left out. */
function unitSteps(
  {
    before,
    after,
    gradient,
    weight,
  }: {
    readonly before: State;
    readonly after: State;
    readonly gradient: ArrayLike<number>;
    readonly weight: Weight;
  },
  start: readonly number[],
): readonly UnitStep[] {
  const { unit, norms } = unitsOf(before, weight)!;
  const next = unitsOf(after, weight)!.norms;
  const v = before.get(weight.name)!.data;
  const [squares, dots] = [new Float64Array(norms.length), new Float64Array(norms.length)];
  for (let i = 0; i < v.length; i++) {
    squares[unit[i]] += gradient[i] ** 2;
    dots[unit[i]] += v[i] * gradient[i];
  }
  return norms.flatMap((norm, u) =>
    norm > 0 && start[u] > 0
      ? [{ first: start[u], v: norm, next: next[u], d: Math.sqrt(squares[u]), dot: dots[u] }]
      : [],
  );
}

/** Whether the loss of the last steps is below that of the first ones, and none is far above the first. */
export function falls(loss: readonly number[], steps: number): boolean {
  const n = Math.max(1, Math.floor(ENDS * steps));
  const most = loss[0] + MOST_RISE * Math.abs(loss[0]);
  return (
    loss.length === steps &&
    meanOf(loss.slice(-n)) < meanOf(loss.slice(0, n)) &&
    loss.every((x) => x <= most)
  );
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, x) => sum + x, 0) / values.length;
