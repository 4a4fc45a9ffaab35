/** The same import and training in Node and in a browser: the classifier of directions, on two pictures of noise. */
import * as wn from "../../index.ts";

/** The losses of three steps. */
export async function threeSteps(bytes: Uint8Array, runtime: wn.Runtime): Promise<number[]> {
  const { layer } = wn.importModel(bytes, { outputs: ["p2o.Add.87"] });
  const [x, label] = [wn.input("x", [2, 3, 64, 32]), wn.input("label", [2, 2])];
  const norm = wn.arms.weight;
  const step = await runtime.compile(
    wn.trainStep((scope) => ({ loss: wn.meanSquaredError(layer(scope, x), label) }), {
      ...{ norm, inputs: [x, label] },
      optimizer: wn.adam({ lr: 1e-4 }),
    }),
  );
  const pixels = Float32Array.from(
    { length: 2 * 3 * 64 * 32 },
    (_, i) => ((i * 7919) % 255) / 127 - 1,
  );
  const feeds = { x: wn.tensor(pixels, x.shape), label: wn.tensor([1, 0, 0, 1], [2, 2]) };
  const state = wn.initialState(step.parameters, 1);
  wn.startScales(state);
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) losses.push((await step.run(feeds, state))["loss"].data[0]);
  await step.release();
  return losses;
}
