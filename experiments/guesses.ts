/** What may be looked at of every classifier of pictures: what it takes a picture for, and where it is wrong. */
import { input, ops, tensor, trace, type Layer, type State, type Tensor } from "../src/index.ts";
import type { Looks, Mistake } from "../runs/looks.ts";
import type { MinibatchConfig } from "../runs/minibatch/config.ts";
import type { Task } from "../runs/minibatch/task.ts";
import { keptPrograms } from "../runs/on-demand.ts";

/** Test examples that are looked through for mistakes: the first of them, which takes no longer than people wait. */
const LOOKED_THROUGH = 1000;
const BATCH = 100;

/** Of a network from the first input of its data to logits. */
export const classifierLooks =
  (layerOf: (config: MinibatchConfig) => Layer): NonNullable<Task["looks"]> =>
  ({ config, norm, data: { test }, runtime }): Looks => {
    const programs = keptPrograms(runtime);
    const { pictured } = test;
    const [, ...shape] = test.inputs(1)[0].shape;
    /** The probability of every class, an example each. */
    async function asked(state: State, x: Tensor): Promise<readonly (readonly number[])[]> {
      const [size] = x.shape;
      const program = programs.of(`${size}`, () => {
        const examples = input("x", [size, ...shape]);
        const { value } = trace((scope) => ops.softmax(layerOf(config)(scope, examples)), {
          mode: "eval",
          norm,
        });
        return { inputs: [examples], outputs: { probabilities: value } };
      });
      const { data } = (await program.run({ x }, state))["probabilities"];
      const classes = data.length / size;
      return Array.from({ length: size }, (_, i) =>
        Array.from(data.subarray(i * classes, (i + 1) * classes)),
      );
    }
    if (!pictured) return { release: programs.release };
    const { size, inverted, classes, values } = pictured;
    return {
      ...(values && {
        guesses: {
          ...{ picture: size, inverted, classes },
          of: (state, pictures) =>
            asked(state, tensor(values(pictures), [pictures.length, ...shape])),
        },
      }),
      async mistakes(state, most) {
        const count = Math.min(LOOKED_THROUGH, test.count);
        const batch = Math.min(BATCH, count);
        const found: Omit<Mistake, "picture">[] = [];
        for (let start = 0; start < count; start += batch) {
          // Filled up where the last batch is smaller.
          const rows = Uint32Array.from({ length: batch }, (_, i) =>
            Math.min(start + i, count - 1),
          );
          const answers = await asked(state, test.feeds(rows)["x"]);
          for (const [i, answer] of answers.slice(0, count - start).entries()) {
            const [label, guess] = [pictured.label(start + i), likeliest(answer)];
            if (guess !== label)
              found.push({
                ...{ row: start + i, label: classes[label], guess: classes[guess] },
                sure: answer[guess],
              });
          }
        }
        return found
          .toSorted((a, b) => b.sure - a.sure)
          .slice(0, most)
          .map((mistake) => ({ ...mistake, picture: pictured.picture(mistake.row) }));
      },
      release: programs.release,
    };
  };

/** The first of those that nothing is likelier than, as tests have it. */
const likeliest = (probabilities: readonly number[]): number =>
  probabilities.indexOf(Math.max(...probabilities));
