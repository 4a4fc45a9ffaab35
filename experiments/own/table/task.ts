/** A table of the user's own as a task: one of its columns is learned from the others. */
import { gatherRows, input, tensor, gatherLabels } from "../../../src/index.ts";
import { UsageError, type Experiment, type World } from "../../../runs/experiment.ts";
import type { MinibatchConfig } from "../../../runs/minibatch/config.ts";
import { experimentOf } from "../../../runs/minibatch/experiment.ts";
import type { DataSet, Task, TaskData } from "../../../runs/minibatch/task.ts";
import type { Facts, Measure } from "../../../runs/records.ts";
import { choice, common, found, list, place, text } from "../../../runs/settings.ts";
import { word } from "../../../src/train/json.ts";
import { errorRate } from "../../classification.ts";
import { newSplit, ownSettings } from "../settings.ts";
import { sized } from "../sizes.ts";
import { checkSame, nameOf, sha256 } from "../source.ts";
import { tunedRows } from "../tuned/rows.ts";
import { isMissing, numberIn } from "./columns.ts";
import { readTable, type Row, type Text } from "./csv.ts";
import { encoded, remarked, type Remark } from "./encode.ts";
import { inputsOf, tableFound, tableTold, type TableConfig } from "./found.ts";
import { learnedFrom, namesIn, type Learned } from "./learned.ts";
import { judged, outputsOf } from "./model.ts";
import { madeForTables, type TableOrigin } from "./origin.ts";
import { answeringOf, predictedBy } from "./predict.ts";

const unit = "rows";

const taskOf = (origin: TableOrigin): Task => ({
  name: origin.name,
  about: origin.about,
  unit,
  places: {
    data: place("table: a .csv or .tsv file, where it is not where it was", { changes: "" }),
    ...origin.places,
  },
  takes: { data: "table", ...origin.takes },
  async toChoose({ places, door }) {
    if (!("data" in places)) return {};
    const files = await door.at(places["data"]);
    return { column: (await readTable(await files.read(files.names[0]), files.where(""))).header };
  },
  options: origin.options,
  settings: {
    column: text("the column to predict (default: none, it has to be named)", {
      ...{ flag: "target", label: "column to predict", example: "species" },
    }),
    kind: choice(
      "what it is: classification or regression (default: by its values)",
      ["classification", "regression"],
      { optional: true, example: "regression" },
    ),
    leaveOut: list(
      "columns not to learn from (default: those of ids, dates and long texts)",
      text("a column", { example: "id" }),
      { optional: true },
    ),
    ...ownSettings(unit),
    threads: { ...common.threads, help: "threads for the runtime (default: 1, rows being small)" },
    found: found("what the table decided", tableFound, tableTold),
    ...origin.settings,
  },
  examples: origin.examples ?? [],
  presets: { standard: origin.preset },
  measures: errorRate(2),
  decide: (config, world) => decide(origin, config as TableConfig, world),
  ...{ load: undecided, network: undecided },
  answering: (config, world) => answeringOf(origin, config as TableConfig, world),
  predict: predictedBy(origin),
  rates: origin.rates,
  optimizer: origin.optimizer,
});

export const table: Experiment<MinibatchConfig> = experimentOf(taskOf(madeForTables));
/** The same with a trained model of somebody else's. */
export const tunedTable: Experiment<MinibatchConfig> = experimentOf(taskOf(tunedRows));

function undecided(): never {
  throw new Error("table: expected a task that its data have decided, got none; open it first");
}

async function decide(
  origin: TableOrigin,
  asked: TableConfig,
  world: World,
): Promise<{ readonly task: Task; readonly config: TableConfig }> {
  if (!("data" in world.places))
    throw new UsageError(
      "table: expected a file, got none; name it, as in weightnorm train table.csv",
    );
  const path = world.places["data"];
  const files = await world.door.at(path);
  const bytes = await files.read(files.names[0]);
  const file = files.where("");
  const source = { name: nameOf(path), sha256: await sha256(bytes) };
  const read = await readTable(bytes, file);
  checkSame(asked.found?.source, { ...source, count: read.rows.length }, file);
  const { column, kind, leaveOut = [] } = asked;
  if (column === undefined)
    throw new UsageError(
      `${file}: expected the column to predict, got none; add --target with one of ${namesIn(read.header)}`,
    );
  const learned = learnedFrom(read, {
    ...{ column, leaveOut, source },
    ...(kind ? { kind } : {}),
    ...(asked.found ? { began: asked.found } : {}),
    split: asked.found?.split ?? newSplit(asked),
  });
  if (!asked.found) for (const line of saidOf(read, learned)) world.say?.(line);
  const { target } = learned.found;
  const count = learned.parts.train.length;
  const body = await origin.open(asked, world);
  const sizes = body.sized(learned.found, asked);
  const layer = body.layer(outputsOf(target), sizes.width);
  const measure = measureOf(learned, read);
  return {
    config: {
      ...sized(asked, count, origin.sizes),
      threads: asked.threads === Infinity ? 1 : asked.threads,
      network: { ...sizes },
      target:
        asked.found || !measure.chance || measure.share
          ? asked.target
          : Number((measure.chance / 2).toPrecision(3)),
      found: { ...learned.found, ...(body.model ? { model: body.model.found } : {}) },
    },
    task: {
      ...taskOf(origin),
      measures: [measure],
      facts: factsOf(learned),
      load: () => Promise.resolve(dataOf(read, learned)),
      network: (inputs) => judged(target, layer, inputs),
    },
  };
}

