/** The two ways in which DRAW sees an image and changes its canvas: whole (Gregor et al. 2015, section 3.1), or through a window. */
import { ops, type Node, type Scope } from "../../src/index.ts";
import { GRID_PARAMETERS, grid, outline, read, write } from "./attention.ts";
import { linear } from "./linear.ts";

const { flatten, reshape, slice } = ops;

/** What is read or written at one step, what is read in parts that lie side by side, and where, if there is a window: (g_X, g_Y, delta, sigma), [batch, 4]. */
export interface Glimpse<Value = Node> {
  readonly value: Value;
  readonly window: Node | null;
}
export interface WindowOptions {
  /** N of the N x N window; 0 does without. */
  readonly points: number;
  /** Height and width of the images. */
  readonly size: number;
  /** Width of h_dec. */
  readonly units: number;
}

export interface Reader {
  /** How many numbers one glimpse of two images has. */
  readonly width: number;
  /** x and then, at every step, its error x^, [batch, size, size], seen from h_dec [batch, units] -> [batch, width]. */
  read(x: Node): (error: Node, h: Node) => Glimpse<readonly Node[]>;
}
/** read(x, x^, h) = [x, x^] (eq. 17), or what a window shows of both (eq. 27). */
export function reader(scope: Scope, { points, size, units }: WindowOptions): Reader {
  if (points === 0)
    return {
      width: 2 * size * size,
      read(x) {
        const flat = flatten(x); // once: what the encoder makes of it is the same at every step
        return (error) => ({ value: [flat, flatten(error)], window: null });
      },
    };
  const place = linear(scope, { name: "reader", inputs: units, units: GRID_PARAMETERS });
  return {
    width: 2 * points * points,
    read: (x) => (error, h) => {
      const at = grid(place(h), { points, size });
      return { value: [read([x, error], at)], window: outline(at) };
    },
  };
}

/** From h_dec [batch, units] to what is added to the canvas, [batch, size, size]. */
export type Writer = (h: Node) => Glimpse;

/** write(h) = W(h) (eq. 18), or a patch drawn through a window (eqs. 28-29): one layer gives the window and the patch. */
export function writer(scope: Scope, { points, size, units }: WindowOptions): Writer {
  const width = points === 0 ? size * size : GRID_PARAMETERS + points * points;
  const layer = linear(scope, { name: "writer", inputs: units, units: width });
  if (points === 0)
    return (h) => ({ value: reshape(layer(h), [h.shape[0], size, size]), window: null });
  return (h) => {
    const y = layer(h);
    const at = grid(slice(y, { axis: 1, end: GRID_PARAMETERS }), { points, size });
    return {
      value: write(slice(y, { axis: 1, start: GRID_PARAMETERS }), at),
      window: outline(at),
    };
  };
}
