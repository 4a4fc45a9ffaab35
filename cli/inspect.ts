/** `weightnorm inspect`: what is in a checkpoint, any safetensors file, or a model of ONNX. */
import {
  decodeSafetensors,
  isOptimizerState,
  layerStats,
  parseRecord,
  printable,
  sizeOf,
  type Tensor,
} from "../src/index.ts";
import { readBytes } from "../src/node/index.ts";
import { textTable } from "../report/text-table.ts";
import { count } from "../report/words.ts";
import { inspectModel } from "./inspect-model.ts";

interface Inspection {
  readonly file: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly layers: ReturnType<typeof layerStats>;
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    /** Undefined where the values cannot be read: why says the reason. */
    readonly mean?: number;
    readonly std?: number;
    readonly finite?: boolean;
    readonly why?: string;
  }[];
}

export async function inspect(
  file: string,
  { json = false, all = false }: { readonly json?: boolean; readonly all?: boolean },
): Promise<void> {
  const bytes = await readBytes(file);
  if (file.endsWith(".onnx")) {
    const model = inspectModel(bytes, file);
    const told = json ? printable(JSON.stringify(model.data)) : model.text(all);
    return void process.stdout.write(`${told}\n`);
  }
  const { tensors, metadata, skipped } = decodeSafetensors(bytes, file);
  const config = parsed(metadata["config"]);
  const lr = typeof config?.["lr"] === "number" ? config["lr"] : undefined;
  const result: Inspection = {
    file,
    metadata: { ...metadata, ...(config ? { config } : {}), progress: undefined },
    layers: layerStats(tensors, lr ?? 1),
    tensors: [
      ...[...tensors].map(([name, x]) => ({ name, dtype: x.dtype, shape: x.shape, ...summary(x) })),
      ...skipped,
    ],
  };
  // In JSON too what moves a cursor is written out, as an escape that means the same.
  const shown = json ? printable(JSON.stringify(result)) : text(result, lr, all);
  process.stdout.write(`${shown}\n`);
}

function parsed(value: string | undefined): Record<string, unknown> | undefined {
  try {
    return value === undefined ? undefined : parseRecord(value, "config");
  } catch {
    return undefined; // another program's metadata
  }
}

function summary({ data }: Tensor): {
  readonly mean: number;
  readonly std: number;
  readonly finite: boolean;
} {
  const values = Array.from(data);
  const n = Math.max(values.length, 1);
  const mean = values.reduce((a, b) => a + b, 0) / n;
  return {
    mean,
    std: Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / n),
    finite: values.every(Number.isFinite),
  };
}

const number = (x: number): string =>
  x === 0 || (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5) ? x.toPrecision(4) : x.toExponential(2);

function text(
  { file, metadata, layers, tensors }: Inspection,
  lr: number | undefined,
  all: boolean,
): string {
  const shown = tensors.filter(({ name }) => all || !isOptimizerState(name));
  const hidden = tensors.length - shown.length;
  const head = ["step", "seed"].flatMap((key) =>
    key in metadata ? [`${key} ${printable(String(metadata[key]))}`] : [],
  );
  const unread = shown.flatMap(({ name, why }) =>
    why === undefined ? [] : [`${printable(name)} was not read: ${why}`],
  );
  const total = shown.reduce((n, { shape }) => n + sizeOf(shape), 0);
  const parts = [
    [`${printable(file)}${head.length > 0 ? `: ${head.join(", ")}` : ""}`],
    layers.length > 0
      ? [
          textTable(
            [
              "layer",
              "|v|",
              "g",
              lr === undefined ? "1/|v|^2" : `effective step lr/|v|^2 (lr ${lr})`,
            ],
            layers.map((l) => [
              printable(l.layer),
              number(l.v),
              number(l.g),
              number(l.effectiveStep),
            ]),
          ),
        ]
      : [],
    [
      textTable(
        ["tensor", "type", "shape", "mean", "std"],
        shown.map((t) => [
          printable(t.name),
          printable(t.dtype),
          `[${t.shape.join(", ")}]`,
          ...[t.mean, t.std].map((x) =>
            x === undefined ? "not read" : t.finite ? number(x) : "not finite",
          ),
        ]),
      ),
    ],
    unread.length > 0 ? [unread.join("\n")] : [],
    [
      `${count(total, "number")} in ${count(shown.length, "tensor")}${hidden > 0 ? `, and ${count(hidden, "tensor")} of optimizer state (--all shows them)` : ""}`,
    ],
  ];
  return parts.flat().join("\n\n");
}
