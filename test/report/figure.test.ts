/** The figures: the same for the same results, without holes, whatever the results are. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { mainFigure } from "../../report/figure.ts";
import { layerFigures } from "../../report/layers.ts";
import { toPng } from "../../report/png.ts";
import { ARMS, type Results } from "../../runs/records.ts";
import { BOUND, sampleAgents, sampleResults } from "./sample.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const one = { epochs: 1, seeds: 1, pointsAnEpoch: 1 };

describe("the main figure", () => {
  test("is the same for the same results, and names every arm, axis and target", async () => {
    const svg = await mainFigure(sampleResults());
    expect(await mainFigure(sampleResults())).toBe(svg);
    for (const arm of ARMS) expect(svg).toContain(`>${arm}</text>`);
    expect(svg).toContain(">target 1%</text>");
    expect(svg).toContain(">training time (s)</text>");
    expect(svg).toContain(">epoch</text>");
    expect(svg).toContain(">e\u2002Test error by epoch</text>");
  });

  test("has the panels and the axis of its sheet, and the baseline", async () => {
    const svg = await mainFigure(sampleAgents({ plain: [5, 6], weight: [7, 8] }));
    for (const title of [
      "a\u2002Return in training by frames",
      "d\u2002Return in tests by training time",
      "e\u2002Value Q of the best action",
      "f\u2002Loss",
      "thousand frames",
      "random play 0.50 points",
      "thin lines: 2 seeds",
    ])
      expect(svg).toContain(`>${title}</text>`);
  });

  test("has no curve of the training set where no run has two epochs", async () => {
    expect(await mainFigure(sampleResults({ epochs: 1 }))).not.toContain("Training error");
    expect(await mainFigure(sampleResults({ epochs: 2 }))).toContain("Training error");
  });

  test("shows a single epoch as a point", async () => {
    const markers = (await mainFigure(sampleResults({ arms: ["weight"], ...one }))).match(
      /<path[^>]* fill="#d55e00"/g,
    );
    expect(markers).toHaveLength(1 + 4); // the legend's and one a panel
  });

  test("has a linear axis for what falls below 0", async () => {
    const last = { plain: [-3], weight: [-4] };
    const svg = await mainFigure(sampleResults({ ...one, last, measure: BOUND }));
    expect(svg).toContain(">nats</text>");
    expect(svg).toContain(">\u22123</text>");
    expect(svg).toContain(">loss (log)</text>");
  });

  test("has whole epochs only", async () => {
    const svg = await mainFigure(sampleResults({ arms: ["weight"], ...one }));
    expect(svg).not.toMatch(/>0\.\d<\/text>[^]*>epoch</);
  });

  test("becomes a PNG of twice its size", async () => {
    const png = Buffer.from(await toPng(await mainFigure(sampleResults({ seeds: 1 }))));
    expect(png.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
    expect(png.readUInt32BE(16)).toBe(1760);
    expect(png.readUInt32BE(20)).toBeGreaterThan(1000);
  });
});

describe("the figures of layers", () => {
  test("have a panel a layer", async () => {
    const figures = await layerFigures(sampleResults());
    expect(figures.map(({ title }) => title)).toEqual([
      "|v| in each layer",
      "g in each layer",
      "Effective step lr / |v|\u00b2 in each layer",
    ]);
    for (const layer of ["conv1", "conv2", "conv3", "conv4", "dense"])
      expect(figures[0].figure).toContain(`>${layer}</text>`);
    expect(await layerFigures(sampleResults({ layers: [] }))).toEqual([]);
  });

  test("begin where learning does, and are those of the sheet", async () => {
    const figures = await layerFigures(sampleAgents({ weight: [7] }));
    expect(figures).toHaveLength(2);
    expect(figures[0].text).toContain("multiplied by 1.73 (weight)"); // from the second point on, not from 0.1
  });

  test("may be called anything", async () => {
    const logged = vi.spyOn(console, "error");
    const results = sampleResults({ layers: ["constructor"], arms: ["weight"], ...one });
    const [{ figure }] = await layerFigures(results);
    expect(figure).toContain(">constructor</text>");
    expect(logged).not.toHaveBeenCalled();
  });

  test("cut what no panel has room for", async () => {
    const layer = `${"encoder.".repeat(6)}conv1`;
    const [{ figure }] = await layerFigures(sampleResults({ layers: [layer], seeds: 1 }));
    expect(figure).toContain(">encoder.encoder\u2026ncoder.encoder.conv1</text>");
  });
});

test("are drawn without warnings or holes, whatever the results are", async () => {
  const warn = vi.spyOn(console, "warn");
  const base = sampleResults({ arms: ["plain"], seeds: 1 });
  const [run] = base.arms.plain!.runs;
  const odd: Results = {
    ...base,
    arms: {
      plain: {
        ...base.arms.plain!,
        runs: [
          {
            ...run,
            points: run.points.map((p, i) => ({
              ...p,
              values: { loss: [0, null, p.values["loss"]][i % 3] },
            })),
            tests: run.tests.map((t, i) => ({ ...t, test: { error: i === 1 ? null : 0 } })),
          },
        ],
      },
    },
  };
  const cases = [
    sampleResults({ arms: ["weight"], ...one }),
    sampleResults({ arms: ["mean-only", "plain"], epochs: 10, seeds: 3, pointsAnEpoch: 3 }),
    sampleResults({ arms: [], target: 0 }),
    sampleResults({ pointsAnEpoch: 0 }),
    sampleAgents({ weight: [-3] }),
    odd,
  ];
  for (const results of cases) {
    const layers = await layerFigures(results);
    for (const svg of [await mainFigure(results), ...layers.map(({ figure }) => figure)])
      expect(svg).not.toMatch(/NaN|undefined|Infinity|null/);
  }
  expect(warn).not.toHaveBeenCalled();
});
