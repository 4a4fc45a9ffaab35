/** The page: what it says, what it leaves out, and that nothing of a file reaches into it. */
import { describe, expect, test } from "vitest";
import { findingsOf, reportOf } from "../../report/index.ts";
import type { Results } from "../../runs/records.ts";
import { sampleAgents, sampleResults } from "./sample.ts";

const page = async (results: Results, pictures?: ReadonlyMap<string, string>): Promise<string> =>
  (await reportOf(results, pictures)).html;
/** Without its figures. */
const text = async (results: Results): Promise<string> =>
  (await page(results))
    .replace(/<svg[^]*?<\/svg>/g, "")
    .replace(/<style>[^]*?<\/style>/, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/&#39;/g, "'")
    .replace(/\s+/g, " ");
const small = { layers: [], epochs: 2, pointsAnEpoch: 4 } as const;
const withPictures = (results: Results, files: readonly string[]): Results => ({
  ...results,
  arms: Object.fromEntries(
    Object.entries(results.arms).map(([arm, record]) => [
      arm,
      {
        ...record,
        runs: record.runs.map((run) => ({
          ...run,
          pictures: files.map((file) => ({ name: "samples", caption: "As drawn.", file })),
        })),
      },
    ]),
  ),
});

test("says the findings and needs nothing else", async () => {
  const results = sampleResults({ layers: ["conv1"], pointsAnEpoch: 5 });
  const html = await page(results);
  expect(html).toContain(`<h1>${findingsOf(results).headline}</h1>`);
  expect(html).toContain(results.command);
  expect(html).toContain(results.machine.cpu);
  expect(html.match(/<svg /g)).toHaveLength(4);
  expect(html).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|\b(src|href)=/i);
  expect(html).not.toMatch(/undefined|NaN|\[object/);
});

test("escapes whatever it shows, attributes too", async () => {
  const hostile = `<script>alert("x")</script>'&`;
  const base = sampleResults({ ...small, layers: [hostile], arms: ["plain", "weight"], seeds: 1 });
  const { sheet } = base;
  const gone = { arm: "batch", seed: 3, lr: 1, step: 2, why: hostile } as const;
  const everything: Results = {
    ...withPictures(base, ["pictures/a.png"]),
    ...{ experiment: hostile, command: hostile, startedAt: hostile },
    settings: [{ name: hostile, value: hostile }],
    machine: {
      ...base.machine,
      cpu: hostile,
      platform: hostile,
      node: hostile,
      runtime: hostile,
      browser: hostile,
    },
    facts: [[hostile, hostile]],
    sheet: {
      ...sheet,
      measures: sheet.measures.map((m) => ({ ...m, unit: hostile })),
      panels: sheet.panels.map((p) => ({ ...p, title: hostile, unit: hostile })),
      axis: { name: hostile, per: 1 },
      work: { ...sheet.work, unit: hostile, step: hostile },
      tested: { count: 10, unit: hostile },
      baseline: { name: hostile, count: 1, test: { error: 0.9 }, errors: { error: 0.1 } },
      reported: { of: hostile, test: { plain: 3 } },
      pictures: hostile,
      notes: { figure: hostile, table: hostile, measures: hostile },
    },
    lost: [gone],
    changes: [
      {
        ...{ time: hostile, setting: hostile, note: hostile, steps: { [hostile]: 3 } },
        ...{ from: hostile, to: hostile },
      },
    ],
  };
  const found = new Map([["pictures/a.png", "data:image/png;base64,AAAA"]]);
  const html = await page(everything, found);
  expect(html).not.toContain("<script");
  expect(html).not.toMatch(/(aria-label|alt)="[^"]*<|="[^"]*" x"/);
  expect(html).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;");
});

describe("pictures", () => {
  test("are shown where they are found, of the first seed that has any", async () => {
    const results = withPictures(sampleResults({ ...small, arms: ["weight"], seeds: 2 }), [
      "pictures/a.png",
    ]);
    const html = await page(results, new Map([["pictures/a.png", "data:image/png;base64,AAAA"]]));
    expect(html.match(/<img /g)).toHaveLength(1);
    expect(html).toContain("<h2>What the models make</h2>\n<h3>Samples</h3>");
    expect(await page(results)).not.toContain("<img");
  });

  test("are nothing but PNGs and GIFs as data", async () => {
    const results = withPictures(sampleResults({ ...small, arms: ["weight"], seeds: 1 }), ["a"]);
    for (const bad of [
      "https://example.com/a.png",
      'data:image/png;base64,AA" onerror="alert(1)',
      "data:image/svg+xml;base64,AAAA",
      'data:image/x" onerror="alert(1)" y=";base64,AAAA',
    ])
      expect(await page(results, new Map([["a", bad]]))).not.toContain("<img");
  });
});

