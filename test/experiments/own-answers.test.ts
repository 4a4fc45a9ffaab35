/** Answers of a network by what a checkpoint holds, whenever it was saved. */
import { expect, test } from "vitest";
import { answersOf } from "../../experiments/own/answers.ts";
import { answering, perceptron } from "../../experiments/own/table/model.ts";
import { table } from "../../experiments/own/table/task.ts";
import {
  arms,
  evalStep,
  initialState,
  input,
  isOptimizerState,
  parametersOf,
  tensor,
  type Input,
  type Network,
  type State,
} from "../../src/index.ts";
import { nodeRuntime } from "../../src/node/index.ts";

test("a state that is still trained on answers as its parameters do", async () => {
  const target = { kind: "classification", name: "y", classes: ["a", "b"] } as const;
  const network = (x: Input): Network => answering(target, perceptron(3, 2), x);
  const x = input("x", [1, 2]);
  const { outputs = {} } = evalStep(network(x), { inputs: [x], norm: arms.plain });
  const parameters = initialState(parametersOf([outputs["answer"]]), 1);
  const trained: State = new Map([
    ...parameters,
    ...["m", "v"].map((slot) => [`adam.dense1.b.${slot}`, tensor([0, 0, 0], [3])] as const),
  ]);
  expect([...trained.keys()].filter(isOptimizerState)).toHaveLength(2);
  const runtime = nodeRuntime({ threads: 1 });
  const of = (state: State): ReturnType<typeof answersOf> =>
    answersOf(
      {
        ...{ config: table.complete({}, {}), arm: "plain", seed: 1, state },
        ...{ norm: arms.plain, runtime, onProgress: () => undefined },
      },
      {
        ...{ count: 3, network, input: (size) => input("x", [size, 2]) },
        feed: (_, size) => tensor([1, 2, 3, 4, 5, 6].slice(0, 2 * size), [size, 2]),
      },
    );
  const answers = await of(trained);
  expect(answers).toHaveLength(3);
  expect(answers).toEqual(await of(parameters));
  await expect(of(new Map([...trained, ["other", tensor([0], [1])]]))).rejects.toThrow(
    'got an unexpected "other"',
  );
});
