/** What plain JavaScript lets pass: a table of mistakes and what is said of each. */
import { expect, test } from "vitest";
import * as wn from "../src/index.ts";

/** As JavaScript sees it: anything may be given to anything. */
type Loose = (...args: readonly unknown[]) => Loose;
const loose = (f: unknown): Loose => f as Loose;
const any = Object.fromEntries(Object.entries(wn).map(([name, f]) => [name, loose(f)]));
const ops = Object.fromEntries(Object.entries(wn.ops).map(([name, f]) => [name, loose(f)]));

const x = wn.input("x", [4, 3]);
const images = wn.input("images", [2, 3, 8, 8]);
const labels = wn.input("labels", [4], "int32");
const filters = wn.ops.constant(new Array<number>(5 * 3 * 3 * 3).fill(1), [5, 3, 3, 3]);
const parameter = wn.parameter("p", [2], { init: { kind: "constant", value: 1 } });
const scope = wn.trace((s) => s, { mode: "train", norm: wn.arms.plain }).value;
const network: wn.Network = (s) => ({
  loss: wn.softmaxCrossEntropy(wn.dense(10)(s, x), labels),
});
const whole = { inputs: [x, labels], norm: wn.arms.weight, optimizer: wn.adam() };
const training = (change: Readonly<Record<string, unknown>>) => () =>
  any["trainStep"](network, { ...whole, ...change });
const returning = (value: unknown) => () => any["trainStep"](() => value, whole);

const said = (mistakes: Readonly<Record<string, () => unknown>>): string =>
  Object.entries(mistakes)
    .map(([code, mistake]) => {
      try {
        mistake();
      } catch (error) {
        return `${code}\n  ${(error as Error).message}`;
      }
      return `${code}\n  (nothing)`;
    })
    .join("\n");
/** Every message is of the house's form, and none is the language's own. */
function expectMessages(mistakes: Readonly<Record<string, () => unknown>>): {
  toMatchInlineSnapshot(snapshot?: string): void;
} {
  const text = said(mistakes);
  for (const line of text.split("\n").filter((_, i) => i % 2 === 1))
    expect(line).toMatch(/^ {2}[\w: .]+: .*got .+; ./);
  expect(text).not.toMatch(/Cannot read|Cannot destructure|is not a function|is not iterable/);
  return expect(`\n${text}\n`);
}

