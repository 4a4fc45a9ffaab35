// jax-js on WebAssembly. Its arrays are used up by what takes them; `ref` keeps one for another use.
import { defaultDevice, init, jit, lax, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { convolutions, dense, labels, pixels, timing, weights } from "./layers.mjs";

const batch = 100;
const [LR, BETA1, BETA2, EPSILON] = [1e-3, 0.9, 0.999, 1e-8];

const sized = (values, shape) => np.array(values).reshape(shape);
/** g v / |v|, where units are the first axis. */
const weight = (v, g) => {
  const axes = v.shape.slice(1).map((_, i) => i + 1);
  const norm = np.sqrt(np.sum(np.square(v.ref), axes, { keepdims: true }));
  return v.mul(g.div(norm));
};
const pooled = (x) => {
  const [n, c, h, w] = x.shape;
  return np.max(x.reshape([n, c, h / 2, 2, w / 2, 2]), [3, 5]);
};
function loss(parameters, x, y) {
  const maps = convolutions.reduce((h, { pools }, i) => {
    const [v, g, b] = parameters.slice(3 * i, 3 * i + 3);
    const sums = lax.conv(h, weight(v, g), [1, 1], "SAME").add(b);
    return nn.relu(pools ? pooled(sums) : sums);
  }, x);
  const [v, g, b] = parameters.slice(-3);
  const scores = np.matmul(maps.reshape([batch, -1]), np.transpose(weight(v, g))).add(b);
  return np.sum(nn.logSoftmax(scores, -1).mul(y)).mul(-1 / batch);
}

async function start() {
  await init("wasm");
  defaultDevice("wasm");
  const unit = (shape, outs, ins, ones) => [
    sized(
      weights(
        shape.reduce((a, b) => a * b),
        ins,
      ),
      shape,
    ),
    np.ones([outs, ...shape.slice(1).map(() => 1)]),
    np.zeros([outs, ...ones]),
  ];
  let parameters = [
    ...convolutions.flatMap(({ ins, outs }) => unit([outs, ins, 3, 3], outs, 9 * ins, [1, 1])),
    ...unit([dense.outs, dense.ins], dense.outs, dense.ins, []),
  ];
  const zeros = () => parameters.map((p) => np.zeros(p.shape));
  let [first, second, step] = [zeros(), zeros(), 0];
  const x = sized(pixels(batch * 784), [batch, 1, 28, 28]);
  const y = nn.oneHot(np.array(labels(batch), { dtype: np.int32 }), 10);
  const update = jit((p, m, s, rate, x, y) => {
    const kept = p.map((a) => a.ref);
    const [value, gradients] = valueAndGrad(loss)(kept, x, y);
    const next = p.map((a, i) => {
      const d = gradients[i];
      const m1 = m[i].mul(BETA1).add(d.ref.mul(1 - BETA1));
      const s1 = s[i].mul(BETA2).add(np.square(d).mul(1 - BETA2));
      const change = m1.ref.div(np.sqrt(s1.ref).add(EPSILON)).mul(rate.ref);
      return [a.sub(change), m1, s1];
    });
    rate.dispose();
    return [next.map((n) => n[0]), next.map((n) => n[1]), next.map((n) => n[2]), value];
  });
  return timing(async () => {
    step++;
    const rate = np.array([(LR * Math.sqrt(1 - BETA2 ** step)) / (1 - BETA1 ** step)]);
    let value;
    [parameters, first, second, value] = update(parameters, first, second, rate, x.ref, y.ref);
    await value.data();
    for (const p of parameters) await p.blockUntilReady();
  });
}
export const racer = { title: "jax-js, WebAssembly", batch, start };
