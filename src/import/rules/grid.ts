/** Images read at places that are computed: the pixels around each by index, weighted by how near they are. */
import {
  abs,
  add,
  cast,
  clip,
  expandDims,
  floor,
  gather,
  lessOrEqual,
  logicalAnd,
  mul,
  ones,
  reshape,
  round,
  sub,
  transpose,
  type Arg,
} from "../../graph/index.ts";
import type { Call, Node, Rules } from "../call.ts";
import { coordinates, take } from "./common.ts";

export const grid: Rules = {
  GridSample: (call) => {
    const [x, places] = [call.x(0), call.x(1)];
    const [n, c, h, w] = x.shape;
    if (x.shape.length !== 4 || places.shape.length !== 4 || places.shape[3] !== 2)
      throw call.fail(
        `expected images [n, c, h, w] and places [n, h', w', 2], got [${x.shape}] and [${places.shape}]; cut the model before it`,
      );
    const cornersAligned = call.int("align_corners", 0) !== 0;
    const along = (i: number, size: number): readonly Neighbour[] => {
      const g = reshape(take(places, 3, [i]), places.shape.slice(0, 3));
      const position = cornersAligned
        ? mul(add(g, 1), (size - 1) / 2)
        : sub(mul(add(g, 1), size / 2), 0.5);
      const edge = cornersAligned ? 0 : 0.5;
      const padded = paddingOf(call, { size, least: -edge, most: size - 1 + edge });
      return neighboursOf(call, position).map(({ at, weight }) => padded(at, weight));
    };
    const [columns, rows] = [along(0, w), along(1, h)];
    const pixels = reshape(transpose(x, [0, 2, 3, 1]), [n * h * w, c]);
    const terms = rows.flatMap((row) =>
      columns.map((column) => {
        const at = add(mul(cast(row.at, "int32"), w), cast(column.at, "int32"));
        const values = gather(pixels, add(at, coordinates(n, 0, 3, h * w)));
        return mul(values, expandDims(mul(row.weight, column.weight), 3));
      }),
    );
    return transpose(
      terms.reduce((a, b) => add(a, b)),
      [0, 3, 1, 2],
    );
  },
};

/** A row or column near a place: which, as a float that is whole, and how much it counts. */
interface Neighbour {
  readonly at: Node;
  readonly weight: Node;
}

function neighboursOf(call: Call, x: Node): readonly Neighbour[] {
  const mode = call.string("mode", call.opset < 20 ? "bilinear" : "linear");
  const base = floor(x);
  const t = sub(x, base);
  const at = (offset: number, weight: Node): Neighbour => ({ at: add(base, offset), weight });
  switch (mode) {
    case "nearest": {
      const nearest = round(x);
      return [{ at: nearest, weight: ones(nearest.shape) }];
    }
    case "linear":
    case "bilinear":
      return [at(0, sub(1, t)), at(1, t)];
    case "cubic":
    case "bicubic":
      return [
        at(-1, far(add(t, 1))),
        at(0, near(t)),
        at(1, near(sub(1, t))),
        at(2, far(sub(2, t))),
      ];
    default:
      throw call.fail(`expected mode nearest, linear or cubic, got "${mode}"; check the file`);
  }
}
/** Cubic convolution with a = -0.75, up to one pixel away and beyond. */
const A = -0.75;
const polynomial = (t: Node, ...factors: readonly number[]): Node =>
  factors.reduce<Arg>((total, factor) => add(mul(total, t), factor), 0) as Node;
const near = (t: Node): Node => polynomial(t, A + 2, -(A + 3), 0, 1);
const far = (t: Node): Node => polynomial(t, A, -5 * A, 8 * A, -4 * A);

interface Extent {
  readonly size: number;
  /** What is reflected at. */
  readonly least: number;
  readonly most: number;
}
/** Where a row or column beyond the image is read. */
function paddingOf(
  call: Call,
  { size, least, most }: Extent,
): (at: Node, weight: Node) => Neighbour {
  const inside = (at: Node): Node => clip(at, 0, size - 1);
  const mode = call.string("padding_mode", "zeros");
  switch (mode) {
    case "zeros":
      return (at, weight) => {
        const counts = logicalAnd(lessOrEqual(0, at), lessOrEqual(at, size - 1));
        return { at: inside(at), weight: mul(weight, cast(counts, "float")) };
      };
    case "border":
      return (at, weight) => ({ at: inside(at), weight });
    case "reflection":
      return (at, weight) => {
        const length = most - least;
        if (length === 0) return { at: inside(at), weight };
        const turns = mul(sub(at, least), 1 / length);
        const way = sub(turns, mul(floor(mul(turns, 0.5)), 2)); // there and back: 0 to 2
        const back = add(mul(sub(1, abs(sub(way, 1))), length), least);
        return { at: inside(round(back)), weight };
      };
    default:
      throw call.fail(
        `expected padding_mode zeros, border or reflection, got "${mode}"; check the file`,
      );
  }
}
