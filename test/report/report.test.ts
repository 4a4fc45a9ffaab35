import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { layerFigure, mainFigure } from "../../cli/report/figure.ts";
import { findingsOf } from "../../cli/report/findings.ts";
import { reportPage } from "../../cli/report/html.ts";
import { writeReport } from "../../cli/report/index.ts";
import { toPng } from "../../cli/report/png.ts";
import { resultsTable } from "../../cli/report/table.ts";
import { ARMS } from "../../experiments/results.ts";
import type { Arm, ArmResult, Results } from "../../experiments/results.ts";
import { sampleResults } from "./sample-results.ts";

/** As JSON gives it back: null where a number was not finite. */
const asStored = (results: Results): Results => JSON.parse(JSON.stringify(results)) as Results;

/** The results with the last test errors changed, all else the same. */
function withErrors(results: Results, errors: Partial<Record<Arm, number>>): Results {
  const entries = Object.entries(results.arms).map(([arm, result]) => {
    const error = errors[arm as Arm];
    if (error === undefined) return [arm, result];
    const end = (epochs: ArmResult["epochs"]): ArmResult["epochs"] =>
      epochs.map((e, i) => (i === epochs.length - 1 ? { ...e, test: { error } } : e));
    const runs = result.runs.map((run) => ({ ...run, epochs: end(run.epochs) }));
    return [arm, { ...result, epochs: end(result.epochs), runs }];
  });
  return { ...results, arms: Object.fromEntries(entries) as Results["arms"] };
}

const page = async (results: Results): Promise<string> =>
  reportPage(results, {
    main: await mainFigure(results),
    pictures: new Map(),
    v: await layerFigure(results, "v"),
    g: await layerFigure(results, "g"),
    effectiveStep: await layerFigure(results, "effectiveStep"),
  });

const lengthOf = (line: string): number => [...new Intl.Segmenter().segment(line)].length;

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the table", () => {
  test("has one line an arm, with the deviation of the seeds", () => {
    expect(`\n${resultsTable(sampleResults())}\n`).toMatchInlineSnapshot(`
      "
      arm               test error %  train loss  epochs to plain's  images/s  step time  s to 1% error
      ─────────────────────────────────────────────────────────────────────────────────────────────────
      plain              1.34 ± 0.06     0.00274        3.95 ± 0.07    16,555      1.00×              –
      weight             1.08 ± 0.04     0.00203        3.35 ± 0.35    15,517      1.07×              –
      batch              0.97 ± 0.04     0.00159        2.80 ± 0.38    12,094      1.36×     19.8 ± 3.2
      mean-only          1.16 ± 0.03     0.00209        3.42 ± 0.45    14,270      1.15×              –
      weight+mean-only   0.95 ± 0.00     0.00168        2.78 ± 0.40    13,358      1.21×     18.0 ± 3.0
      mean ± standard deviation of 2 seeds
      "
    `);
  });

  test("fits 80 columns with everything that matters", () => {
    expect(`\n${resultsTable(sampleResults(), { width: 80 })}\n`).toMatchInlineSnapshot(`
      "
      arm               test error %  train loss  images/s  step time  s to 1% error
      ──────────────────────────────────────────────────────────────────────────────
      plain              1.34 ± 0.06     0.00274    16,555      1.00×              –
      weight             1.08 ± 0.04     0.00203    15,517      1.07×              –
      batch              0.97 ± 0.04     0.00159    12,094      1.36×     19.8 ± 3.2
      mean-only          1.16 ± 0.03     0.00209    14,270      1.15×              –
      weight+mean-only   0.95 ± 0.00     0.00168    13,358      1.21×     18.0 ± 3.0
      mean ± standard deviation of 2 seeds
      "
    `);
  });

  test("gives up columns before it gives up lines", () => {
    for (const width of [100, 90, 80, 70, 60, 50, 40, 30]) {
      const lines = resultsTable(sampleResults({ seeds: 1 }), { width }).split("\n");
      expect(lines).toHaveLength(2 + ARMS.length);
      expect(Math.max(...lines.map(lengthOf))).toBeLessThanOrEqual(width);
    }
  });

  test("is plain text unless asked for colours, and the same text with them", () => {
    const plain = resultsTable(sampleResults());
    const colored = resultsTable(sampleResults(), { colors: true });
    const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
    expect(plain).not.toMatch(escapes);
    expect(colored).toMatch(escapes);
    expect(colored.replace(escapes, "")).toBe(plain);
  });

  test("shows one arm, one epoch, one seed", () => {
    const results = sampleResults({ arms: ["weight"], epochs: 1, seeds: 1 });
    expect(`\n${resultsTable(results)}\n`).toMatchInlineSnapshot(`
      "
      arm     test error %  train loss  epochs to plain's  images/s  step time  s to 1% error
      ───────────────────────────────────────────────────────────────────────────────────────
      weight          1.91      0.0106                  –    15,612          –              –
      "
    `);
  });
});

