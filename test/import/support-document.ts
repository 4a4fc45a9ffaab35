/** docs/onnx-support.md: what can be imported and what cannot, as the suite of ONNX has found it. */
import { rules } from "../../src/import/rules/index.ts";
import { OPSETS } from "../../src/import/support.ts";
import type { Outcome } from "./suite.ts";

export const passes = (outcomes: readonly Outcome[]): readonly Outcome[] =>
  outcomes.filter((o) => o.trouble === undefined);
/** Tests that pass and have a gradient to check. */
export const withGradient = (outcomes: readonly Outcome[]): readonly Outcome[] =>
  passes(outcomes).filter((o) => o.gradient !== undefined);

/** Why tests do not pass, by what is said of them; the first that fits. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [
    /sequence or an optional|Sequence|Optional/,
    "sequences and optional values: no tensors, no gradients",
  ],
  [/STRING|StringNormalizer|TfIdf/, "strings, and what counts words in them"],
  [/ai\.onnx\.preview\.training/, "optimizers of an operator set of their own"],
  [/NonMaxSuppression|Unique/, "shapes that depend on data; cut the model before them"],
  [/3 axes of places/, "windows over three axes"],
  [/Bernoulli|Random/, "randomness, which no two runtimes draw alike"],
  [/training_dropout/, "dropout in training, which no two runtimes draw alike"],
  [/wrong on node: .* is Infinity/, "the expected values are beyond float32"],
  [/to_BFLOAT16/i, "floats stay float32 where a model rounds them to bfloat16"],
  [/dynamicquantizelinear/, "a half that float32 rounds up and float64 does not"],
  [/MaxPool .*indices|MaxUnpool/, "MaxPool with indices, and MaxUnpool"],
  [/without a rule: Det/, "determinants"],
  [/without a rule: RoiAlign/, "RoiAlign"],
  [/without a rule: GridSample/, "GridSample"],
];
/** Why a test does not pass, undefined where nobody has said it yet. */
export const reasonOf = ({ name, trouble = "" }: Outcome): string | undefined =>
  reasons.find(([pattern]) => pattern.test(`${name} ${trouble}`))?.[1];

/** The document, in Markdown that is not yet aligned. */
export function supportDocument(outcomes: readonly Outcome[]): string {
  const passing = passes(outcomes);
  const graded = withGradient(outcomes);
  const bound = passing.filter((o) => o.bound.length > 0).length;
  const failing = outcomes.filter((o) => o.trouble !== undefined);
  const ops = Object.keys(rules).toSorted();
  return `# What of ONNX can be imported

<!-- Written by test/import/backend-suite.test.ts; \`npx vitest run test/import -u\` writes it anew. -->

\`importModel\` reads operator sets ${OPSETS.least} to ${OPSETS.most} (many ops in their older forms too). This is what ONNX's own backend tests
(version 1.12, as in Debian's \`libonnx-testdata\`) say of it: every model is imported and run in the float64 reference, on
onnxruntime-node with the blocked and with the plain layout, and on onnxruntime-web, and must give the expected values to the tolerances of
ONNX's own runner, 1e-3 relative and 1e-7 absolute.

- **${passing.length} of ${outcomes.length}** tests pass on all four; in ${bound} of them inputs that shapes depend on are bound to their values at import.
- **${graded.filter((o) => o.gradient === "").length} of ${graded.length}** gradients agree with finite differences in float64, to 1e-6: those of all passing tests with float inputs and outputs
  of at most 20,000 elements. Inputs that lie on a kink, as round numbers do on those of Relu, Floor or Max, are moved by a thousandth; those of
  which no derivative can be told (1e198, square roots of negative numbers) are replaced by numbers near 1.

## Ops

Tests are those of the suite that use the op, alone or with others; an op without tests came after the suite, or has other tests here.

| op | operator sets tested | tests | pass | gradients |
| --- | --- | --- | --- | --- |
${ops.map((op) => rowOf(op, outcomes)).join("\n")}

## What does not pass

| reason | tests | which |
| --- | --- | --- |
${grouped(failing)
  .map(
    ([reason, list]) =>
      `| ${reason} | ${list.length} | ${list.map((o) => shortOf(o.name)).join(", ")} |`,
  )
  .join("\n")}
`;
}

function rowOf(op: string, outcomes: readonly Outcome[]): string {
  const using = outcomes.filter((o) => o.ops.includes(op));
  const passing = passes(using);
  const opsets = passing.map((o) => o.opset);
  const [least, most] = [Math.min(...opsets), Math.max(...opsets)];
  const range = opsets.length === 0 ? "" : least === most ? `${least}` : `${least} to ${most}`;
  return `| ${op} | ${range} | ${using.length} | ${passing.length} | ${withGradient(using).length} |`;
}

/** By reason, the most frequent first. */
function grouped(failing: readonly Outcome[]): readonly (readonly [string, readonly Outcome[]])[] {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of failing) {
    const reason = reasonOf(outcome) ?? "not known";
    groups.set(reason, [...(groups.get(reason) ?? []), outcome]);
  }
  return [...groups].toSorted(([, a], [, b]) => b.length - a.length);
}
const shortOf = (name: string): string => name.replace(/^.*\/test_/, "");
