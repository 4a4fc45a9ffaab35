/** Training, in a worker so that the page stays alive. */
import * as wn from "weightnorm";
import { browserRuntime } from "weightnorm/web";
import { KINDS, pictures, SIZE } from "./pictures.ts";
import type { Order, Said } from "./said.ts";

const BATCH = 32;
const tell = (said: Said): void => {
  self.postMessage(said);
};

const [x, labels] = [wn.input("x", [BATCH, 1, SIZE, SIZE]), wn.input("labels", [BATCH], "int32")];
const relu = wn.apply(wn.ops.relu);
const layers = wn.sequential(
  ...[wn.conv2d(8, { kernel: 3, pads: 1 }), relu],
  ...[wn.apply((y) => wn.ops.maxPool2d(y, { kernel: 2 })), wn.conv2d(16, { kernel: 3, pads: 1 })],
  ...[relu, wn.apply(wn.ops.globalAveragePool), wn.dense(KINDS.length)],
);
/** The loss is what it learns by, `right` the share of pictures that it names. */
function network(scope: wn.Scope) {
  const scores = layers(scope, x);
  const isRight = wn.ops.equal(wn.ops.argmax(scores, 1), labels);
  return {
    loss: wn.softmaxCrossEntropy(scores, labels),
    right: wn.ops.mean(wn.ops.cast(isRight, "float")),
  };
}
const options = { inputs: [x, labels], norm: wn.arms.weight };

function batch(name: string, number: number) {
  const made = pictures(BATCH, name, number);
  return {
    x: wn.tensor(made.pixels, x.shape),
    labels: wn.tensor(made.labels, labels.shape, "int32"),
  };
}

async function train({ steps, ...chosen }: Order): Promise<void> {
  const { runtime, said } = await browserRuntime(chosen);
  tell({ type: "device", said });
  const init = await runtime.compile(wn.initStep(network, options));
  const optimizer = wn.adam({ lr: 0.01 });
  const step = await runtime.compile(wn.trainStep(network, { ...options, optimizer }));
  const test = await runtime.compile(wn.evalStep(network, options));
  const state = wn.initialState(step.parameters, 1);
  await init.run(batch("init", 0), state);
  const began = performance.now();
  for (let i = 1; i <= steps; i++) {
    const { loss } = await step.run(batch("train", i), state);
    tell({ type: "step", step: i, steps, loss: wn.item(loss) });
  }
  const seconds = (performance.now() - began) / 1000;
  const { right } = await test.run(batch("test", 0), state);
  tell({ type: "end", right: wn.item(right), seconds });
  await Promise.all([init, step, test].map((program) => program.release()));
}

self.onmessage = ({ data }: MessageEvent<Order>): void => {
  train(data).catch((error: unknown) => {
    tell({ type: "error", message: error instanceof Error ? error.message : String(error) });
  });
};
