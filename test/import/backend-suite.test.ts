/**
 * ONNX's own backend suite on every runtime, and the gradients of what passes. It is Debian's package libonnx-testdata;
 * where that is not installed, nothing is tested.
 */
import { format, resolveConfig } from "prettier";
import { beforeAll, describe, expect, test } from "vitest";
import { runtimes } from "../runtime/runtimes.ts";
import { isInstalled, outcomeOf, tests, type Outcome } from "./suite.ts";
import { passes, reasonOf, supportDocument, withGradient } from "./support-document.ts";

/** What is reached: a number that falls is a mistake, one that rises is to be written down here. */
const PASS = 949;
const GRADIENTS = 733;

const document = "docs/onnx-support.md";
const title = isInstalled
  ? "onnx backend suite"
  : "onnx backend suite (skipped: libonnx-testdata is not installed)";
describe.skipIf(!isInstalled)(title, () => {
  const outcomes: Outcome[] = [];
  beforeAll(async () => {
    for (const name of tests()) outcomes.push(await outcomeOf(name, runtimes));
  }, 600_000);

  test("as many tests pass on every runtime as before", () => {
    const passing = passes(outcomes).length;
    console.log(`onnx backend suite: ${passing} of ${outcomes.length} pass`);
    expect(passing).toBeGreaterThanOrEqual(834);
    expect(passing).toBe(PASS);
  });

  test("gradients agree with finite differences", () => {
    const graded = withGradient(outcomes);
    const wrong = graded.filter((o) => o.gradient !== "");
    console.log(
      `onnx backend suite: ${graded.length - wrong.length} of ${graded.length} gradients agree`,
    );
    expect(wrong).toEqual([]);
    expect(graded.length).toBe(GRADIENTS);
  });

  test("what does not pass has a reason", () => {
    const unexplained = outcomes.filter(
      (o) => o.trouble !== undefined && reasonOf(o) === undefined,
    );
    expect(unexplained).toEqual([]);
  });

  test(`${document} is up to date`, async () => {
    const style = await resolveConfig(document);
    const text = await format(supportDocument(outcomes), { ...style, parser: "markdown" });
    await expect(text).toMatchFileSnapshot(`../../${document}`);
  });
});
