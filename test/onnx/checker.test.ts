/**
 * What `toModel` writes is ONNX to others too: the checker and the strict shape inference of the onnx package find
 * nothing. Debian's python3-onnx 1.12 knows operator sets up to 17, so models with randomBits, which needs 18, are left out.
 */
import { describe, expect, test } from "vitest";
import { input, parametersOf, topological, type Node, type OpName } from "../../src/graph/index.ts";
import { arms, dense, trace, type Arm } from "../../src/nn/index.ts";
import { exportModel } from "../../src/export/index.ts";
import { toModel } from "../../src/onnx/index.ts";
import { decodeModel, encodeModel } from "../../src/onnx/proto.ts";
import { rootsOf } from "../../src/runtime/run.ts";
import { initialState } from "../../src/runtime/program.ts";
import { cases, composed, derived, type Case } from "../conformance/cases.ts";
import { kindNames, kinds } from "../nn/kinds.ts";
import { complaintsOn, missing, type Named } from "./python.ts";
import { trainingStep } from "./steps.ts";

const isRandom = (y: Node): boolean => topological([y]).some((n) => n.op === "randomBits");
/** The models of conformance cases that need no operator set above 17. */
const modelsOf = (title: string, list: readonly Case[]): readonly Named[] =>
  list.flatMap((c): Named[] => {
    const y = c.build(...c.inputs.map((x, i) => input(`x${i}`, x.shape, x.dtype)));
    return isRandom(y) ? [] : [[`${title} ${c.name}`, toModel({ y }).bytes]];
  });

const title = missing ? "onnx.checker (skipped: python3-onnx is not installed)" : "onnx.checker";
describe.skipIf(missing)(title, () => {
  test.each(Object.keys(arms) as Arm[])("training steps of every layer, arm %s", (arm) => {
    const models = kindNames.map((name): Named => {
      const { bytes } = toModel(rootsOf(trainingStep(kinds[name], arms[arm])));
      return [name, bytes];
    });
    expect(complaintsOn(models)).toEqual([]);
  });

  test("every op that is not random", () => {
    const ops = (Object.entries(cases) as [OpName, readonly Case[]][]).filter(
      ([op]) => op !== "randomBits",
    );
    const models = ops.map(([op, list]) => modelsOf(op, list));
    expect(ops.filter((_, i) => models[i].length === 0)).toEqual([]);
    expect(complaintsOn(models.flat())).toEqual([]);
  });

  test("functions built from several ops", () => {
    expect(complaintsOn(modelsOf("", [...composed, ...derived]))).toEqual([]);
  });

  test("a model exported for inference", () => {
    const x = input("x", [2, 3]);
    const { value } = trace((scope) => dense(4)(scope, x), { mode: "eval", norm: arms.plain });
    const bytes = exportModel({ y: value }, initialState(parametersOf([value]), 1));
    expect(complaintsOn([["exported", bytes]])).toEqual([]);
  });

  test("would not pass a model that is wrong", () => {
    const x = input("x", [2, 3]);
    const model = decodeModel(toModel({ x }).bytes, "model");
    const [y] = model.graph!.output;
    const tensorType = {
      ...y.type!.tensorType,
      shape: { dim: [{ dimValue: 4 }, { dimValue: 3 }] },
    };
    const graph = { ...model.graph, output: [{ ...y, type: { tensorType } }] };
    const [complaint] = complaintsOn([["wrong", encodeModel({ ...model, graph })]]);
    expect(complaint).toContain("Inferred shape and existing shape differ in dimension 0");
  });
});