describe("the findings", () => {
  test("name the best arm, the fastest one, where weight normalization came, and what it costs", () => {
    expect(findingsOf(sampleResults())).toMatchInlineSnapshot(`
      {
        "headline": "weight+mean-only had the lowest test error: 0.95% after 4 epochs",
        "sentences": [
          "Its lead over batch is 0.03 percentage points; with 2 seeds and 10,000 test images chance alone can make 0.28, so read it as a tie.",
          "weight+mean-only reached the target of 1% test error first, after 18.0 s of training; batch after 19.8 s, plain, weight and mean-only never did.",
          "Weight normalization came first only together with mean-only batch normalization; alone it came third of 5. Against plain, weight normalization alone ended 0.25 percentage points lower, within the 0.31 that chance can make.",
          "The training loss that plain ended with was reached by weight after 3.35, batch after 2.80, mean-only after 3.42 and weight+mean-only after 2.78 of its 4 epochs.",
          "A training step with weight took 1.07 times as long as with plain; with batch 1.36 times, with mean-only 1.15 times and with weight+mean-only 1.21 times.",
        ],
      }
    `);
  });

  test("say so when weight normalization loses", () => {
    const { headline, sentences } = findingsOf(
      withErrors(sampleResults(), { weight: 0.03, plain: 0.005 }),
    );
    expect(headline).toBe("plain had the lowest test error: 0.50% after 4 epochs");
    expect(sentences.join(" ")).toContain(
      "Weight normalization alone did not win: it came fifth of 5",
    );
    expect(sentences.join(" ")).toContain("alone ended 2.50 percentage points higher, more than");
  });

  test("call a small lead a tie and a large one a lead", () => {
    const arms = ["plain", "weight"] as const;
    const lead = (weight: number): string =>
      findingsOf(withErrors(sampleResults({ arms }), { plain: 0.02, weight })).sentences[0];
    expect(lead(0.0199)).toContain("so read it as a tie");
    expect(lead(0.01)).toContain("more than the 0.34 that chance can make");
  });

  test("say when no arm reached the target", () => {
    const { sentences } = findingsOf(sampleResults({ target: 0.001 }));
    expect(sentences).toContain("No arm reached the target of 0.1% test error.");
  });

  test("name ties, and arms that diverged", () => {
    const tied = withErrors(sampleResults(), { plain: 0.005, weight: 0.005 });
    expect(findingsOf(tied).headline).toMatch(/^plain and weight tied for the lowest test error/);
    const why = "train: the loss of batch must be a finite number";
    const lost = [{ arm: "batch", seed: 1, lr: 0.1, step: 1200, why }] as const;
    const results = { ...sampleResults({ arms: ["plain"], seeds: 1 }), lost };
    expect(findingsOf(results).headline).toMatch(/^plain ended with/);
    expect(findingsOf(results).sentences.at(-1)).toBe(
      "batch with seed 1 and learning rate 0.1 diverged after step 1,200 and is in no mean.",
    );
  });

  test("have nothing to say about nothing", () => {
    expect(findingsOf(sampleResults({ arms: [] }))).toEqual({
      headline: "No arm ended with a test error",
      sentences: [],
    });
  });
});

