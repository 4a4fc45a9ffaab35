/** Findings are drawn by a rule: who leads, who ties, who learned nothing, who diverged. */
import { describe, expect, test } from "vitest";
import { findingsOf } from "../../report/index.ts";
import type { ArmRecord, Arm, Results } from "../../runs/records.ts";
import { BOUND, ERROR, sampleAgents, sampleResults } from "./sample.ts";

type Last = Readonly<Partial<Record<Arm, readonly number[]>>>;
const headline = (results: Results): string => findingsOf(results).headline;
const said = (results: Results): string => findingsOf(results).sentences.join(" ");
/** Nats, of which only seeds tell how far chance moves them, and errors of 10,000 images. */
const nats = (last: Last): Results => sampleResults({ last, measure: BOUND, target: 90 });
const errors = (last: Last): Results => sampleResults({ last });

describe("a lead", () => {
  test("beyond chance is the headline, with what chance can make", () => {
    const results = errors({ plain: [0.05, 0.051, 0.049], weight: [0.01, 0.011, 0.009] });
    expect(headline(results)).toBe("weight had the lowest test error: 1.00% after 4 epochs");
    expect(findingsOf(results).sentences[0]).toBe(
      "Its lead over plain is 4.00 percentage points, more than the 0.47 that chance can make between 3 seeds each and on 10,000 test images.",
    );
  });

  test("of one seed beyond what the size of the test explains says so", () => {
    const results = errors({ plain: [0.02], weight: [0.01] });
    expect(headline(results)).toBe(
      "weight had the lowest test error: 1.00% after 4 epochs, with one seed",
    );
    expect(said(results)).toContain("Another seed may change more than that: one does not tell.");
  });

  test("goes to the highest where higher is better", () => {
    const results = sampleAgents({ plain: [5, 5.1, 5.2], weight: [7, 7.1, 7.2] });
    expect(headline(results)).toBe(
      "weight had the highest test return: 7.10 points after 10,000 frames",
    );
    expect(said(results)).toContain("Random play gets 0.50 points: weight 14 and plain 10 times");
  });

  test("of the others is said as plainly", () => {
    const results = errors({ plain: [0.005], weight: [0.03], batch: [0.02] });
    expect(headline(results)).toMatch(/^plain had the lowest test error: 0.50%/);
    expect(said(results)).toContain(
      "Weight normalization alone did not lead: it was 2.50 percentage points behind. Against plain, weight normalization alone ended 2.50 percentage points higher, more than",
    );
    expect(said(errors({ "weight+mean-only": [0.005], weight: [0.03], plain: [0.05] }))).toContain(
      "led only together with mean-only batch normalization; alone it was 2.50 percentage points behind",
    );
  });
});

describe("a tie", () => {
  test("within chance has no winner in the headline", () => {
    const results = errors({ plain: [0.0199], weight: [0.02], batch: [0.09] });
    expect(headline(results)).toBe(
      "plain and weight tie for the lowest test error: 1.99% and 2.00% after 4 epochs",
    );
    expect(said(results)).toMatch(
      /^They are 0.01 percentage points apart, and chance can make 0.39/,
    );
  });

  test("of all arms says all", () => {
    const last = { plain: [0.0199], weight: [0.02], batch: [0.021] };
    expect(headline(errors(last))).toBe(
      "All 3 arms tie: test errors of 1.99% to 2.10% after 4 epochs",
    );
    expect(said(errors(last))).toContain(
      "The first and the last of them, plain and batch, are 0.11 percentage points apart",
    );
  });

  test("to the last digit is one, too", () => {
    expect(headline(errors({ plain: [0.02], weight: [0.02] }))).toBe(
      "plain and weight tie for the lowest test error: 2.00% after 4 epochs",
    );
    expect(said(errors({ plain: [0.02], weight: [0.02] }))).toContain(
      "plain and weight ended equal.",
    );
  });

  test("is what a wide spread over the seeds makes of a large difference", () => {
    expect(headline(nats({ plain: [100, 120], weight: [90, 110] }))).toMatch(
      /^weight and plain tie for the lowest test bound: 100.00 and 110.00 nats/,
    );
    const agents = sampleAgents({ plain: [5, 6, 5.2], weight: [7, 5.1, 7.2] });
    expect(headline(agents)).toMatch(/^weight and plain tie for the highest test return/);
  });
});

