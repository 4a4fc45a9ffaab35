/** How the numbers of agents are to be read. */
import type { Panel, Sheet } from "../../runs/records.ts";
import type { DqnConfig } from "./config.ts";

const panel = (
  title: string,
  key: string,
  rest: Omit<Panel, "title" | "key" | "scale">,
): Panel => ({
  ...{ title, key, scale: 1 },
  ...rest,
});

export function sheetOf(
  config: Pick<DqnConfig, "game" | "plays" | "test">,
  baseline?: Sheet["baseline"],
): Sheet {
  const { plays, game, test } = config;
  return {
    axis: { name: "frame", per: 1000 },
    measures: [{ key: "return", unit: "points", scale: 1, digits: 2, better: "higher" }],
    panels: [
      panel("Return in training", "return", {
        ...{ from: "points", unit: "return", axis: "linear", by: ["at", "seconds"], smooth: true },
      }),
      panel("Return in tests", "return", {
        ...{ from: "test", unit: "return", axis: "linear", by: ["at", "seconds"] },
      }),
      panel("Value Q of the best action", "q", {
        ...{ from: "points", unit: "Q", axis: "linear", by: ["at"], smooth: true },
      }),
      panel("Loss", "loss", {
        ...{ from: "points", unit: "loss", axis: "log", by: ["at"], smooth: true },
      }),
    ],
    table: [
      { set: "test", key: "return", head: "test return", scale: 1, digits: 2, better: "higher" },
      { set: "test", key: "steps", head: "steps an episode", scale: 1, digits: 0 },
      {
        set: "train",
        key: "return",
        head: "training return",
        scale: 1,
        digits: 2,
        better: "higher",
      },
      { set: "train", key: "q", head: "Q", scale: 1, digits: 2 },
      "work a second",
      "milliseconds",
    ],
    layers: ["v", "g"], // optimizers that divide by the size of gradients have no effective step
    work: { unit: "frames", perStep: 1, step: "updates" },
    tested: { count: test.episodes, unit: `episodes of ${plays || game}` },
    ...(baseline ? { baseline } : {}),
    pictures: "How the agents play",
    notes: {
      figure:
        "A return is the sum of an episode's rewards as the game counts them. In training a share of the actions is random, which falls at first; in tests nothing is learned. Q is the mean over minibatches of the value of the best action.",
      table: "Training returns are of agents that explore.",
    },
  };
}
