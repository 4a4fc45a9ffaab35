/**
 * A process that imports a generated model of 100 MB and traces it, and says how much memory that took at most, by the size of the
 * file: `npx tsx bench/import.ts`. Another, `npx tsx bench/import.ts FILE.onnx`, says how long after its start a first training
 * step was done on a file of a picture classifier.
 */
import { readFileSync } from "node:fs";
import {
  adam,
  arms,
  importModel,
  initialState,
  input,
  meanSquaredError,
  tensor,
  trace,
  trainStep,
} from "../src/index.ts";
import { nodeRuntime } from "../src/node/index.ts";
import { DataType } from "../src/onnx/index.ts";
import { encodeModel } from "../src/onnx/proto.ts";

const [LAYERS, WIDTH] = [25, 1024];
const peak = (): number => process.resourceUsage().maxRSS * 1024;

/** Products with square matrices, one after the other. */
function large(): Uint8Array {
  const name = (i: number): string => (i === 0 ? "x" : i === LAYERS ? "y" : `h${i}`);
  const layers = Array.from({ length: LAYERS }, (_, i) => i);
  const values = new Uint8Array(new Float32Array(WIDTH * WIDTH).fill(0.01).buffer);
  const dims = [WIDTH, WIDTH];
  return encodeModel({
    opsetImport: [{ domain: "", version: 17 }],
    graph: {
      node: layers.map((i) => ({
        ...{ opType: "MatMul", input: [name(i), `w${i}`], output: [name(i + 1)] },
      })),
      initializer: layers.map((i) => ({
        ...{ name: `w${i}`, dims, dataType: DataType.FLOAT, rawData: values },
      })),
      input: [
        {
          name: "x",
          type: {
            tensorType: {
              elemType: DataType.FLOAT,
              shape: { dim: [{ dimValue: 1 }, { dimValue: WIDTH }] },
            },
          },
        },
      ],
      output: [{ name: "y" }],
    },
  });
}

function memory(): object {
  const before = peak();
  const bytes = large();
  const { network } = importModel(bytes);
  const { parameters } = trace((scope) => network(scope), { mode: "eval", norm: arms.weight });
  const state = initialState(parameters, 1);
  return { bytes: bytes.length, state: state.size, timesItsSize: (peak() - before) / bytes.length };
}

async function firstStep(file: string): Promise<object> {
  const { layer } = importModel(readFileSync(file));
  const [x, target] = [input("x", [2, 3, 64, 32]), input("target", [2, 2])];
  const step = await nodeRuntime().compile(
    trainStep((scope) => ({ loss: meanSquaredError(layer(scope, x), target) }), {
      ...{ norm: arms.weight, inputs: [x, target] },
      optimizer: adam(),
    }),
  );
  const feeds = {
    x: tensor(new Float32Array(2 * 3 * 64 * 32).fill(0.5), x.shape),
    target: tensor([1, 0, 0, 1], target.shape),
  };
  await step.run(feeds, initialState(step.parameters, 1));
  const { user, system } = process.cpuUsage();
  return { firstStepSeconds: performance.now() / 1000, processorSeconds: (user + system) / 1e6 };
}

const file = process.argv.at(2);
const result = file === undefined ? memory() : await firstStep(file);
process.stdout.write(`${JSON.stringify(result)}\n`);
