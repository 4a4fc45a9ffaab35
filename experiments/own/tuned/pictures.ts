/** Pictures as a trained model takes them: its size, its order of axes, its normalization. */
import { ops, type Layer } from "../../../src/index.ts";
import { UsageError, type PictureSize } from "../../../runs/experiment.ts";
import { text, whole, type Settings } from "../../../runs/settings.ts";
import type { PhotosConfig } from "../photos/found.ts";
import type { PictureOrigin } from "../photos/origin.ts";
import type { Colours } from "../photos/pixels.ts";
import { checkFits, openModel, withHead, type Opened } from "./model.ts";
import {
  modelPlace,
  optimizerFor,
  ratesFor,
  tunedPreset,
  tunedSettings,
  tunedSizes,
  type TunedConfig,
} from "./settings.ts";

type Config = PhotosConfig & TunedConfig & { readonly normalize: string };

/** Where the model's file does not say a size. */
const USUAL = 64;

/** What pixels of 0..1 are normalized by, by name. */
const normalizations: Readonly<Record<string, Colours>> = {
  imagenet: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] },
  "0..1": { mean: [0, 0, 0], deviation: [1, 1, 1] },
  "-1..1": { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] },
  "0..255": { mean: [0, 0, 0], deviation: [1 / 255, 1 / 255, 1 / 255] },
};
const settings: Settings = {
  size: whole(
    `pixels of either side that pictures are brought to (default: as the file says, or ${USUAL})`,
    { least: 8, most: 1024, example: "224", unit: "pixels" },
  ),
  normalize: text(
    `how the model wants its pixels: ${Object.keys(normalizations).join(", ")}, or a mean and a deviation of 0..1, e.g. 0.5,0.25, or three and three`,
    { example: "-1..1" },
  ),
};

export const tunedPictures: PictureOrigin = {
  name: "tuned-pictures",
  about: "a trained model, fine-tuned on the classes of pictures of yours, a folder each",
  options: {},
  places: modelPlace,
  takes: { model: "model" },
  settings: { ...tunedSettings, ...settings },
  preset: { ...tunedPreset, size: Infinity, normalize: "imagenet" } as PictureOrigin["preset"],
  sizes: tunedSizes,
  examples: [
    "finetune model.onnx --data ./photos",
    "finetune model.onnx --data ./photos --norm plain,weight --epochs 10",
  ],
  rates: ratesFor,
  optimizer: optimizerFor,
  async open(asked, world) {
    const config = asked as Config;
    const opened = await openModel(config, config.found?.model, world);
    const { frame, side, isLast } = frameOf(opened, config);
    return {
      frame,
      side,
      colours: coloursFor(config.normalize, frame),
      channelsLast: isLast,
      layer(classes) {
        const head = withHead(opened, classes, config);
        // Pictures come with channels first; the file may have them last.
        const layer: Layer = (scope, x) => head(scope, isLast ? ops.transpose(x, [0, 2, 3, 1]) : x);
        const { channels, height, width } = frame;
        checkFits(
          layer,
          [channels, height, width],
          `So it is with pictures of ${width} x ${height}; choose another --size, or a model of pictures in float`,
        );
        return layer;
      },
      model: {
        found: opened.found,
        input: opened.imported.ports[0].name,
        original: opened.imported.original,
      },
    };
  },
};

/** Which axis has the colours, and how large pictures are. */
function frameOf(
  { imported, where }: Opened,
  { size }: Config,
): { readonly frame: PictureSize; readonly side: number; readonly isLast: boolean } {
  const [{ name, shape }] = imported.ports;
  const axis = [1, 3].find((a) => shape[a] === 3) ?? [1, 3].find((a) => shape[a] === 1);
  if (shape.length !== 4 || axis === undefined)
    throw new UsageError(
      `${where}: expected an input of pictures, [batch, 3, height, width] or with the 3 last, got "${name}" [${shape.join(", ")}]; a model of another kind takes a table, --data table.csv`,
    );
  const side = size === Infinity ? USUAL : size;
  const [height, width] = (axis === 1 ? [2, 3] : [1, 2]).map((a) => {
    const fixed = shape[a];
    return typeof fixed === "number" ? fixed : side;
  });
  if (size !== Infinity && ![height, width].includes(size))
    throw new UsageError(
      `--size: the model takes pictures of ${width} x ${height}, got ${size}; leave --size away`,
    );
  const frame = { width, height, channels: shape[axis] as 1 | 3 };
  // What is kept as the size gives the same frame again.
  return { frame, side: [width, height].includes(side) ? side : width, isLast: axis === 3 };
}

function coloursFor(said: string, { channels }: PictureSize): Colours {
  const named = Object.hasOwn(normalizations, said) ? normalizations[said] : undefined;
  const numbers = said.split(",").map(Number);
  const many = numbers.length / 2;
  const fits =
    [1, channels].includes(many) &&
    numbers.every(Number.isFinite) &&
    numbers.slice(many).every((x) => x > 0);
  if (!named && !fits)
    throw new UsageError(
      `--normalize: expected one of ${Object.keys(normalizations).join(", ")}, or means,deviations, got "${said}"; write e.g. 0.5,0.25`,
    );
  const every = (values: readonly number[]): readonly number[] =>
    Array.from({ length: channels }, (_, c) => values[c % values.length]);
  return named
    ? { mean: every(named.mean), deviation: every(named.deviation) }
    : { mean: every(numbers.slice(0, many)), deviation: every(numbers.slice(many)) };
}