test("optimizers", () => {
  expectMessages({
    "sgd({ learningRate: 0.1 })": () => any["sgd"]({ learningRate: 0.1 }),
    "sgd({})": () => any["sgd"]({}),
    "sgd({ lr: undefined })": () => any["sgd"]({ lr: undefined }),
    "sgd({ momentum: 0.9 })": () => any["sgd"]({ momentum: 0.9 }),
    "sgd()": () => any["sgd"](),
    "sgd(0.1)": () => any["sgd"](0.1),
    "adam({ learning_rate: 0.1 })": () => any["adam"]({ learning_rate: 0.1 }),
    "adam({ betas: [0.9, 0.99] })": () => any["adam"]({ betas: [0.9, 0.99] }),
    "adam({ eps: 1e-8 })": () => any["adam"]({ eps: 1e-8 }),
    "adam({ LR: 1 })": () => any["adam"]({ LR: 1 }),
    "adam({ weightDecay: 1 })": () => any["adam"]({ weightDecay: 1 }),
    "adam({ clipnorm: 1 })": () => any["adam"]({ clipnorm: 1 }),
    "adam({ fused: true })": () => any["adam"]({ fused: true }),
    "adam(null)": () => any["adam"](null),
    "adamax({ beta3: 1 })": () => any["adamax"]({ beta3: 1 }),
    "rmsprop({ rho: 0.9 })": () => any["rmsprop"]({ rho: 0.9 }),
    "rmsprop({ centered: true })": () => any["rmsprop"]({ centered: true }),
  }).toMatchInlineSnapshot(`
    "
    sgd({ learningRate: 0.1 })
      sgd: there is no such option, got "learningRate"; do you mean lr? There are lr, momentum, nesterov
    sgd({})
      sgd: lr is missing, got no options; add lr: ...
    sgd({ lr: undefined })
      sgd: lr is missing, got undefined; add lr: ...
    sgd({ momentum: 0.9 })
      sgd: lr is missing, got momentum; add lr: ...
    sgd()
      sgd: options must be an object, got nothing; write { lr: ... }
    sgd(0.1)
      sgd: options must be an object, got 0.1; write { lr: ... }
    adam({ learning_rate: 0.1 })
      adam: there is no such option, got "learning_rate"; do you mean lr? There are lr, beta1, beta2, epsilon, epsilonWhere
    adam({ betas: [0.9, 0.99] })
      adam: there is no such option, got "betas"; do you mean beta1 and beta2? There are lr, beta1, beta2, epsilon, epsilonWhere
    adam({ eps: 1e-8 })
      adam: there is no such option, got "eps"; do you mean epsilon? There are lr, beta1, beta2, epsilon, epsilonWhere
    adam({ LR: 1 })
      adam: there is no such option, got "LR"; do you mean lr? There are lr, beta1, beta2, epsilon, epsilonWhere
    adam({ weightDecay: 1 })
      adam: there is no such option, got "weightDecay"; decay the gradients: weightDecay(parameters, gradients, { rate })
    adam({ clipnorm: 1 })
      adam: there is no such option, got "clipnorm"; clip the gradients: clipByNorm(gradients, most)
    adam({ fused: true })
      adam: there is no such option, got "fused"; use lr, beta1, beta2, epsilon, epsilonWhere
    adam(null)
      adam: options must be an object, got null; write { lr: ... }
    adamax({ beta3: 1 })
      adamax: there is no such option, got "beta3"; do you mean beta1? There are lr, beta1, beta2, epsilon
    rmsprop({ rho: 0.9 })
      rmsprop: there is no such option, got "rho"; do you mean decay? There are lr, decay, momentum, epsilon, epsilonWhere, centred
    rmsprop({ centered: true })
      rmsprop: there is no such option, got "centered"; do you mean centred? There are lr, decay, momentum, epsilon, epsilonWhere, centred
    "
  `);
});