test("where nothing tells what chance does, nobody is named the best", () => {
  const two = nats({ plain: [100], weight: [80] });
  expect(headline(two)).toBe(
    "One seed cannot tell which arm is best: test bounds of 80.00 (weight) and 100.00 (plain) nats after 4 epochs",
  );
  expect(said(two)).toContain(
    "Between weight and plain lie 20.00 nats; with one seed each nobody knows what chance does to that.",
  );
  expect(headline(nats({ plain: [100], weight: [80], batch: [90] }))).toContain(
    "test bounds of 80.00 (weight) to 100.00 (plain) nats",
  );
});

describe("nobody learned anything", () => {
  test("at the level of chance, also that of the most common class", () => {
    const guessing = errors({ plain: [0.902], weight: [0.8865] });
    expect(headline(guessing)).toBe(
      "No arm learned anything: test errors of 88.65% and 90.20% after 4 epochs, and guessing gets 90.00%",
    );
    expect(said(guessing)).not.toMatch(/lead|target|Against plain|ended with/);
    expect(headline(errors({ weight: [0.899] }))).toBe(
      "weight learned nothing: a test error of 89.90% after 4 epochs, and guessing gets 90.00%",
    );
  });

  test("where higher is better and chance is known, too", () => {
    const measure = { ...ERROR, key: "accuracy", better: "higher", chance: 0.1 } as const;
    const results = sampleResults({ measure, last: { plain: [0.1], weight: [0.11] } });
    expect(headline(results)).toMatch(/^No arm learned anything: test accuracies of 11.00% and/);
    const learned = sampleResults({ measure, last: { plain: [0.1], weight: [0.2] } });
    expect(headline(learned)).toMatch(/^weight had the highest test accuracy/);
    expect(said(learned)).toContain("plain learned nothing: the test is no better than guessing.");
  });

  test("at the level of the baseline, within noise", () => {
    expect(headline(sampleAgents({ plain: [0.5, 0.52, 0.49], weight: [0.55, 0.5, 0.51] }))).toBe(
      "No arm learned anything: test returns of 0.52 and 0.50 points after 10,000 frames, and random play gets 0.50 points",
    );
    expect(headline(sampleAgents({ weight: [0.8] }))).toMatch(/^weight learned nothing/);
  });

  test("where the loss ended above where it began, or exploded", () => {
    const base = nats({ plain: [6e22], weight: [5e22] });
    const exploded = (first: number, last: number): Results => ({
      ...base,
      arms: Object.fromEntries(
        Object.entries(base.arms).map(([arm, record]) => [
          arm,
          {
            ...record,
            runs: record.runs.map((run) => ({
              ...run,
              points: run.points.map((p, i) => ({
                ...p,
                values: { loss: i === 0 ? first : last },
              })),
            })),
          },
        ]),
      ),
    });
    expect(headline(exploded(500, 6e22))).toBe(
      "No arm learned anything: test bounds of 5.0e22 and 6.0e22 nats after 4 epochs, with a training loss above where it began",
    );
    expect(headline(exploded(500, 100))).toMatch(/^One seed cannot tell/);
  });

  test("but some did", () => {
    const results = errors({ plain: [0.902], weight: [0.1], batch: [0.12] });
    expect(headline(results)).toMatch(/^weight had the lowest test error: 10.00%/);
    expect(said(results)).toContain("plain learned nothing: the test is no better than guessing.");
  });
});

