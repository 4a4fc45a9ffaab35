// TensorFlow.js on its cpu backend: that of WebAssembly has no gradient of convolutions.
import * as tf from "@tensorflow/tfjs";
import { convolutions, dense, labels, pixels, timing, weights } from "./layers.mjs";

const batch = 5; // a hundred take minutes
async function start() {
  await tf.setBackend("cpu");
  const unit = (shape, outs, ins) => ({
    v: tf.variable(tf.tensor(weights(tf.util.sizeFromShape(shape), ins), shape)),
    g: tf.variable(tf.ones([outs])),
    b: tf.variable(tf.zeros([outs])),
  });
  const convs = convolutions.map(({ ins, outs }) => unit([3, 3, ins, outs], outs, 9 * ins));
  const last = unit([dense.ins, dense.outs], dense.outs, dense.ins);
  /** g v / |v|, where units are the last axis. */
  const weight = ({ v, g }) => {
    const axes = v.shape.slice(0, -1).map((_, axis) => axis);
    return v.mul(g.div(v.square().sum(axes).sqrt()));
  };
  const x = tf.tensor(pixels(batch * 784), [batch, 28, 28, 1]);
  const y = tf.oneHot(tf.tensor1d(labels(batch), "int32"), 10);
  const loss = () => {
    const maps = convolutions.reduce((h, { pools }, i) => {
      const sums = tf.conv2d(h, weight(convs[i]), 1, "same").add(convs[i].b);
      return (pools ? tf.maxPool(sums, 2, 2, "valid") : sums).relu();
    }, x);
    const scores = maps.reshape([batch, -1]).matMul(weight(last)).add(last.b);
    return tf.losses.softmaxCrossEntropy(y, scores);
  };
  const adam = tf.train.adam(1e-3);
  return timing(async () => {
    const value = adam.minimize(loss, true);
    await value.data();
    value.dispose();
  });
}
export const racer = { title: `tfjs ${tf.version.tfjs}, cpu backend`, batch, start };
