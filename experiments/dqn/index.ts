/** Deep Q-learning as an experiment: what `compare dqn` trains. */
import type { Experiment } from "../../runs/experiment.ts";
import { complete } from "./complete.ts";
import { presets, type DqnConfig } from "./config.ts";
import { earlierResults } from "./earlier.ts";
import { open, play } from "./field.ts";
import { history } from "./progress.ts";
import { places, settings } from "./settings.ts";

export const dqn: Experiment<DqnConfig> = {
  name: "dqn",
  about: "deep Q-learning in MinAtar's games and those of the Atari 2600",
  ...{ settings, places },
  presets: Object.keys(presets.minatar),
  tab: { frames: 20_000, replay: 20_000, test: { episodes: 20, epsilon: 0 } },
  examples: [
    "compare dqn --game breakout --frames 20000",
    "compare dqn --game catch",
    "compare dqn --rom breakout.bin --preset paper",
  ],
  ...{ complete, open, history, play },
  earlier: (results, where) => earlierResults(results, { settings, where }),
};
