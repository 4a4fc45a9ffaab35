/** What plain JavaScript lets pass of ops, optimizers and schedules: a table of mistakes and what is said of each. */
import { test } from "vitest";
import * as wn from "../src/index.ts";
import { nodeRuntime } from "../src/runtime/node.ts";
import { checkSpec } from "../src/runtime/program.ts";
import { any, expectMessages, loose, ops } from "./mistakes.ts";

const x = wn.input("x", [4, 3]);
const images = wn.input("images", [2, 3, 8, 8]);
const filters = wn.ops.constant(new Array<number>(5 * 3 * 3 * 3).fill(1), [5, 3, 3, 3]);
const parameter = wn.parameter("p", [2], { init: { kind: "constant", value: 1 } });
const scope = wn.trace((s) => s, { mode: "train", norm: wn.arms.plain }).value;

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
      adam: there is no such option, got "weightDecay"; adamW, lion and lamb have weightDecay; for others decay the gradients: weightDecay(parameters, gradients, { rate })
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
    "min(x, { axis: 1 })": () => ops["min"](x, { axis: 1 }),
    "variance(x, { ddof: 1 })": () => ops["variance"](x, { ddof: 1 }),
    "product(x, { axis: 0 })": () => ops["product"](x, { axis: 0 }),
    "product(2)": () => ops["product"](2),
    "cumulativeSum(x, 0, { reversed: true })": () => ops["cumulativeSum"](x, 0, { reversed: true }),
    'gelu(x, { approximation: "tanh" })': () => ops["gelu"](x, { approximation: "tanh" }),
    "upsample(x, { scaleFactor: 2 })": () => ops["upsample"](images, { scaleFactor: 2 }),
    "conv2d(x, w, { kernel: 5, bias: true })": () =>
      ops["conv2d"](images, filters, { kernel: 5, bias: true }),
    'maxPool2d(x, { kernel: 2, pads: "same" })': () =>
      ops["maxPool2d"](images, { kernel: 2, pads: "same" }),
    'averagePool2d(x, { kernel: 2, pads: "same" })': () =>
      ops["averagePool2d"](images, { kernel: 2, pads: "same" }),
    "maxPool1d(x, { kernelSize: 2 })": () => ops["maxPool1d"](x, { kernelSize: 2 }),
    'averagePool1d(x, { kernel: 2, pad: "causal" })': () =>
      ops["averagePool1d"](x, { kernel: 2, pad: "causal" }),
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
    min(x, { axis: 1 })
      min: there is no such option, got "axis"; do you mean axes? There are axes, keepDims
    variance(x, { ddof: 1 })
      variance: there is no such option, got "ddof"; use axes, keepDims, correction
    product(x, { axis: 0 })
      product: there is no such option, got "axis"; do you mean axes? There are axes, keepDims
    product(2)
      product: expected a node, got 2; write constant(2)
    cumulativeSum(x, 0, { reversed: true })
      cumulativeSum: there is no such option, got "reversed"; do you mean reverse? There are exclusive, reverse
    gelu(x, { approximation: "tanh" })
      gelu: there is no such option, got "approximation"; use approximate
    upsample(x, { scaleFactor: 2 })
      upsample: there is no such option, got "scaleFactor"; use scale, size, mode, alignCorners
    conv2d(x, w, { kernel: 5, bias: true })
      conv2d: there is no such option, got "kernel"; use strides, pads, dilations, groups
    maxPool2d(x, { kernel: 2, pads: "same" })
      maxPool2d: a pool takes pads in numbers, got "same"; work out how many elements to add on each side
    averagePool2d(x, { kernel: 2, pads: "same" })
      averagePool2d: a pool takes pads in numbers, got "same"; work out how many elements to add on each side
    maxPool1d(x, { kernelSize: 2 })
      maxPool1d: there is no such option, got "kernelSize"; do you mean kernel? There are stride, pad, dilation, kernel
    averagePool1d(x, { kernel: 2, pad: "causal" })
      averagePool1d: a pool takes pad in numbers, got "causal"; work out how many elements to add on each side
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

test("exported models and runtimes", () => {
  expectMessages({
    "exportModel({ x }, values, { name })": () =>
      any["exportModel"]({ x }, new Map(), { name: "net" }),
    "nodeRuntime({ intraOpNumThreads: 1 })": () => loose(nodeRuntime)({ intraOpNumThreads: 1 }),
    "nodeRuntime({ thread: 1 })": () => loose(nodeRuntime)({ thread: 1 }),
    "nodeRuntime(2)": () => loose(nodeRuntime)(2),
    "checkSpec({ output: x })": () => loose(checkSpec)({ inputs: [x], output: { x } }),
  }).toMatchInlineSnapshot(`
    "
    exportModel({ x }, values, { name })
      exportModel: there is no such option, got "name"; do you mean names? There are metadata, names, dynamic, opset, half, graphName, description, producerVersion
    nodeRuntime({ intraOpNumThreads: 1 })
      nodeRuntime: there is no such option, got "intraOpNumThreads"; use threads, profile, blocked, without, inPlace
    nodeRuntime({ thread: 1 })
      nodeRuntime: there is no such option, got "thread"; do you mean threads? There are threads, profile, blocked, without, inPlace
    nodeRuntime(2)
      nodeRuntime: options must be an object, got 2; write { threads: ... }
    checkSpec({ output: x })
      compile: there is no such option, got "output"; do you mean outputs? There are inputs, unused, outputs, updates, finite, watch
    "
  `);
});