describe("one arm", () => {
  test("is not called compared, and has no columns that compare", async () => {
    const html = await page(sampleResults({ ...small, arms: ["weight"], seeds: 1 }));
    expect(html).toContain("<title>mnist: weight</title>");
    expect(html).not.toMatch(/compared|step time|to plain|Bold/i);
    expect(await page(sampleResults(small))).toContain(
      "<title>mnist: weight normalization compared</title>",
    );
  });

  test("of several that were entered is still a comparison", async () => {
    const lost = [{ arm: "plain", seed: 1, lr: 1, step: 2, why: "NaN" }] as const;
    const results = {
      ...sampleResults({ ...small, arms: ["weight"] }),
      ...{ lost, config: { arms: ["plain", "weight"] } },
    };
    expect(await page(results)).toContain("weight normalization compared");
  });
});

test("leaves out what was not recorded", async () => {
  const html = await page(sampleResults({ ...small, arms: ["weight"], epochs: 1, seeds: 1 }));
  expect(html.match(/<svg /g)).toHaveLength(1);
  expect(html).not.toContain("What happens to the weights");
  expect(html).not.toContain("Runs that diverged");
  expect(html).not.toContain("Changed on the way");
});

test("shows runs that diverged, with what happened, also where nothing else is left", async () => {
  const why = "train: the loss of batch must be a finite number, got NaN at step 2; lower --lr";
  const lost = [{ arm: "batch", seed: 1, lr: 10, step: 2, why }] as const;
  const said = await text({ ...sampleResults({ ...small, arms: [] }), lost });
  expect(said).toContain("batch diverged after step 2: there is no result");
  expect(said.split(why)).toHaveLength(2);
  expect(said).not.toContain("out of the race");
});

test("shows what was changed on the way, and what is unfinished", async () => {
  const results: Results = {
    ...sampleResults({ ...small, arms: ["plain", "weight"] }),
    soFar: { at: 2, of: 10 },
    changes: [
      {
        ...{ time: "2030-01-02T03:04:05.000Z", setting: "epochs", from: "5", to: "10" },
        ...{ note: "The learning rate falls anew.", steps: { "plain-1": 3000, "weight-1": 3000 } },
      },
    ],
  };
  const said = await text(results);
  expect(said).toContain(
    "2030-01-02 03:04 UTC: epochs changed from 5 to 10 at step 3,000. The learning rate falls anew.",
  );
  expect(said).toContain("Unfinished: all of this is after 2 of 10 epochs.");
});

test("shows settings as they were told", async () => {
  const base = sampleResults(small);
  const results = { ...base, settings: [...base.settings, { name: "held out", value: "10%" }] };
  const said = await text(results);
  expect(said).toContain("batch size 100 images");
  expect(said).toContain("held out 10%");
  expect(said).not.toMatch(/batchSize|heldOut/);
});

test("says which learning rate was the best one, and what others reported", async () => {
  const base = sampleResults({ ...small, arms: ["plain", "weight"] });
  const grid = [
    { lr: 0.001, heldOut: 0.05 },
    { lr: 0.003, heldOut: null },
  ];
  const results: Results = {
    ...base,
    sheet: { ...base.sheet, reported: { of: "Someone 2016", test: { plain: 8.43 } } },
    arms: { ...base.arms, plain: { ...base.arms.plain!, grid } },
  };
  const html = await page(results);
  expect(html).toContain('<td class="best">5.00</td><td>diverged</td>');
  expect(html).toContain("Reported by others, not measured here: Someone 2016.");
  expect(html).toContain("<td>8.43</td>");
});

test("has all measures and what was measured of trained models where there is more than one", async () => {
  const base = sampleResults({ ...small, arms: ["plain", "weight"], seeds: 1 });
  const name = "-log p(x), 100 draws (nats)";
  const arms = Object.fromEntries(
    Object.entries(base.arms).map(([arm, record]) => [
      arm,
      { ...record, runs: record.runs.map((run) => ({ ...run, final: { [name]: 88.974 } })) },
    ]),
  );
  expect(await page(base)).not.toContain("All measures");
  const said = await text({ ...base, arms });
  expect(said).toContain(`error, train (%) error, test (%) ${name}`);
  expect(said).toContain("88.97");
});

test("agents have a row for random play and their own words", async () => {
  const said = await text(sampleAgents({ plain: [5, 6], weight: [7, 8] }));
  expect(said).toContain("random play 0.50 11");
  expect(said).toContain("Random play: 1,000 episodes of breakout, standard error 0.02 points.");
  expect(said).toContain("Training columns are means over the last 5,000 frames");
});