test("what is done to gradients, and groups", () => {
  expectMessages({
    "weightDecay([p], [], { rate: 1 })": () => any["weightDecay"]([parameter], [], { rate: 1 }),
    "weightDecay([p], [g], { decay: 1 })": () =>
      any["weightDecay"]([parameter], [parameter], { decay: 1 }),
    "weightDecay([p], [g], { rate: -1 })": () =>
      any["weightDecay"]([parameter], [parameter], { rate: -1 }),
    "weightDecay([p], [g], { match: /v/ })": () =>
      any["weightDecay"]([parameter], [parameter], { rate: 1, match: /v/ }),
    "weightDecay(p, g, { rate: 1 })": () => any["weightDecay"](parameter, parameter, { rate: 1 }),
    "clipByNorm(g, 1)": () => any["clipByNorm"](parameter, 1),
    "clipByNorm([g])": () => any["clipByNorm"]([parameter]),
    "clipByValue([g], NaN)": () => any["clipByValue"]([parameter], NaN),
    "byName({ match })": () => any["byName"]({ match: /./ }),
    "byName([{ match }])": () => any["byName"]([{ match: /./ }]),
    'byName([{ match: "g" }])': () => any["byName"]([{ match: "g", optimizer: null }]),
    'byName([{ optimizer: "adam" }])': () => any["byName"]([{ match: /./, optimizer: "adam" }]),
    "byName([...])([p], [])": () =>
      any["byName"]([{ match: /./, optimizer: null }])([parameter], []),
    "byName([{ regex }])": () => any["byName"]([{ regex: /./, optimizer: null }]),
  }).toMatchInlineSnapshot(`
    "
    weightDecay([p], [], { rate: 1 })
      weightDecay: got 1 parameters and 0 gradients; pass grad(loss, parameters)
    weightDecay([p], [g], { decay: 1 })
      weightDecay: there is no such option, got "decay"; do you mean rate? There are rate, match
    weightDecay([p], [g], { rate: -1 })
      weightDecay: rate must be at least 0, got -1; try 1e-4
    weightDecay([p], [g], { match: /v/ })
      weightDecay: match must be a function of a name, got /v/; write (name) => name.endsWith(".v")
    weightDecay(p, g, { rate: 1 })
      weightDecay: expected lists of parameters and gradients, got a node (parameter) and a node (parameter); pass parameters and grad(loss, parameters)
    clipByNorm(g, 1)
      clipByNorm: gradients must be a list, got a node (parameter); pass grad(loss, parameters)
    clipByNorm([g])
      clipByNorm: the most must be a number above 0, got undefined; try 1
    clipByValue([g], NaN)
      clipByValue: the most must be a number above 0, got NaN; try 1
    byName({ match })
      byName: groups must be a list, got an object of match; write [{ match: /./, optimizer: adam() }]
    byName([{ match }])
      byName: a group: optimizer is missing, got match; add optimizer: ...
    byName([{ match: "g" }])
      byName: match must be a regular expression, got "g"; write e.g. /\\.g$/
    byName([{ optimizer: "adam" }])
      byName: optimizer must be an optimizer or null, got "adam"; write e.g. adam()
    byName([...])([p], [])
      byName: got 1 parameters and 0 gradients; pass grad(loss, parameters)
    byName([{ regex }])
      byName: a group: there is no such option, got "regex"; use match, optimizer
    "
  `);
});

test("schedules", () => {
  expectMessages({
    "constantRate(NaN)": () => any["constantRate"](NaN),
    'constantRate("1")': () => any["constantRate"]("1"),
    "linearRate({ from: 1, steps: 9 })": () => any["linearRate"]({ from: 1, steps: 9 }),
    "linearRate({ from: 1 })": () => any["linearRate"]({ from: 1 }),
    "linearRate({ from: 1, end: -1 })": () => any["linearRate"]({ from: 1, end: -1 }),
    "linearRate({ from: 1, start: 5, end: 1 })": () =>
      any["linearRate"]({ from: 1, start: 5, end: 1 }),
    "cosineRate({ from: NaN, end: 1 })": () => any["cosineRate"]({ from: NaN, end: 1 }),
    "cosineRate({ from: 1, start: 1, end: 2 })": () =>
      any["cosineRate"]({ from: 1, start: 1, end: 2 }),
    "stepRate(1, { 100: 0.5 })": () => any["stepRate"](1, { 100: 0.5 }),
    "stepRate(1, [[9, 0.5], [3, 0.1]])": () =>
      any["stepRate"](1, [
        [9, 0.5],
        [3, 0.1],
      ]),
    "warmUp(0.1, 5)": () => any["warmUp"](0.1, 5),
    "warmUp(constantRate(1), -5)": () => any["warmUp"](wn.constantRate(1), -5),
    "linearRate(...)(-1)": () => any["linearRate"]({ from: 1, end: 5 })(-1),
    "cosineRate(...)(NaN)": () => any["cosineRate"]({ from: 1, end: 5 })(NaN),
    "stepRate(...)(undefined)": () => any["stepRate"](1, [[1, 2]])(undefined),
  }).toMatchInlineSnapshot(`
    "
    constantRate(NaN)
      constantRate: value must be a finite number, got NaN; check what it is computed from
    constantRate("1")
      constantRate: value must be a finite number, got "1"; check what it is computed from
    linearRate({ from: 1, steps: 9 })
      linearRate: there is no such option, got "steps"; do you mean end? There are from, to, start, end
    linearRate({ from: 1 })
      linearRate: end is missing, got from; add end: ...
    linearRate({ from: 1, end: -1 })
      linearRate: end must be a finite number, at least 0, got -1; check what it is computed from
    linearRate({ from: 1, start: 5, end: 1 })
      linearRate: end must not be before start, got 1 and 5; swap them, or raise end
    cosineRate({ from: NaN, end: 1 })
      cosineRate: from must be a finite number, got NaN; check what it is computed from
    cosineRate({ from: 1, start: 1, end: 2 })
      cosineRate: there is no such option, got "start"; do you mean from? There are from, to, end
    stepRate(1, { 100: 0.5 })
      stepRate: changes must be a list of [step, value], got an object of 100; write stepRate(0.9, [[100, 0.5]])
    stepRate(1, [[9, 0.5], [3, 0.1]])
      stepRate: steps must ascend, got 3 after 9; sort them
    warmUp(0.1, 5)
      warmUp: expected a schedule, got 0.1; write e.g. warmUp(constantRate(1e-3), 100)
    warmUp(constantRate(1), -5)
      warmUp: steps must be a finite number, at least 0, got -5; check what it is computed from
    linearRate(...)(-1)
      schedule: the step must be a number, at least 0, got -1; count steps from 0
    cosineRate(...)(NaN)
      schedule: the step must be a number, at least 0, got NaN; count steps from 0
    stepRate(...)(undefined)
      schedule: the step must be a number, at least 0, got undefined; count steps from 0
    "
  `);
});

