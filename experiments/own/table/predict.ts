/** What a trained network says of the rows of other tables. */
import { input, tensor } from "../../../src/index.ts";
import type { NamedFile, World } from "../../../runs/experiment.ts";
import type { Answering, Task } from "../../../runs/minibatch/task.ts";
import { brief, word } from "../../../src/train/json.ts";
import { answersOf, likeliest, rounded } from "../answers.ts";
import { checkRow, readTable, type Row, type Text } from "./csv.ts";
import { encoded, remarked, type Remark } from "./encode.ts";
import { inputsOf, type TableConfig, type TableFound, type Target } from "./found.ts";
import { checkColumns } from "./learned.ts";
import { answering, outputsOf } from "./model.ts";
import type { TableOrigin } from "./origin.ts";

type Predict = NonNullable<Task["predict"]>;

function decided({ found }: TableConfig): TableFound {
  if (found) return found;
  throw new Error(
    "predict: expected a run that keeps what its table decided, got none; train it again",
  );
}

/** Rows as numbers [batch, inputs] to probabilities, or to the number that is predicted, standardized. */
export async function answeringOf(
  origin: TableOrigin,
  config: TableConfig,
  world: World,
): Promise<Answering> {
  const known = decided(config);
  const { model, ...body } = await origin.open(config, world);
  const layer = body.layer(outputsOf(known.target));
  const { columns, target } = known;
  return {
    input: (size) => input(model?.input ?? "x", [size, inputsOf(known)]),
    network: (x) => answering(target, layer, x),
    ...(model ? { original: model.original } : {}),
    metadata: {
      ...(target.kind === "classification" ? { classes: JSON.stringify(target.classes) } : {}),
      preprocessing: JSON.stringify({ target, columns }),
    },
  };
}

/** The rows of all files with what is predicted of them; of several files all have the columns of the first. */
export const predictedBy =
  (origin: TableOrigin): Predict =>
  async (trained, { files, world }) => {
    const config = trained.config as TableConfig;
    const known = decided(config);
    const body = await origin.open(config, world);
    const layer = body.layer(outputsOf(known.target));
    const failed: string[] = [];
    const notes: string[] = [];
    const rows: (readonly (string | number)[])[] = [];
    let header: readonly string[] | undefined;
    for (const given of files) {
      const table = await opened(given, known, failed);
      if (!table) continue;
      header ??= table.header;
      const good = goodRows(table, header, failed);
      const remarks: Remark[] = [];
      const own = { columns: known.columns, commas: table.commas }; // its commas are those of its delimiter
      const x = encoded(own, table, good, (remark) => remarks.push(remark));
      const wrong = remarks.filter(({ what }) => what === "no number");
      for (const { line, column, got } of wrong)
        failed.push(
          `${table.file}:${line}: expected a number in column ${word(column)}, got ${brief(got)}; mend it`,
        );
      notes.push(...notesOf(remarks, table.file));
      const lines = new Set(wrong.map(({ line }) => line));
      const kept = good.flatMap((row, i) => (lines.has(row.line) ? [] : [i]));
      const width = inputsOf(known);
      const answers = await answersOf(trained, {
        count: kept.length,
        input: (size) => input("x", [size, width]),
        feed: (start, size) =>
          tensor(
            kept
              .slice(start, start + size)
              .flatMap((i) => [...x.subarray(i * width, (i + 1) * width)]),
            [size, width],
          ),
        network: (asked) => answering(known.target, layer, asked),
      });
      for (const [at, i] of kept.entries())
        rows.push([...good[i].fields, ...said(known.target, answers[at])]);
    }
    return {
      columns: [...(header ?? []), ...headsOf(known.target, header ?? [])],
      rows,
      notes,
      failed,
    };
  };

async function opened(
  given: NamedFile,
  known: NonNullable<TableConfig["found"]>,
  failed: string[],
): Promise<Text | undefined> {
  try {
    const table = await readTable(await given.read(), given.name);
    checkColumns(table, known);
    return table;
  } catch (error) {
    failed.push((error as Error).message);
    return undefined;
  }
}

/** The rows that have the fields of the header, in the order of the first file's. */
function goodRows(table: Text, header: readonly string[], failed: string[]): readonly Row[] {
  if (table.header.join("\n") !== header.join("\n")) {
    failed.push(
      `${table.file}:1: expected the columns of the file before it, got others; predict it by itself`,
    );
    return [];
  }
  return table.rows.filter((row) => {
    try {
      checkRow(table, row);
      return true;
    } catch (error) {
      failed.push((error as Error).message);
      return false;
    }
  });
}

function notesOf(remarks: readonly Remark[], file: string): readonly string[] {
  const of = (what: Remark["what"]): readonly Remark[] => remarks.filter((r) => r.what === what);
  const [missing, unknown] = [of("missing"), of("unknown")];
  return [
    ...remarked(missing, file, {
      what: `${missing.length} missing value${missing.length === 1 ? "" : "s"}`,
      handled: "numbers count as the mean, words as what training knew of missing ones",
    }),
    ...remarked(unknown, file, {
      what: `${unknown.length} value${unknown.length === 1 ? "" : "s"} that training never saw`,
      handled: "each counts as no category at all",
    }),
  ];
}

/** Names of the new columns, which no column of the file has. */
function headsOf(target: Target, header: readonly string[]): readonly string[] {
  const heads = [
    `predicted ${target.name}`,
    ...(target.kind === "classification" ? ["probability"] : []),
  ];
  return heads.map((head) => (header.includes(head) ? `${head} (new)` : head));
}

function said(target: Target, answer: readonly number[]): readonly (string | number)[] {
  if (target.kind === "regression") return [rounded(answer[0] * target.deviation + target.mean)];
  const { index, probability } = likeliest(answer);
  return [target.classes[index], probability];
}
