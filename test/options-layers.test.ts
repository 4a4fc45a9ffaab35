/** What plain JavaScript lets pass of layers and of the newer losses and optimizers, and what is said of each. */
import { test } from "vitest";
import * as wn from "../src/index.ts";
import { any, expectMessages } from "./mistakes.ts";

const x = wn.input("x", [4, 3]);
const scope = wn.trace((s) => s, { mode: "train", norm: wn.arms.plain }).value;
const made =
  (name: string, ...given: readonly unknown[]) =>
  () =>
    any[name](...given);

test("layers, when they are made", () => {
  expectMessages({
    'dense("10")': made("dense", "10"),
    "dense(0)": made("dense", 0),
    "dense(2.5)": made("dense", 2.5),
    "dense()": made("dense"),
    "dense(2, 3)": made("dense", 2, 3),
    "dense(2, { useBias: false })": made("dense", 2, { useBias: false }),
    "dense(2, { norm: arms.weights })": made("dense", 2, { norm: "weight" }),
    "conv2d(2)": made("conv2d", 2),
    "conv2d(2, { kernelSize: 3 })": made("conv2d", 2, { kernelSize: 3 }),
    "conv2d(2, { kernel: 3, padding: 1 })": made("conv2d", 2, { kernel: 3, padding: 1 }),
    "conv2d(2, { kernel: 3, stride: 2 })": made("conv2d", 2, { kernel: 3, stride: 2 }),
    "conv1d(2, { kernel: 3, strides: 2 })": made("conv1d", 2, { kernel: 3, strides: 2 }),
    "depthwiseConv2d({})": made("depthwiseConv2d", {}),
    "depthwiseConv2d()": made("depthwiseConv2d"),
    "embedding(0, 4)": made("embedding", 0, 4),
    "embedding(10, 4, { paddingIdx: 0 })": made("embedding", 10, 4, { paddingIdx: 0 }),
    "layerNorm({ eps: 1e-6 })": made("layerNorm", { eps: 1e-6 }),
    "groupNorm(0)": made("groupNorm", 0),
    "multiHeadAttention(8, { numHeads: 2 })": made("multiHeadAttention", 8, { numHeads: 2 }),
    "recurrent(4, { numLayers: 2 })": made("recurrent", 4, { numLayers: 2 }),
    "prelu(0.25)": made("prelu", 0.25),
    "lstm(scope, { units: 4 })": made("lstm", scope, { units: 4 }),
    "gru(scope, { inputs: 3, units: 0 })": made("gru", scope, { inputs: 3, units: 0 }),
  }).toMatchInlineSnapshot(`
    "
    dense("10")
      dense: units must be a whole number, at least 1, got "10"; write e.g. dense(10)
    dense(0)
      dense: units must be a whole number, at least 1, got 0; write e.g. dense(10)
    dense(2.5)
      dense: units must be a whole number, at least 1, got 2.5; write e.g. dense(10)
    dense()
      dense: units must be a whole number, at least 1, got undefined; write e.g. dense(10)
    dense(2, 3)
      dense: options must be an object, got 3; write { name: ... }
    dense(2, { useBias: false })
      dense: there is no such option, got "useBias"; do you mean bias? There are name, norm, initScale, bias
    dense(2, { norm: arms.weights })
      dense: norm must be one of arms, got "weight"; use arms.weight, arms.plain, arms.batch, arms["mean-only"] or arms["weight+mean-only"]
    conv2d(2)
      conv2d: options must be an object, got nothing; write { kernel: ... }
    conv2d(2, { kernelSize: 3 })
      conv2d: there is no such option, got "kernelSize"; do you mean kernel? There are name, norm, initScale, bias, kernel, strides, pads, dilations, groups
    conv2d(2, { kernel: 3, padding: 1 })
      conv2d: there is no such option, got "padding"; do you mean pads? There are name, norm, initScale, bias, kernel, strides, pads, dilations, groups
    conv2d(2, { kernel: 3, stride: 2 })
      conv2d: there is no such option, got "stride"; do you mean strides? There are name, norm, initScale, bias, kernel, strides, pads, dilations, groups
    conv1d(2, { kernel: 3, strides: 2 })
      conv1d: there is no such option, got "strides"; do you mean stride? There are name, norm, initScale, bias, kernel, stride, pad, dilation, groups
    depthwiseConv2d({})
      depthwiseConv2d: kernel is missing, got no options; add kernel: ...
    depthwiseConv2d()
      depthwiseConv2d: options must be an object, got nothing; write { kernel: ... }
    embedding(0, 4)
      embedding: vocabulary must be a whole number, at least 1, got 0; write e.g. embedding(10)
    embedding(10, 4, { paddingIdx: 0 })
      embedding: there is no such option, got "paddingIdx"; do you mean paddingIndex? There are name, norm, initScale, bias, paddingIndex
    layerNorm({ eps: 1e-6 })
      layerNorm: there is no such option, got "eps"; do you mean epsilon? There are name, epsilon, affine, bias, axes
    groupNorm(0)
      groupNorm: groups must be a whole number, at least 1, got 0; write e.g. groupNorm(10)
    multiHeadAttention(8, { numHeads: 2 })
      multiHeadAttention: there is no such option, got "numHeads"; do you mean heads? There are name, norm, initScale, bias, heads, memory, causal, mask, dropout
    recurrent(4, { numLayers: 2 })
      recurrent: there is no such option, got "numLayers"; do you mean layers? There are name, norm, initScale, bias, cell, layers, bidirectional, dropout, returnLast, resetAfter
    prelu(0.25)
      prelu: options must be an object, got 0.25; write { name: ... }
    lstm(scope, { units: 4 })
      lstm: inputs is missing, got units; add inputs: ...
    gru(scope, { inputs: 3, units: 0 })
      gru: units must be a whole number, at least 1, got 0; write e.g. gru(10)
    "
  `);
});

