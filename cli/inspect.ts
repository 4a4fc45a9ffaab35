/** `weightnorm inspect`: what is in a checkpoint or any safetensors file. */
import {
  decodeSafetensors,
  isOptimizerState,
  layerStats,
  sizeOf,
  type State,
  type Tensor,
} from "../src/index.ts";
import { readBytes } from "../src/node/index.ts";
import { textTable } from "../report/index.ts";

interface Inspection {
  readonly file: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly layers: ReturnType<typeof layerStats>;
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly mean: number;
    readonly std: number;
    readonly finite: boolean;
  }[];
}

export async function inspect(
  file: string,
  { json = false, all = false }: { readonly json?: boolean; readonly all?: boolean },
): Promise<void> {
  const bytes = await readBytes(file);
  const { tensors, metadata } = decodeSafetensors(bytes, file);
  const config = parsed(metadata["config"]);
  const lr = typeof config?.["lr"] === "number" ? config["lr"] : undefined;
  const result: Inspection = {
    file,
    metadata: { ...metadata, ...(config ? { config } : {}), progress: undefined },
    layers: layersOf(tensors, lr),
    tensors: [...tensors].map(([name, x]) => ({
      name,
      dtype: x.dtype,
      shape: x.shape,
      ...summary(x),
    })),
  };
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${text(result, lr, all)}\n`);
}

function layersOf(tensors: State, lr = 1): Inspection["layers"] {
  try {
    return layerStats(tensors, lr);
  } catch {
    return []; // another program's tensors, which only share a name with ours
  }
}

function parsed(value: string | undefined): Record<string, unknown> | undefined {
  try {
    return value === undefined ? undefined : (JSON.parse(value) as Record<string, unknown>);
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
const tensorsOf = (n: number): string => `${n} tensor${n === 1 ? "" : "s"}`;

function text(
  { file, metadata, layers, tensors }: Inspection,
  lr: number | undefined,
  all: boolean,
): string {
  const shown = tensors.filter(({ name }) => all || !isOptimizerState(name));
  const hidden = tensors.length - shown.length;
  const head = ["step", "seed"].flatMap((key) =>
    key in metadata ? [`${key} ${String(metadata[key])}`] : [],
  );
  const total = shown.reduce((n, { shape }) => n + sizeOf(shape), 0);
  const parts = [
    [`${file}${head.length > 0 ? `: ${head.join(", ")}` : ""}`],
    layers.length > 0
      ? [
          textTable(
            [
              "layer",
              "|v|",
              "g",
              lr === undefined ? "1/|v|^2" : `effective step lr/|v|^2 (lr ${lr})`,
            ],
            layers.map((l) => [l.layer, number(l.v), number(l.g), number(l.effectiveStep)]),
          ),
        ]
      : [],
    [
      textTable(
        ["tensor", "type", "shape", "mean", "std"],
        shown.map((t) => [
          t.name,
          t.dtype,
          `[${t.shape.join(", ")}]`,
          t.finite ? number(t.mean) : "not finite",
          t.finite ? number(t.std) : "not finite",
        ]),
      ),
    ],
    [
      `${total} numbers in ${tensorsOf(shown.length)}${hidden > 0 ? `, and ${tensorsOf(hidden)} of optimizer state (--all shows them)` : ""}`,
    ],
  ];
  return parts.flat().join("\n\n");
}
