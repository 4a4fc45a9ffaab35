/** The filters of a layer as pictures: what each of its units looks for in its input. */
import { sizeOf, type Shape } from "../graph/index.ts";
import type { State } from "../runtime/program.ts";
import { unitsOf, weightsIn, type Weight } from "./layer-stats.ts";

/** Grey pixels, row-major. */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1;
  readonly pixels: Uint8Array;
}

/** Some units of a layer, in the order of the layer. */
export interface LayerFilters {
  readonly layer: string;
  /** How many units there are. */
  readonly units: number;
  /** Of each unit w = g v / |v|: 0 is grey, the largest |w| of the unit white where it is positive and black where it is negative. */
  readonly filters: readonly GreyPicture[];
  /** |v| of each of these; of a plain weight |w|. */
  readonly v: readonly number[];
  readonly g: readonly number[];
}

/** What is shown of a unit that has many inputs. */
const MOST_PANELS = 64;
/** Pixels between two panels. */
const GAP = 1;
const ZERO = 128;

/**
 * The first `most` units of the layer `layer`, named as `layerStats` names it, whose parameters are on the host. A convolution's
 * kernels lie side by side, one an input channel; so do the maps that a dense layer behind a convolution sees. Another dense
 * layer's weights are a picture where their number is a square, else a row. Throws for a layer that there is not.
 */
export function filtersOf(state: State, layer: string, most: number): LayerFilters {
  const weights = weightsIn(state);
  const at = weights.findIndex((weight) => weight.layer === layer);
  const found = at < 0 ? undefined : unitsOf(state, weights[at]);
  if (!found)
    throw new Error(
      `filtersOf: expected a layer with weights, got "${layer}"; name one of ${weights.map((w) => w.layer).join(", ")}`,
    );
  const { unit, norms, scales } = found;
  const { shape, data } = state.get(weights[at].name)!;
  const [units, shown] = [norms.length, Math.min(most, norms.length)];
  const values: number[][] = Array.from({ length: shown }, () => []);
  for (let i = 0; i < unit.length; i++) if (unit[i] < shown) values[unit[i]].push(data[i]);
  const panel = panelOf(shape, unit.length / units, before(state, weights.slice(0, at)));
  return {
    ...{ layer, units },
    filters: values.map((w, i) => pictured(w, Math.sign(scales[i]), panel)),
    v: norms.slice(0, shown),
    g: scales.slice(0, shown),
  };
}

interface Panel {
  readonly width: number;
  readonly height: number;
}
/** The size of what lies side by side, of a unit with so many weights. */
function panelOf(shape: Shape, weights: number, maps: number): Panel {
  const kernel = shape.slice(2);
  if (kernel.length > 0) {
    const width = kernel[kernel.length - 1];
    return { width, height: sizeOf(kernel) / width };
  }
  const side = [maps, 1].map((n) => Math.sqrt(weights / n)).find(Number.isInteger);
  return side === undefined ? { width: weights, height: 1 } : { width: side, height: side };
}

/** How many maps the layer before has: 1 where it is no convolution. */
function before(state: State, weights: readonly Weight[]): number {
  const last = weights.at(-1);
  if (!last || state.get(last.name)!.shape.length !== 4) return 1;
  return unitsOf(state, last)?.norms.length ?? 1;
}

function pictured(w: readonly number[], sign: number, { width, height }: Panel): GreyPicture {
  const area = width * height;
  const panels = Math.min(MOST_PANELS, w.length / area);
  const columns = Math.ceil(Math.sqrt(panels));
  const rows = Math.ceil(panels / columns);
  const shown = w.slice(0, panels * area);
  const largest = shown.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const grey = (x: number): number =>
    largest === 0 ? ZERO : Math.round(127.5 + (127.5 * sign * x) / largest);
  const across = columns * (width + GAP) - GAP;
  const pixels = new Uint8Array(across * (rows * (height + GAP) - GAP)).fill(ZERO);
  for (const [i, x] of shown.entries()) {
    const [at, within] = [Math.floor(i / area), i % area];
    const top = Math.floor(at / columns) * (height + GAP) + Math.floor(within / width);
    pixels[top * across + (at % columns) * (width + GAP) + (within % width)] = grey(x);
  }
  return { width: across, height: pixels.length / across, channels: 1, pixels };
}
