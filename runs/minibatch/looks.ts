/** Looks at what is evaluated of a state: its best parameters, or their averages, as tests have them. */
import type { State } from "../../src/index.ts";
import type { Looks } from "../looks.ts";
import type { MinibatchConfig } from "./config.ts";
import { evaluated } from "./programs.ts";

export function looksAt(looks: Looks, config: MinibatchConfig): Looks {
  const at = (state: State): State => evaluated(config, state);
  const { guesses, mistakes, samples, reconstructions, latents } = looks;
  return {
    ...looks,
    ...(guesses && {
      guesses: { ...guesses, of: (state, pictures) => guesses.of(at(state), pictures) },
    }),
    ...(mistakes && { mistakes: (state, most) => mistakes(at(state), most) }),
    ...(samples && { samples: (state, options) => samples(at(state), options) }),
    ...(reconstructions && { reconstructions: (state) => reconstructions(at(state)) }),
    ...(latents && { latents: { ...latents, of: (state, z) => latents.of(at(state), z) } }),
  };
}