test("steps and traces", () => {
  const arms = wn.arms as Readonly<Record<string, unknown>>;
  expectMessages({
    "norm: arms.weights": training({ norm: arms["weights"] }),
    'norm: "weight"': training({ norm: "weight" }),
    "norm: weightNorm()": training({ norm: wn.weightNorm() }),
    "optimizer: adam": training({ optimizer: wn.adam }),
    'optimizer: "adam"': training({ optimizer: "adam" }),
    "optimizer: () => adam()": training({ optimizer: () => wn.adam() }),
    "optimizer: undefined": training({ optimizer: undefined }),
    "optim: adam()": training({ optim: wn.adam() }),
    "also: 0.99": training({ also: 0.99 }),
    "inputs: x": training({ inputs: x }),
    "inputs: { x, labels }": training({ inputs: { x, labels } }),
    "inputs: [x, relu(x)]": training({ inputs: [x, wn.ops.relu(x)] }),
    "inputs: [tensor]": training({ inputs: [wn.tensor([1])] }),
    'key: input("key", [2])': training({ key: wn.input("key", [2]) }),
    "trainStep(sequential, without options)": () => any["trainStep"](network),
    "trainStep({ loss })": () => any["trainStep"]({ loss: x }, whole),
    "evalStep(network, { optimizer })": () => any["evalStep"](network, whole),
    "initStep(network, { inputs })": () => any["initStep"](network, { inputs: [x] }),
    "diagnosticStep(network, {})": () => any["diagnosticStep"](network, {}),
    "() => ({ logits })": returning({ logits: x }),
    "() => ({})": returning({}),
    "() => loss": returning(wn.ops.sum(x)),
    "() => undefined": returning(undefined),
    "() => [loss]": returning([wn.ops.sum(x)]),
    "() => ({ loss: x })": returning({ loss: x }),
    "() => ({ loss: 1 })": returning({ loss: 1 }),
    'trace(f, { mode: "training" })': () =>
      any["trace"](network, { mode: "training", norm: wn.arms.plain }),
    "trace(undefined, ...)": () => any["trace"](undefined, { mode: "train", norm: wn.arms.plain }),
    "trace(f, { key: tensor })": () =>
      any["trace"](network, { mode: "train", norm: wn.arms.plain, key: wn.keyTensor(1) }),
  }).toMatchInlineSnapshot(`
    "
    norm: arms.weights
      trainStep: norm is missing, got undefined; use arms.weight, arms.plain, arms.batch, arms["mean-only"] or arms["weight+mean-only"]
    norm: "weight"
      trainStep: norm must be one of arms, got "weight"; use arms.weight, arms.plain, arms.batch, arms["mean-only"] or arms["weight+mean-only"]
    norm: weightNorm()
      trainStep: norm must be one of arms, got a function; combine it with its other half, e.g. combine(weightNorm(), bias)
    optimizer: adam
      adam: options must be an object of lr, beta1, beta2, epsilon, epsilonWhere, got a list of 3; call it where it is named, \`adam()\`
    optimizer: "adam"
      trainStep: optimizer must be a function, got "adam"; write optimizer: adam({ lr: 1e-3 })
    optimizer: () => adam()
      trainStep: optimizer must return updates, got a function; each is { parameter, next }
    optimizer: undefined
      trainStep: optimizer is missing, got undefined; add optimizer: ...
    optim: adam()
      trainStep: there is no such option, got "optim"; do you mean optimizer? There are inputs, norm, key, optimizer, also
    also: 0.99
      trainStep: also must be a function, got 0.99; write also: (updates) => movingAverage(updates, 0.999)
    inputs: x
      trainStep: inputs must be a list, got a node (input); write inputs: [x, labels]
    inputs: { x, labels }
      trainStep: inputs must be a list, got an object of x, labels; write inputs: [x, labels]
    inputs: [x, relu(x)]
      trainStep: inputs[1] must be an input, got a node (leakyRelu); make it with input(name, shape)
    inputs: [tensor]
      trainStep: inputs[0] must be an input, got a tensor; make it with input(name, shape)
    key: input("key", [2])
      trainStep: key must be uint32 [2], got float [2]; make it with input("key", [2], "uint32")
    trainStep(sequential, without options)
      trainStep: options must be an object, got nothing; write { inputs: ..., norm: ..., optimizer: ... }
    trainStep({ loss })
      trainStep: the network must be a function of a scope, got an object of loss; write (scope) => ({ loss })
    evalStep(network, { optimizer })
      evalStep: there is no such option, got "optimizer"; use inputs, norm, key
    initStep(network, { inputs })
      initStep: norm is missing, got inputs; use arms.weight, arms.plain, arms.batch, arms["mean-only"] or arms["weight+mean-only"]
    diagnosticStep(network, {})
      diagnosticStep: inputs is missing, got no options; add inputs: ...
    () => ({ logits })
      trainStep: the network must return a loss, got logits; name what is to become small loss
    () => ({})
      trainStep: the network must return a loss, got nothing; name what is to become small loss
    () => loss
      network: it must return its outputs by name, got a node (sum); write e.g. { loss, logits }
    () => undefined
      network: it must return its outputs by name, got undefined; write e.g. { loss, logits }
    () => [loss]
      network: it must return its outputs by name, got a list of 1; write e.g. { loss, logits }
    () => ({ loss: x })
      trainStep: the loss must be a float scalar, got float [4,3]; take its sum or mean
    () => ({ loss: 1 })
      network: its output "loss" must be a node, got 1; return what ops and layers make
    trace(f, { mode: "training" })
      trace: mode must be init, train or eval, got "training"; use one of these
    trace(undefined, ...)
      trace: the network must be a function of a scope, got undefined; write (scope) => layer(scope, x)
    trace(f, { key: tensor })
      trace: key must be a node, got a tensor; write input("key", [2], "uint32")
    "
  `);
});

