/** `weightnorm convert`: checkpoints of others from one format to another, weight normalization folded, unfolded or renamed on the way. */
import { resolve } from "node:path";
import {
  byteLength,
  compareWeights,
  formatOf,
  openWeights,
  rewriteWeights,
  weightsUnder,
  writeWeights,
  WRITTEN,
  type Change,
  type WeightDifference,
  type Entry,
  type LeftOut,
  type RewriteOptions,
  type Scheme,
  type Sink,
} from "../src/checkpoints/index.ts";
import { brief, printable } from "../src/index.ts";
import { withSource, writeAtomically } from "../src/node/index.ts";
import { UsageError } from "../runs/experiment.ts";
import { Interrupted } from "../runs/race.ts";
import { onInterrupt } from "./interrupt.ts";

export interface ConvertFlags {
  readonly fold?: boolean;
  readonly unfold?: boolean;
  readonly scheme?: Scheme;
  readonly only?: string;
  readonly axis?: string;
  readonly under?: string;
  readonly dtype?: string;
  readonly check?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The types that `--dtype` names, by our names of them. */
export const DTYPES: Readonly<Record<string, (typeof WRITTEN)[number]>> = {
  float16: "F16",
  bfloat16: "BF16",
  float32: "F32",
  float64: "F64",
};

interface Conversion {
  readonly in: string;
  readonly format: string;
  readonly out: string;
  readonly tensors: number;
  readonly bytes: number;
  readonly changes: readonly Change[];
  readonly leftOut: readonly LeftOut[];
  readonly difference?: WeightDifference;
}

export async function convert(path: string, out: string, flags: ConvertFlags): Promise<void> {
  const options = optionsOf(path, flags);
  formatOf(out); // before a large file is read
  if (resolve(path) === resolve(out))
    throw new UsageError(
      `${out}: expected a file of its own, got the one that is read; name another, so that nothing is lost`,
    );
  const { signal, release } = onInterrupt();
  const done = await withSource(path, async (source, beside): Promise<Conversion> => {
    const weights = weightsUnder(await openWeights(source, beside), path, flags.under);
    const { entries, changes } = rewriteWeights(weights.entries, options);
    const { format, leftOut, metadata } = weights;
    if (entries.length === 0)
      throw new Error(
        `${path}: expected tensors, got ${
          leftOut
            .slice(0, 3)
            .map((x) => `${brief(x.name)} (${x.why})`)
            .join(", ") || "none"
        }; check that it is a checkpoint`,
      );
    checkChanges(path, flags, changes);
    await writeAtomically(out, (sink) =>
      writeWeights(stoppable(sink, signal), out, entries, metadata),
    );
    const difference =
      flags.check === true ? await check(weights.entries, out, options) : undefined;
    const bytes = entries.reduce((sum, entry) => sum + byteLength(entry), 0);
    return {
      ...{ in: path, format, out, tensors: entries.length, bytes, changes, leftOut },
      ...(difference && { difference }),
    };
  }).finally(release);
  if (flags.json === true) process.stdout.write(`${printable(JSON.stringify(done))}\n`);
  else if (flags.quiet !== true) process.stdout.write(`${text(done)}\n`);
}

/** Writes until it is asked to stop, which leaves nothing behind. */
const stoppable = (sink: Sink, signal: AbortSignal): Sink => ({
  patch: (offset, bytes) => sink.patch(offset, bytes),
  write(bytes) {
    if (signal.aborted) throw new Interrupted("stopped, nothing was written");
    return sink.write(bytes);
  },
});

/** What was asked for and found nothing to do is a mistake in names, as a rule. */
function checkChanges(
  path: string,
  { fold, unfold }: ConvertFlags,
  changes: readonly Change[],
): void {
  const wanted = fold ? "folded" : unfold ? "unfolded" : undefined;
  if (!wanted || changes.some(({ what }) => what === wanted)) return;
  throw new UsageError(
    `${path}: expected weights to be ${wanted}, got none ${fold ? "in two parts" : "called weight"}; ${fold ? "leave --fold away" : "choose names with --only"}`,
  );
}

function optionsOf(where: string, flags: ConvertFlags): RewriteOptions {
  const { fold = false, unfold = false, scheme, only, axis, dtype } = flags;
  if (fold && (unfold || (scheme !== undefined && scheme !== "folded")))
    throw new UsageError(
      `--fold: expected it alone, got --${unfold ? "unfold" : `scheme ${scheme}`} beside it; choose one`,
    );
  if (unfold && scheme === "folded")
    throw new UsageError("--unfold: expected two parts, got --scheme folded; choose one");
  const isAxis = axis === undefined || axis === "none" || /^\d$/.test(axis);
  if (!isAxis)
    throw new UsageError(`--axis: expected an axis or none, got ${brief(axis)}; try --axis 0`);
  return {
    ...{ where, unfold, scheme: fold ? "folded" : scheme },
    ...{ only: only === undefined ? undefined : pattern(only) },
    axis: axis === undefined ? undefined : axis === "none" ? null : Number(axis),
    dtype: dtype === undefined ? undefined : DTYPES[dtype],
  };
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch {
    throw new UsageError(
      `--only: expected a regular expression, got ${brief(text)}; try --only 'conv.*weight$'`,
    );
  }
}

const check = (
  before: readonly Entry[],
  out: string,
  options: RewriteOptions,
): Promise<WeightDifference> =>
  withSource(out, async (source, beside) => {
    const { entries } = await openWeights(source, beside);
    return compareWeights(before, entries, options);
  });

const said: Readonly<Record<Change["what"], string>> = {
  folded: "folded",
  unfolded: "unfolded",
  renamed: "renamed",
  kept: "left as they are",
};
const listed = (lines: readonly string[]): readonly string[] =>
  lines.length > 20
    ? [...lines.slice(0, 19), `and ${lines.length - 19} more (--json has all)`]
    : lines;

function text(done: Conversion): string {
  const { changes, leftOut, difference: d } = done;
  const groups = (Object.keys(said) as Change["what"][]).flatMap((what) => {
    const of = changes.filter((change) => change.what === what);
    const lines = of.map(({ weight, note }) => `${printable(weight)}: ${note}`);
    return of.length > 0 ? [`${of.length} ${said[what]}:`, ...listed(lines).map(indented)] : [];
  });
  const left = leftOut.map(({ name, why }) => `${printable(name)}: ${printable(why)}`);
  return [
    `${done.in} (${done.format}) -> ${done.out}: ${done.tensors} tensors, ${(done.bytes / 1e6).toFixed(1)} MB`,
    ...groups,
    ...(left.length > 0 ? [`${left.length} left out:`, ...listed(left).map(indented)] : []),
    ...(d ? [differenceText(d)] : []),
  ].join("\n");
}
const indented = (line: string): string => `  ${line}`;

const differenceText = ({ largest, weight, of, others }: WeightDifference): string =>
  [
    `largest difference ${largest === 0 ? "0" : largest.toExponential(1)}${largest === 0 ? "" : `, in ${printable(weight)} with values up to ${of.toPrecision(3)}`}`,
    ...(others.length > 0 ? [`not the same: ${listed(others.map(printable)).join(", ")}`] : []),
  ].join("\n");