describe("runs that diverged", () => {
  const lostOf = (arm: Arm, seed: number, lr = 0.001, step = 1200): Results["lost"][number] => ({
    ...{ arm, seed, lr, step, why: "train: the loss must be a finite number, got NaN" },
  });
  const none = sampleResults({ arms: [] });

  test("all of them", () => {
    expect(
      findingsOf({ ...none, lost: [lostOf("plain", 1, 0.1), lostOf("batch", 1, 0.1)] }),
    ).toEqual({
      headline: "All arms diverged: there is no result",
      sentences: [
        "plain with learning rate 0.1 diverged with seed 1 after step 1,200. batch with learning rate 0.1 diverged with seed 1 after step 1,200.",
      ],
    });
  });

  test("the only one is told of once", () => {
    expect(findingsOf({ ...none, lost: [lostOf("weight", 1)] })).toEqual({
      headline: "weight diverged after step 1,200: there is no result",
      sentences: [],
    });
    expect(headline({ ...none, lost: [lostOf("weight", 1), lostOf("weight", 2)] })).toBe(
      "weight diverged every time: there is no result",
    );
  });

  test("some of them, with what is left", () => {
    const results = errors({ plain: [0.02, 0.021], weight: [0.01, 0.011] });
    const lost = [
      lostOf("plain", 3),
      lostOf("plain", 4),
      lostOf("weight", 1, 0.1),
      lostOf("batch", 1),
    ];
    expect(findingsOf({ ...results, lost }).sentences.at(-1)).toBe(
      "plain with learning rate 0.001 diverged with seed 3 after step 1,200 and seed 4 after step 1,200: its results are those of the 2 seeds that did not. " +
        "weight with learning rate 0.1 diverged with seed 1 after step 1,200: its results are those with 0.001. " +
        "batch with learning rate 0.001 diverged with seed 1 after step 1,200: it has no result.",
    );
  });
});

describe("one arm", () => {
  test("is compared with nothing", () => {
    const { headline: first, sentences } = findingsOf(errors({ weight: [0.0086, 0.009] }));
    expect(first).toBe("weight ended with a test error of 0.88% after 4 epochs");
    expect(sentences).toEqual(["It reached the target of 1% test error after 15.5 s of training."]);
  });

  test("has nothing to say about nothing", () => {
    expect(findingsOf(sampleResults({ arms: [] }))).toEqual({
      headline: "No arm has a test error yet",
      sentences: [],
    });
  });
});

test("targets are reached by all seeds, by some or by none", () => {
  const results = errors({ plain: [0.05, 0.05], weight: [0.009, 0.05], batch: [0.009, 0.009] });
  expect(said(results)).toMatch(
    /batch reached the target of 1% test error after [\d.]+ s of training; weight not with every seed; plain never did\./,
  );
  expect(said(sampleResults({ target: 0.001 }))).toContain(
    "No arm reached the target of 0.1% test error.",
  );
});

test("what is unfinished, and what was changed on the way, is said", () => {
  const results: Results = {
    ...sampleAgents({ plain: [5], weight: [9] }),
    soFar: { at: 10_000, of: 300_000 },
    changes: [
      {
        ...{
          time: "2030-01-02T03:04:05.000Z",
          setting: "learning rate",
          from: "0.001",
          to: "0.0001",
        },
        ...{ note: "The schedule goes on.", steps: { "plain-1": 600, "weight-1": 1200 } },
      },
    ],
  };
  expect(headline(results)).toMatch(/^So far weight had the highest test return/);
  expect(said(results)).toContain("Unfinished: all of this is after 10,000 of 300,000 frames.");
  expect(said(results)).toContain(
    "The setting learning rate changed from 0.001 to 0.0001 between steps 600 and 1,200. The schedule goes on.",
  );
  const alone = { ...sampleAgents({ weight: [9] }), soFar: { at: 10_000, of: 300_000 } };
  expect(headline(alone)).toBe(
    "So far weight has a test return of 9.00 points after 10,000 frames",
  );
});

test("pace and cost are said against plain", () => {
  expect(findingsOf(sampleResults()).sentences.slice(-2)).toEqual([
    "The training loss that plain ended with was reached by weight after 3.35, batch after 2.80, mean-only after 3.42 and weight+mean-only after 2.78 of its 4 epochs.",
    "A step with weight took 1.07 times as long as with plain; with batch 1.37 times, with mean-only 1.16 times and with weight+mean-only 1.24 times.",
  ]);
});

test("a loss that never fell is no learning, however a test stands to guessing", () => {
  const base = sampleResults({ arms: ["plain", "weight"], last: { plain: [0.8], weight: [0.81] } });
  const rising = (arm: ArmRecord): ArmRecord => ({
    ...arm,
    runs: arm.runs.map((run) => ({
      ...run,
      points: run.points.map((p, i) => ({ ...p, values: { loss: 2.3 + 0.001 * i } })),
    })),
  });
  const results: Results = {
    ...base,
    arms: { plain: rising(base.arms.plain!), weight: rising(base.arms.weight!) },
  };
  expect(headline(results)).not.toMatch(/tie|lowest/);
  expect(said(results)).not.toContain("was reached by");
});
