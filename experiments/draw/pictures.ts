/** How DRAW's images come about: the canvas after every step, and the windows it was read and written through. */
import { input, ops, type Node, type Tensor } from "../../src/index.ts";
import { drawn, pictureKey, type Drawer, type SampleRequest } from "../generative/pictures.ts";
import {
  cornerOf,
  outlineBox,
  tile,
  type Box,
  type Color,
  type Images,
} from "../generative/raster.ts";
import type { Picture, Raster } from "../../runs/experiment.ts";
import type { MinibatchConfig } from "../../runs/minibatch/config.ts";
import type { TrainedModel } from "../../runs/minibatch/task.ts";
import type { DrawModel } from "./model.ts";

/** How many canvases side by side in a picture, and how many images. */
const STRIP = { steps: 12, images: 6 };
/** An animation holds all its frames in memory. */
const MOST_DRAWN = 64;
const ZOOM = 3;
const WRITES: Color = [214, 40, 40];
const READS: Color = [20, 120, 220];

/** Samples being drawn: their canvases step by step, as strips and as an animation. */
export async function drawingsOfSamples(
  model: DrawModel,
  drawer: Drawer,
  { count, key }: SampleRequest,
): Promise<readonly Picture[]> {
  // All are drawn, though not all shown: with other noise they would be others than those of the other picture.
  const shown = (y: Node): Node => ops.slice(y, { axis: 1, end: Math.min(count, MOST_DRAWN) });
  const made = drawingOf(
    await drawn(
      drawer,
      (scope) =>
        Object.fromEntries(
          Object.entries(model.steps(scope, count)).map(([k, y]) => [k, shown(y as Node)]),
        ),
      { name: `${count} samples being drawn`, key },
    ),
    pointsOf(drawer.config),
  );
  return [
    {
      name: "canvas",
      caption: `The canvas of samples step by step, an image a row${legendOf(made)}.`,
      frames: [strip(made, Math.min(STRIP.images, count))],
    },
    { name: "animation", caption: `Samples being drawn${legendOf(made)}.`, frames: movie(made) },
  ];
}

/** The canvas as test images are drawn anew, step by step. */
export async function drawingsOfImages(
  model: DrawModel,
  trained: TrainedModel,
): Promise<readonly Picture[]> {
  const { data, config } = trained;
  const count = Math.min(STRIP.images, data.test.count);
  const x = input("x", [count, ...model.image]);
  const feeds = data.test.feeds(Uint32Array.from({ length: count }, (_, i) => i));
  const again = drawingOf(
    await drawn(trained, (scope) => ({ ...model.stepsOf(scope, x) }), {
      ...{ name: "images being drawn", key: pictureKey(trained), inputs: [x], feeds },
    }),
    pointsOf(config),
  );
  return [
    {
      name: "canvas given an image",
      caption: `A test image, and right of it the canvas on which it is drawn anew, step by step${legendOf(again)}.`,
      frames: [strip(again, count, feeds["x"].data)],
    },
  ];
}

const pointsOf = ({ network }: MinibatchConfig): Drawing["points"] => ({
  reads: network["read"],
  writes: network["write"],
});
const legendOf = ({ writes, reads }: Drawing): string => {
  const windows = [
    ...(writes ? ["in red the windows that it writes through"] : []),
    ...(reads ? ["in blue those that it reads through"] : []),
  ];
  return windows.length > 0 ? `, ${windows.join(" and ")}` : "";
};

/** Canvases [steps, batch, 1, size, size], and windows [steps, batch, 4] of so many points along an axis. */
interface Drawing {
  readonly canvases: Tensor;
  readonly writes?: Tensor;
  readonly reads?: Tensor;
  readonly points: { readonly reads: number; readonly writes: number };
}

const drawingOf = (
  { canvases, writes, reads }: Readonly<Record<string, Tensor | undefined>>,
  points: Drawing["points"],
): Drawing => ({
  canvases: canvases!,
  ...(writes ? { writes } : {}),
  ...(reads ? { reads } : {}),
  points,
});

/** One row an image, one column a step, of many steps evenly chosen ones; left of them `givens`, images of the canvas's size. */
function strip(drawing: Drawing, rows: number, givens?: ArrayLike<number>): Raster {
  const steps = drawing.canvases.shape[0];
  const columns = Math.min(STRIP.steps, steps);
  const chosen = Array.from({ length: columns }, (_, i) =>
    columns === 1 ? 0 : Math.round((i * (steps - 1)) / (columns - 1)),
  );
  const places = Array.from({ length: rows }, (_, image) => [
    ...(givens ? [{ image }] : []),
    ...chosen.map((step) => ({ step, image })),
  ]).flat();
  return pictured(drawing, places, { columns: places.length / rows, ...(givens && { givens }) });
}

/** All images at once, one frame a step. */
function movie(drawing: Drawing): readonly Raster[] {
  const [steps, count] = drawing.canvases.shape;
  return Array.from({ length: steps }, (_, step) =>
    pictured(
      drawing,
      Array.from({ length: count }, (_, image) => ({ step, image })),
      { columns: Math.ceil(Math.sqrt(count)) },
    ),
  );
}

/** A canvas, or without a step the image that was given. */
interface Place {
  readonly step?: number;
  readonly image: number;
}
/** The canvases at some places, each with its windows drawn onto it. */
function pictured(
  { canvases, writes, reads, points }: Drawing,
  places: readonly Place[],
  { columns, givens = [] }: { readonly columns: number; readonly givens?: ArrayLike<number> },
): Raster {
  const [, batch, , size] = canvases.shape;
  const area = size * size;
  const values = new Float32Array(places.length * area);
  for (const [i, { step, image }] of places.entries()) {
    const [from, tile] =
      step === undefined ? [givens, image] : [canvases.data, step * batch + image];
    for (let j = 0; j < area; j++) values[i * area + j] = from[tile * area + j];
  }
  const images: Images = { shape: [places.length, 1, size, size], values };
  const raster = tile(images, { columns, zoom: ZOOM });
  for (const [i, { step, image }] of places.entries()) {
    if (step === undefined) continue;
    const { left, top } = cornerOf(i, { columns, zoom: ZOOM, width: size, height: size });
    const within = { left, top, right: left + size * ZOOM, bottom: top + size * ZOOM };
    for (const [windows, n, color] of [
      [reads, points.reads, READS],
      [writes, points.writes, WRITES],
    ] as const)
      if (windows) {
        const at = (step * batch + image) * 4;
        const box = boxOf(windows.data.subarray(at, at + 4), n, within);
        outlineBox(raster, box, { color, within });
      }
  }
  return raster;
}

/** From (g_X, g_Y, delta, sigma) in an image's pixels to the outline of its N x N grid in the picture's. */
function boxOf(window: ArrayLike<number>, points: number, { left, top }: Box): Box {
  const [x, y, stride] = Array.from(window);
  const reach = (stride * (points - 1)) / 2 + 0.5;
  const at = (v: number): number => (v + 0.5) * ZOOM;
  return {
    left: left + at(x - reach),
    right: left + at(x + reach),
    top: top + at(y - reach),
    bottom: top + at(y + reach),
  };
}