test("layers, when they are called", () => {
  const called = (layer: wn.Layer, given: unknown) => () => layer(scope, given as wn.Node);
  expectMessages({
    "dense(2)(scope, tensor)": called(wn.dense(2), wn.tensor([1, 2], [1, 2])),
    "conv2d(scope, undefined)": called(wn.conv2d(2, { kernel: 3 }), undefined),
    "layerNorm()(scope, [1, 2])": called(wn.layerNorm(), [1, 2]),
    "groupNorm(1)(scope, 1)": called(wn.groupNorm(1), 1),
  }).toMatchInlineSnapshot(`
    "
    dense(2)(scope, tensor)
      dense: expected a node, got a tensor; give it as constant(data, shape), or feed it to an input
    conv2d(scope, undefined)
      conv2d: expected a node, got undefined; make one with input, parameter, constant or another op
    layerNorm()(scope, [1, 2])
      layerNorm: expected a node, got a list of 2; make one with input, parameter, constant or another op
    groupNorm(1)(scope, 1)
      groupNorm: expected a node, got 1; write constant(1)
    "
  `);
});

test("losses and optimizers", () => {
  const labels = wn.input("labels", [4], "int32");
  expectMessages({
    "adamW({ learningRate: 1 })": made("adamW", { learningRate: 1 }),
    "lion({ betas: [0.9, 0.99] })": made("lion", { betas: [0.9, 0.99] }),
    "lamb({ epsilonWhere: 'inside' })": made("lamb", { epsilonWhere: "inside" }),
    "accumulating(adam())": made("accumulating", wn.adam()),
    "exponentialRate({ from: 1 })": made("exponentialRate", { from: 1 }),
    "softmaxCrossEntropy(x, labels, { weight })": made("softmaxCrossEntropy", x, labels, {
      weight: [1, 2, 3],
    }),
    "softmaxCrossEntropy(x, labels, 0.1)": made("softmaxCrossEntropy", x, labels, 0.1),
    "binaryCrossEntropy(x, x, { posWeight })": made("binaryCrossEntropy", x, x, { posWeight: 2 }),
  }).toMatchInlineSnapshot(`
    "
    adamW({ learningRate: 1 })
      adamW: there is no such option, got "learningRate"; do you mean lr? There are lr, beta1, beta2, epsilon, epsilonWhere, weightDecay, match
    lion({ betas: [0.9, 0.99] })
      lion: there is no such option, got "betas"; do you mean beta1 and beta2? There are weightDecay, match, lr, beta1, beta2
    lamb({ epsilonWhere: 'inside' })
      lamb: there is no such option, got "epsilonWhere"; use lr, beta1, beta2, epsilon, weightDecay, match
    accumulating(adam())
      accumulating: options must be an object, got nothing; write { examples: ... }
    exponentialRate({ from: 1 })
      exponentialRate: decay is missing, got from; add decay: ...
    softmaxCrossEntropy(x, labels, { weight })
      softmaxCrossEntropy: there is no such option, got "weight"; do you mean classWeights? There are labelSmoothing, classWeights, ignoreIndex, reduction
    softmaxCrossEntropy(x, labels, 0.1)
      softmaxCrossEntropy: options must be an object, got 0.1; write { labelSmoothing: ... }
    binaryCrossEntropy(x, x, { posWeight })
      binaryCrossEntropy: there is no such option, got "posWeight"; do you mean positiveWeight? There is positiveWeight
    "
  `);
});