test("layers of layers, norms", () => {
  const layer = wn.dense(3);
  expectMessages({
    "sequential([dense(3)])": () => any["sequential"]([layer]),
    "sequential(dense(3), undefined)": () => any["sequential"](layer, undefined),
    "sequential(dense(3), relu)": () => any["sequential"](layer, wn.ops.relu)(scope, x),
    "apply()": () => any["apply"](),
    "residual(dense(3))": () => any["residual"](layer),
    "residual([dense(3)], { skip })": () => any["residual"]([layer], { skip: layer }),
    "residual([dense(3)], { shortcut: x })": () => any["residual"]([layer], { shortcut: x }),
    "combine(weightNorm())": () =>
      any["trace"]((s: unknown) => loose(layer)(s, x), {
        mode: "train",
        norm: any["combine"](wn.weightNorm()),
      }),
    "combine(weightNorm, bias)": () =>
      any["trace"]((s: unknown) => loose(layer)(s, x), {
        mode: "train",
        norm: any["combine"](wn.weightNorm, wn.bias),
      }),
    "combine(weightNorm(), batchNorm)": () =>
      any["trace"]((s: unknown) => loose(layer)(s, x), {
        mode: "train",
        norm: any["combine"](wn.weightNorm(), wn.batchNorm),
      }),
    'weightNorm({ scale: "log" })': () => any["weightNorm"]({ scale: "log" }),
    "weightNorm({ trainable: { v: false } })": () => any["weightNorm"]({ trainable: { v: false } }),
    "armsOf({ stddev: 1 })": () => any["armsOf"]({ stddev: 1 }),
    "batchNorm({ momentum: 0.9 })": () => any["batchNorm"]({ momentum: 0.9 }),
    "meanOnly({ epsilon: 1 })": () => any["meanOnly"]({ epsilon: 1 }),
    "huber(x, x, { beta: 1 })": () => any["huber"](x, x, { beta: 1 }),
    "discretizedLogisticLogProb(x, x, x, { bin: 3 })": () =>
      any["discretizedLogisticLogProb"](x, x, x, { bin: 3 }),
    "parameter(name, shape)": () => any["parameter"]("p", [1]),
    "parameter(name, shape, { initializer })": () => any["parameter"]("p", [1], { initializer: 0 }),
    'wholeUnits("dense", "units", "10")': () => any["wholeUnits"]("dense", "units", "10"),
    'wholeUnits("dense", "units", 0)': () => any["wholeUnits"]("dense", "units", 0),
    'wholeUnits("dense", "units", 2.5)': () => any["wholeUnits"]("dense", "units", 2.5),
    'wholeUnits("dense", "units", dense(3))': () => any["wholeUnits"]("dense", "units", layer),
  }).toMatchInlineSnapshot(`
    "
    sequential([dense(3)])
      sequential: argument 1 must be a layer, got a list of 1; spread the list, ...layers
    sequential(dense(3), undefined)
      sequential: argument 2 must be a layer, got undefined; a layer is what dense(10), apply(ops.relu) and the like make
    sequential(dense(3), relu)
      leakyRelu: expected a node, got a scope; an op is no layer: wrap it, apply(leakyRelu)
    apply()
      apply: expected a function of a node, got undefined; write e.g. apply(ops.relu)
    residual(dense(3))
      residual: layers must be a list, got a function; write residual([...], { shortcut })
    residual([dense(3)], { skip })
      residual: there is no such option, got "skip"; do you mean shortcut? There are shortcut, name
    residual([dense(3)], { shortcut: x })
      residual: shortcut must be a layer, got a node (input); a layer is what dense(10), apply(ops.relu) and the like make
    combine(weightNorm())
      combine: expected a parameterization and statistics, got a function and undefined; write e.g. combine(weightNorm(), meanOnly())
    combine(weightNorm, bias)
      weightNorm: options must be an object of scale, trainable, std, got a scope; call it where it is named, \`weightNorm()\`
    combine(weightNorm(), batchNorm)
      batchNorm: options must be an object of decay, epsilon, got a scope; call it where it is named, \`batchNorm()\`
    weightNorm({ scale: "log" })
      weightNorm: scale must be "linear" or "exponential", got "log"; use one of these
    weightNorm({ trainable: { v: false } })
      weightNorm: trainable: there is no such option, got "v"; use g
    armsOf({ stddev: 1 })
      plainWeight: there is no such option, got "stddev"; do you mean std? There is std
    batchNorm({ momentum: 0.9 })
      batchNorm: there is no such option, got "momentum"; do you mean decay? There are decay, epsilon
    meanOnly({ epsilon: 1 })
      meanOnly: there is no such option, got "epsilon"; use decay
    huber(x, x, { beta: 1 })
      huber: there is no such option, got "beta"; do you mean delta? There is delta
    discretizedLogisticLogProb(x, x, x, { bin: 3 })
      discretizedLogisticLogProb: there is no such option, got "bin"; do you mean bins? There is bins
    parameter(name, shape)
      parameter: options must be an object, got nothing; write { init: ... }
    parameter(name, shape, { initializer })
      parameter: there is no such option, got "initializer"; do you mean init? There are init, dtype, trainable
    wholeUnits("dense", "units", "10")
      dense: units must be a whole number, at least 1, got "10"; write e.g. dense(10)
    wholeUnits("dense", "units", 0)
      dense: units must be a whole number, at least 1, got 0; write e.g. dense(10)
    wholeUnits("dense", "units", 2.5)
      dense: units must be a whole number, at least 1, got 2.5; write e.g. dense(10)
    wholeUnits("dense", "units", dense(3))
      dense: units must be a whole number, at least 1, got a function; write e.g. dense(10)
    "
  `);
});

