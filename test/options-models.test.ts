/** What plain JavaScript lets pass of steps, traces, norms and layers: a table of mistakes and what is said of each. */
import { expect, test } from "vitest";
import * as wn from "../src/index.ts";
import { any, expectMessages, loose } from "./mistakes.ts";

const x = wn.input("x", [4, 3]);
const labels = wn.input("labels", [4], "int32");
const scope = wn.trace((s) => s, { mode: "train", norm: wn.arms.plain }).value;
const network: wn.Network = (s) => ({
  loss: wn.softmaxCrossEntropy(wn.dense(10)(s, x), labels),
});
const whole = { inputs: [x, labels], norm: wn.arms.weight, optimizer: wn.adam() };
const training = (change: Readonly<Record<string, unknown>>) => () =>
  any["trainStep"](network, { ...whole, ...change });
const returning = (value: unknown) => () => any["trainStep"](() => value, whole);

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
      batchNorm: there is no such option, got "momentum"; do you mean decay (the share of the old average: 1 - momentum for PyTorch's momentum, Keras's as it is)? There are decay, epsilon
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
    "
  `);
});

test("what is right stays right: undefined options are left out, and objects may come from anywhere", () => {
  expect(() => any["adam"]({ lr: 0.1, beta1: undefined })).not.toThrow();
  expect(() => any["adam"](Object.create(null))).not.toThrow();
  expect(() => any["sgd"](Object.freeze({ lr: wn.input("lr", []) }))).not.toThrow();
  expect(() => wn.trainStep(network, whole)).not.toThrow();
});
