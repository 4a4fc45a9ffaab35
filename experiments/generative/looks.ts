/** What may be looked at of a generative model while it trains. */
import { input, keyTensor, tensor, type State } from "../../src/index.ts";
import type { Picture } from "../../runs/experiment.ts";
import type { Looks } from "../../runs/looks.ts";
import type { Looked } from "../../runs/minibatch/task.ts";
import { keptPrograms } from "../../runs/on-demand.ts";
import { rasterOf } from "../rasters.ts";
import type { Model } from "./model.ts";
import { drawn, reconstructions, type Drawer, type SampleRequest } from "./pictures.ts";

/** New examples, with whatever shows how they came about. */
export type Sampling = (drawer: Drawer, request: SampleRequest) => Promise<readonly Picture[]>;

/** Pictures always have the same noise: what changes from one to the next is the model. */
const SEED = 0;

export function looksOf(model: Model, looked: Looked, sample: Sampling): Looks {
  const programs = keptPrograms(looked.runtime);
  const drawer = (state: State): Drawer & Looked => ({ ...looked, state, seed: SEED, programs });
  const { decode, latents, image } = model;
  return {
    samples: (state, { count, seed }) =>
      sample(drawer(state), { count, key: keyTensor("sample", seed) }),
    reconstructions: (state) => reconstructions(model, drawer(state)),
    ...(decode && {
      latents: {
        count: latents,
        async of(state, z) {
          if (z.length !== latents)
            throw new Error(
              `latents: expected a point of ${latents} numbers, got ${z.length}; give one for each`,
            );
          const at = input("z", [1, latents]);
          const { images } = await drawn(
            drawer(state),
            (scope) => ({ images: decode(scope, at) }),
            {
              ...{ name: "decode", key: keyTensor(SEED, "pictures") },
              ...{ inputs: [at], feeds: { z: tensor(z, [1, latents]) } },
            },
          );
          const [channels, height, width] = image;
          return rasterOf(images.data, [channels as 1 | 3, height, width], { scale: 255 });
        },
      },
    }),
    release: programs.release,
  };
}
