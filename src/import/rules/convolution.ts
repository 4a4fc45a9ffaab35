/** Convolutions over one axis or two. */
import { conv2d, convTranspose2d, pad, type Node } from "../../graph/index.ts";
import type { Call, Rules } from "../call.ts";
import {
  asImages,
  oddAtEnd,
  padsOf,
  shared,
  spanOf,
  stepsOf,
  twoOf,
  windowOf,
  windowsOf,
  type Steps,
  type Windows,
} from "./places.ts";

/** x and w as `call` convolves them, without a bias. */
export function convolved(call: Call, x: Node, w: Node): Node {
  const windows = windowsOf(call, x.shape.slice(2), w.shape.slice(2));
  const options = { ...windowOf(windows), groups: call.int("group", 1) };
  return asImages((y, v) => conv2d(y, v, options), x, w);
}

function conv(call: Call): Node {
  const { w, preactivation } = call.layer({ kind: "conv", weight: 1, bias: 2, axis: 0 });
  return preactivation(convolved(call, call.x(0), w));
}

function convTranspose(call: Call): Node {
  const groups = call.int("group", 1);
  const spec = { kind: "convTranspose", weight: 1, bias: 2, axis: 1, groups };
  const { w, preactivation } = call.layer(spec);
  const x = call.x(0);
  const places = x.shape.slice(2);
  const steps = stepsOf(call, places, w.shape.slice(2));
  const { begins, ends } = transposedPads(call, places, steps);
  // Padding below 0 at the end is output that is added: less than a stride of it by the op itself, which alone sees the input there.
  const added = ends.map((end, i) => Math.min(Math.max(0, -end), steps.strides[i] - 1));
  const zeros = ends.map((end, i) => Math.max(0, -end - added[i]));
  const options = {
    ...windowOf({ ...steps, begins, ends: ends.map((end) => Math.max(0, end)) }),
    groups,
    outputPadding: twoOf(added, 0),
  };
  const y = asImages((z, v) => convTranspose2d(z, v, options), x, w);
  return preactivation(pad(y, [[0, 0], [0, 0], ...zeros.map((n) => [0, n] as const)]));
}

/** What is cut off a transposed convolution before and after, by `output_shape`, `auto_pad` or `pads`. */
function transposedPads(
  call: Call,
  places: readonly number[],
  steps: Steps,
): Pick<Windows, "begins" | "ends"> {
  const given = call.ints("output_padding", []);
  const extra = given.length > 0 ? given : places.map(() => 0);
  const how = call.string("auto_pad", "NOTSET");
  const sizes = call.ints("output_shape", []).slice(-places.length); // batch and channels may come before
  const full = places.map((size, i) => (size - 1) * steps.strides[i] + spanOf(steps, i));
  if (sizes.length === 0 && !how.startsWith("SAME")) {
    const { begins, ends } = padsOf(call, places);
    return { begins, ends: ends.map((end, i) => end - extra[i]) };
  }
  const wanted = sizes.length > 0 ? sizes : places.map((size, i) => size * steps.strides[i]);
  const totals = full.map((size, i) => Math.max(0, size + extra[i] - wanted[i]));
  const { begins } = shared(totals, how.startsWith("SAME") && oddAtEnd(call, how));
  return { begins, ends: full.map((size, i) => size - begins[i] - wanted[i]) };
}

export const convolution: Rules = { Conv: conv, ConvTranspose: convTranspose };