/** Training and test rows as numbers. */
function dataOf({ header, file }: Text, { found: known, rows, parts }: Learned): TaskData {
  const { target, commas } = known;
  const width = inputsOf(known);
  const index = header.indexOf(target.name);
  const of = (which: Uint32Array): DataSet => {
    const own = Array.from(which, (row) => rows[row]);
    const x = encoded(known, { header }, own);
    const inputs = (size: number): ReturnType<DataSet["inputs"]>[number] =>
      input("x", [size, width]);
    const fed = (wanted: Uint32Array): ReturnType<DataSet["feeds"]>[string] =>
      tensor(gatherRows(x, width, wanted), [wanted.length, width]);
    if (target.kind === "classification") {
      const labels = Uint8Array.from(own, ({ fields }) => target.classes.indexOf(fields[index]));
      return {
        count: own.length,
        inputs: (size) => [inputs(size), input("labels", [size], "int32")],
        feeds: (wanted) => ({
          x: fed(wanted),
          labels: tensor(gatherLabels(labels, wanted), [wanted.length], "int32"),
        }),
      };
    }
    const y = Float32Array.from(
      own,
      ({ fields }) => (numberIn(fields[index], commas)! - target.mean) / target.deviation,
    );
    return {
      count: own.length,
      inputs: (size) => [inputs(size), input("y", [size, 1])],
      feeds: (wanted) => ({
        x: fed(wanted),
        y: tensor(gatherRows(y, 1, wanted), [wanted.length, 1]),
      }),
    };
  };
  return { train: of(parts.train), test: of(parts.test), source: file };
}

/** With what those get who know nothing but the training rows: the most frequent class, the number in the middle. */
function measureOf({ found: { target, commas }, rows, parts }: Learned, { header }: Text): Measure {
  const index = header.indexOf(target.name);
  const [known, asked] = [parts.train, parts.test].map((which) =>
    Array.from(which, (row) => rows[row].fields[index]),
  );
  const share = (test: (field: string) => number): number =>
    asked.reduce((sum, field) => sum + test(field) / asked.length, 0);
  if (target.kind === "classification") {
    const count = (value: string): number => known.filter((x) => x === value).length;
    const counts = target.classes.map(count);
    const frequent = target.classes[counts.indexOf(Math.max(...counts))];
    return { ...errorRate(2)[0], chance: share((field) => (field === frequent ? 0 : 1)) };
  }
  const number = (field: string): number => numberIn(field, commas)!;
  const middle = known.map(number).toSorted((a, b) => a - b)[known.length >> 1];
  const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(target.deviation))));
  return {
    ...{ key: "absolute error", unit: "", scale: 1, digits, better: "lower" },
    chance: share((field) => Math.abs(number(field) - middle)),
  };
}

const namesOf = (pairs: Learned["leftOut"]): string =>
  pairs.map(([name, why]) => `${word(name)} (${why})`).join(", ");

function factsOf({ found: { target, columns }, leftOut }: Learned): Facts {
  const predicts =
    target.kind === "classification"
      ? `${target.name}: ${target.classes.slice(0, 10).join(", ")}${target.classes.length > 10 ? ", ..." : ""}`
      : `${target.name}, a number`;
  return [
    ["predicted", predicts],
    ["learned from", columns.map(({ name }) => name).join(", ")],
    ...(leftOut.length > 0 ? [["left out", namesOf(leftOut)] as const] : []),
  ];
}

/** What people should know before their table is trained on. */
function saidOf(read: Text, { found: known, rows, leftOut }: Learned): readonly string[] {
  const { file, header } = read;
  const remarks: Remark[] = [];
  encoded(known, read, rows, (remark) => remarks.push(remark));
  const index = header.indexOf(known.target.name);
  const without = read.rows.filter(({ fields }) => isMissing(fields[index]));
  const missing = (row: Row): Remark => ({
    ...{ line: row.line, column: known.target.name, got: row.fields[index], what: "missing" },
  });
  const words = (n: number, one: string): string => `${n} ${one}${n === 1 ? "" : "s"}`;
  const gone = remarks.filter(({ what }) => what === "missing");
  return [
    ...(leftOut.length > 0 ? [`${file}:1: left out ${namesOf(leftOut)}`] : []),
    ...remarked(without.map(missing), file, {
      what: `${words(without.length, "row")} without a value to predict`,
      handled: "left out",
    }),
    ...remarked(gone, file, {
      what: words(gone.length, "missing value"),
      handled: "numbers count as the mean, words as a category of their own",
    }),
  ];
}