test("ops", () => {
  expectMessages({
    "conv2d(x, w, { padding: 1 })": () => ops["conv2d"](images, filters, { padding: 1 }),
    "conv2d(x, w, { stride: 2 })": () => ops["conv2d"](images, filters, { stride: 2 }),
    "conv2d(x, w, { dilation_rate: 2 })": () =>
      ops["conv2d"](images, filters, { dilation_rate: 2 }),
    "conv2d(x, w, 2)": () => ops["conv2d"](images, filters, 2),
    "convTranspose2d(x, w, { output_padding: 1 })": () =>
      ops["convTranspose2d"](images, filters, { output_paddings: 1 }),
    "conv1d(x, w, { strides: 2 })": () => ops["conv1d"](x, x, { strides: 2 }),
    "maxPool2d(x, { kernelSize: 2 })": () => ops["maxPool2d"](images, { kernelSize: 2 }),
    "maxPool2d(x)": () => ops["maxPool2d"](images),
    "averagePool2d(x, { strides: 2 })": () => ops["averagePool2d"](images, { strides: 2 }),
    "sum(x, 1)": () => ops["sum"](x, 1),
    "sum(x, [1])": () => ops["sum"](x, [1]),
    "sum(x, { axis: 1 })": () => ops["sum"](x, { axis: 1 }),
    "mean(x, { dim: 1 })": () => ops["mean"](x, { dim: 1 }),
    "max(x, { keepdim: true })": () => ops["max"](x, { keepdim: true }),
    "logSumExp(x, { axis: 1 })": () => ops["logSumExp"](x, { axis: 1 }),
    "slice(x, { start: 1 })": () => ops["slice"](x, { start: 1 }),
    "slice(x, { axis: 0, stop: 1 })": () => ops["slice"](x, { axis: 0, stop: 1 }),
    "randomUniform(key, { shape: [2] })": () => ops["randomUniform"](x, { shape: [2] }),
    "add(x, undefined)": () => ops["add"](x, undefined),
    'mul("0.1", x)': () => ops["mul"]("0.1", x),
    "add(x, tensor)": () => ops["add"](x, wn.tensor([1, 2, 3])),
    "matmul(x, 2)": () => ops["matmul"](x, 2),
    "sum(undefined)": () => ops["sum"](undefined),
    "mean(tensor)": () => ops["mean"](wn.tensor([1])),
    "reshape(undefined, [1])": () => ops["reshape"](undefined, [1]),
    "softmax(null)": () => ops["softmax"](null),
    "relu(scope, x)": () => ops["relu"](scope, x),
  }).toMatchInlineSnapshot(`
    "
    conv2d(x, w, { padding: 1 })
      conv2d: there is no such option, got "padding"; do you mean pads? There are strides, pads, dilations, groups
    conv2d(x, w, { stride: 2 })
      conv2d: there is no such option, got "stride"; do you mean strides? There are strides, pads, dilations, groups
    conv2d(x, w, { dilation_rate: 2 })
      conv2d: there is no such option, got "dilation_rate"; do you mean dilations? There are strides, pads, dilations, groups
    conv2d(x, w, 2)
      conv2d: options must be an object, got 2; write { strides: ... }
    convTranspose2d(x, w, { output_padding: 1 })
      convTranspose2d: there is no such option, got "output_paddings"; do you mean outputPadding? There are strides, pads, dilations, groups, outputPadding
    conv1d(x, w, { strides: 2 })
      conv1d: there is no such option, got "strides"; do you mean stride? There are stride, pad, dilation, groups
    maxPool2d(x, { kernelSize: 2 })
      maxPool2d: there is no such option, got "kernelSize"; do you mean kernel? There are strides, pads, dilations, kernel
    maxPool2d(x)
      maxPool2d: options must be an object, got nothing; write { kernel: ... }
    averagePool2d(x, { strides: 2 })
      averagePool2d: kernel is missing, got strides; add kernel: ...
    sum(x, 1)
      sum: options must be an object, got 1; write { axes: ... }
    sum(x, [1])
      sum: options must be an object, got a list of 1; write { axes: ... }
    sum(x, { axis: 1 })
      sum: there is no such option, got "axis"; do you mean axes? There are axes, keepDims
    mean(x, { dim: 1 })
      mean: there is no such option, got "dim"; do you mean axes? There are axes, keepDims
    max(x, { keepdim: true })
      max: there is no such option, got "keepdim"; do you mean keepDims? There are axes, keepDims
    logSumExp(x, { axis: 1 })
      logSumExp: there is no such option, got "axis"; do you mean axes? There are axes, keepDims
    slice(x, { start: 1 })
      slice: axis is missing, got start; add axis: ...
    slice(x, { axis: 0, stop: 1 })
      slice: there is no such option, got "stop"; do you mean end? There are axis, start, end, step
    randomUniform(key, { shape: [2] })
      random: stream is missing, got shape; add stream: ...
    add(x, undefined)
      add: expected a node, got undefined; make one with input, parameter, constant or another op
    mul("0.1", x)
      mul: expected a node, got "0.1"; make one with input, parameter, constant or another op
    add(x, tensor)
      add: expected a node, got a tensor; give it as constant(data, shape), or feed it to an input
    matmul(x, 2)
      matmul: expected a node, got 2; write constant(2)
    sum(undefined)
      sum: expected a node, got undefined; make one with input, parameter, constant or another op
    mean(tensor)
      mean: expected a node, got a tensor; give it as constant(data, shape), or feed it to an input
    reshape(undefined, [1])
      reshape: expected a node, got undefined; make one with input, parameter, constant or another op
    softmax(null)
      logSumExp: expected a node, got null; make one with input, parameter, constant or another op
    relu(scope, x)
      leakyRelu: expected a node, got a scope; an op is no layer: wrap it, apply(leakyRelu)
    "
  `);
});

test("what is right stays right: undefined options are left out, and objects may come from anywhere", () => {
  expect(() => any["adam"]({ lr: 0.1, beta1: undefined })).not.toThrow();
  expect(() => any["adam"](Object.create(null))).not.toThrow();
  expect(() => any["sgd"](Object.freeze({ lr: wn.input("lr", []) }))).not.toThrow();
  expect(() => wn.trainStep(network, whole)).not.toThrow();
});
