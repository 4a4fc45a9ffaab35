/** The figures of a comparison of agents. */
import type { DqnResults } from "../../../experiments/dqn/results.ts";
import { linearAxis, logAxis } from "../../report/axis.ts";
import type { Quantity } from "../../report/curves.ts";
import { layerPanels } from "../../report/figure.ts";
import { draw, INNER_WIDTH, panel, valuesOf, type Legend } from "../../report/panels.ts";
import {
  armsIn,
  layerLines,
  layersIn,
  runsOf,
  testReturns,
  trainingReturns,
  updateMeans,
} from "./lines.ts";

const legendOf = (results: DqnResults): Legend => {
  const arms = armsIn(results);
  return { arms, seeds: Math.max(0, ...arms.map((arm) => runsOf(results, arm).length)) };
};

/** Returns in training and in tests, over frames and over time; Q values and loss. */
export function returnsFigure(results: DqnResults): Promise<string> {
  const random = results.random.mean;
  const [training, tests] = [trainingReturns(results), testReturns(results)];
  const [q, loss] = [updateMeans(results, "q"), updateMeans(results, "loss")];
  const gap = 62;
  const size = { width: (INNER_WIDTH - gap) / 2, height: 210 };
  const all = [...training, ...tests, ...q];
  const frames = linearAxis("thousand frames", valuesOf(all, "at"), { count: 6 });
  const seconds = linearAxis("training time (s)", valuesOf(all, "seconds"), { count: 6 });
  const byFrames = { ...size, xField: "at", x: frames } as const;
  const byTime = { ...size, xField: "seconds", x: seconds } as const;
  const lowest = Math.min(0, ...valuesOf([...training, ...tests], "y"));
  const returns = (points: typeof training): ReturnType<typeof linearAxis> =>
    linearAxis("return", [...valuesOf(points, "y"), random], { from: lowest });
  const [trainingAxis, testAxis] = [returns(training), returns(tests)];
  const values = linearAxis("Q", valuesOf(q, "y"), { from: Math.min(0, ...valuesOf(q, "y")) });
  const losses = logAxis("loss (log)", valuesOf(loss, "y"));
  const panels = [
    panel("a\u2002Return in training by frames", training, {
      ...byFrames,
      y: trainingAxis,
      target: random,
    }),
    panel("b\u2002Return in training by time", training, {
      ...byTime,
      y: trainingAxis,
      target: random,
    }),
    panel("c\u2002Return in tests by frames", tests, { ...byFrames, y: testAxis, target: random }),
    panel("d\u2002Return in tests by time", tests, { ...byTime, y: testAxis, target: random }),
    panel("e\u2002Value Q of the best action", q, { ...byFrames, y: values }),
    panel("f\u2002Loss", loss, { ...byFrames, y: losses }),
  ];
  const goal = `random play ${random.toFixed(2)}`;
  return draw({ ...legendOf(results), goal }, panels, { ...size, columns: 2, gap });
}

export const layersFigure = (results: DqnResults, quantity: Quantity): Promise<string> =>
  layerPanels(legendOf(results), quantity, {
    layers: layersIn(results),
    axis: { title: "thousand frames", integer: false },
    linesOf: (layer) => layerLines(results, layer, quantity),
  });