describe("the figures", () => {
  test("are the same for the same results, and name every arm", async () => {
    const svg = await mainFigure(sampleResults());
    expect(await mainFigure(sampleResults())).toBe(svg);
    for (const arm of ARMS) expect(svg).toContain(`>${arm}</text>`);
    expect(svg).toContain(">target 1%</text>");
    expect(svg).toContain(">training time (s)</text>");
  });

  test("have a panel a layer", async () => {
    const svg = await layerFigure(sampleResults(), "v");
    for (const layer of ["conv1", "conv2", "conv3", "conv4", "dense"]) {
      expect(svg).toContain(`>${layer}</text>`);
    }
    expect(await layerFigure(sampleResults({ layers: [] }), "v")).toBeNull();
  });

  test("draw without warnings or holes, whatever the results are", async () => {
    const warn = vi.spyOn(console, "warn");
    const base = sampleResults({ arms: ["plain"], seeds: 1 });
    const [run] = base.arms.plain!.runs;
    const curve = run.curve.map((p, i) => ({ ...p, loss: [0, NaN, p.loss][i % 3] }));
    const epochs = base.arms.plain!.epochs.map((e, i) => ({
      ...e,
      test: { error: i === 1 ? NaN : 0 },
    }));
    const odd = { ...base.arms.plain!, epochs, runs: [{ ...run, curve, epochs }] };
    const cases = [
      sampleResults({ arms: ["weight"], epochs: 1, seeds: 1, pointsAnEpoch: 1 }),
      sampleResults({ arms: ["mean-only", "plain"], epochs: 10, seeds: 3 }),
      sampleResults({ arms: [], target: 0 }),
      sampleResults({ pointsAnEpoch: 0 }),
      asStored({ ...base, arms: { plain: odd } }),
    ];
    for (const results of cases) {
      const figures = [await mainFigure(results), (await layerFigure(results, "g")) ?? ""];
      for (const svg of figures) expect(svg).not.toMatch(/NaN|undefined|Infinity|null/);
    }
    expect(warn).not.toHaveBeenCalled();
  });

  test("show a single epoch as a point", async () => {
    const results = sampleResults({ arms: ["weight"], epochs: 1, seeds: 1, pointsAnEpoch: 1 });
    const markers = (await mainFigure(results)).match(/<path[^>]* fill="#d55e00"/g);
    expect(markers).toHaveLength(1 + 4); // the legend's and one a panel
  });

  test("become PNGs of twice their size", async () => {
    const png = Buffer.from(await toPng(await mainFigure(sampleResults())));
    expect(png.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
    expect(png.readUInt32BE(16)).toBe(1760);
    expect(png.readUInt32BE(20)).toBeGreaterThan(1000);
  });
});

describe("the page", () => {
  test("says the findings and needs nothing else", async () => {
    const results = sampleResults();
    const html = await page(results);
    expect(html).toContain(`<h1>${findingsOf(results).headline}</h1>`);
    expect(html).toContain(results.command);
    expect(html).toContain(results.machine.cpu);
    expect(html.match(/<svg /g)).toHaveLength(4);
    expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\b(src|href)=/i);
    expect(html).not.toMatch(/undefined|NaN|\[object/);
  });

  test("escapes whatever it shows", async () => {
    const hostile = `<script>alert("x")</script>'&`;
    const base = sampleResults({ layers: [hostile] });
    const html = await page({
      ...base,
      experiment: hostile,
      command: hostile,
      config: { [hostile]: hostile, nested: { list: [hostile] } },
      machine: {
        ...base.machine,
        cpu: hostile,
        platform: hostile,
        node: hostile,
        runtime: hostile,
      },
      data: { ...base.data, source: hostile },
      startedAt: hostile,
    });
    expect(html).not.toContain("<script");
    expect(html).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;");
  });

  test("leaves out what was not recorded", async () => {
    const html = await page(sampleResults({ layers: [], arms: ["weight"], epochs: 1, seeds: 1 }));
    expect(html.match(/<svg /g)).toHaveLength(1);
    expect(html).not.toContain("What happens to the weights");
  });
});

test("writeReport writes three files and nothing else", async () => {
  const dir = await mkdtemp(join(tmpdir(), "report-"));
  try {
    const folder = join(dir, "new");
    const paths = await writeReport(folder, sampleResults({ seeds: 1 }));
    expect((await readdir(folder)).sort()).toEqual(["figure.png", "figure.svg", "report.html"]);
    expect(await readFile(paths.svg, "utf8")).toMatch(/^<svg /);
    expect(await readFile(paths.html, "utf8")).toMatch(/^<!doctype html>/);
    expect((await readFile(paths.png)).readUInt32BE(16)).toBe(1760);
  } finally {
    await rm(dir, { recursive: true });
  }
});
