/** Shapes, indices and resampling as ONNX Runtime has them: what ONNX's backend suite, which ends at operator set 17, leaves out. */
import { describe, expect, test } from "vitest";
import { DataType } from "../../src/onnx/index.ts";
import { imported, int64, random, type Given, type OneNode } from "./one-node.ts";
import { expectSame } from "./same.ts";

type Table = Readonly<Record<string, OneNode>>;
const node = (
  op: string,
  opset: number,
  inputs: OneNode["inputs"],
  attributes: OneNode["attributes"] = {},
  outputs = 1,
): OneNode => ({ op, opset, inputs, attributes, outputs });

const x = random([2, 3, 5]);
const image = random([1, 2, 4, 5]);
const floats = (...data: number[]): Given => ({ shape: [data.length], data, isWeight: true });
const scalar = (given: Given): Given => ({ ...given, shape: [] });
const fed = (shape: readonly number[], ...data: number[]): Given => ({
  ...{ shape, data, type: DataType.INT64 },
});
const bools = (shape: readonly number[], ...data: number[]): Given => ({
  ...{ shape, data, type: DataType.BOOL },
});

const shapes: Table = {
  "Reshape of opset 5 with 0 and -1": node("Reshape", 7, [x, int64(0, -1)]),
  "Reshape, 0 is a size": node(
    "Reshape",
    14,
    [random([0, 3], 1, { isWeight: true }), int64(3, 0)],
    { allowzero: 1 },
  ),
  "Squeeze of all": node("Squeeze", 13, [random([1, 3, 1])]),
  "Squeeze of negative axes": node("Squeeze", 13, [random([1, 3, 1]), int64(-1)]),
  "Unsqueeze of opset 11": node("Unsqueeze", 11, [x], { axes: [0, -1] }),
  "Flatten at the end": node("Flatten", 13, [x], { axis: 3 }),
  "Split in uneven parts": node("Split", 18, [x], { axis: 2, num_outputs: 3 }, 3),
  "Split of opset 11": node("Split", 11, [x], { axis: -1, split: [1, 4] }, 2),
  "Slice of opset 9": node("Slice", 9, [x], { starts: [1, -3], ends: [9, -1], axes: [1, 2] }),
  "Slice backwards": node("Slice", 13, [x, int64(-1), int64(-99), int64(2), int64(-2)]),
  "Slice of nothing": node("Slice", 13, [x, int64(4), int64(2), int64(2), int64(1)]),
  "Slice backwards of nothing": node("Slice", 13, [x, int64(1), int64(3), int64(2), int64(-1)]),
  "Slice of bools": node("Slice", 13, [bools([4], 1, 0, 1, 1), int64(1), int64(3)]),
  "Expand to fewer axes": node("Expand", 13, [x, int64(3, 1)]),
  Tile: node("Tile", 13, [x, int64(2, 1, 3)]),
  "Tile to nothing": node("Tile", 13, [random([2]), int64(0)]),
  "Shape of some axes": node("Shape", 15, [x], { start: -2, end: 3 }),
  "Trilu of bools": node("Trilu", 14, [bools([2, 2], 1, 1, 1, 1), scalar(int64(1))]),
  "CenterCropPad both ways": node("CenterCropPad", 18, [x, int64(2, 4, 8)]),
  "CenterCropPad of an axis": node("CenterCropPad", 18, [x, int64(2)], { axes: [-1] }),
  "Compress along an axis": node(
    "Compress",
    11,
    [x, { shape: [3], data: [0, 1, 1], type: DataType.BOOL, isWeight: true }],
    { axis: 1 },
  ),
  "ReverseSequence, time first": node("ReverseSequence", 10, [random([4, 3]), fed([3], 4, 2, 1)], {
    time_axis: 0,
    batch_axis: 1,
  }),
};

const pads: Table = {
  "Pad of opset 2": node("Pad", 9, [image], { pads: [0, 0, 1, 2, 0, 0, 0, 3], value: { f: 2 } }),
  "Pad with a constant": node("Pad", 13, [x, int64(0, 1, 0, 0, 0, 2), scalar(floats(1.5))]),
  "Pad with infinity": node("Pad", 13, [x, int64(0, 0, 1, 0, 0, 1), scalar(floats(-Infinity))]),
  "Pad, negative": node("Pad", 13, [x, int64(0, -1, 2, 0, 1, -3)]),
  "Pad of some axes": node("Pad", 18, [x, int64(1, 2), undefined, int64(-1)]),
  "Pad, reflected": node("Pad", 13, [x, int64(0, 2, 4, 0, 1, 3)], { mode: "reflect" }),
  "Pad, edges": node("Pad", 13, [x, int64(1, 2, 7, 0, 1, 3)], { mode: "edge" }),
  "Pad, around": node("Pad", 19, [x, int64(0, 2, 4, 0, 1, 3)], { mode: "wrap" }),
};

const indices: Table = {
  "Gather of negative indices that are fed": node("Gather", 13, [x, fed([2, 2], -1, 0, 3, -4)], {
    axis: 2,
  }),
  "Gather of known ones": node("Gather", 13, [x, int64(4, 4, 0, 2, -1)], { axis: 2 }),
  "Gather of one": node("Gather", 13, [x, scalar(int64(-1))], { axis: 1 }),
  "Gather of bools": node("Gather", 13, [bools([3], 1, 0, 1), fed([2], 2, 1)]),
  "GatherElements of fewer": node("GatherElements", 13, [x, fed([1, 2, 2], -1, 1, 0, 4)], {
    axis: 2,
  }),
  "GatherND behind a batch": node("GatherND", 13, [x, fed([2, 1], -1, 0)], { batch_dims: 1 }),
  "OneHot that is off where it lies outside": node("OneHot", 11, [
    fed([4], 0, -1, 3, -9),
    scalar(int64(3)),
    floats(-1, 2),
  ]),
  "NonZero of what is known": node("NonZero", 13, [{ ...floats(1, 0, 2, 0), shape: [2, 2] }]),
  "EyeLike above": node("EyeLike", 9, [random([3, 4])], { k: 1, dtype: DataType.INT32 }),
  "Range of floats downwards": node("Range", 11, [
    scalar(floats(3)),
    scalar(floats(-1)),
    scalar(floats(-1.5)),
  ]),
  "ConstantOfShape by default": node("ConstantOfShape", 9, [int64(2, 3)]),
  ...Object.fromEntries(
    ["none", "add", "mul", "max", "min"].flatMap((reduction) => {
      const twice = reduction === "none" ? 2 : -1; // the same element twice has no order in "none"
      const row = fed([3, 1], 0, -1, twice === 2 ? 1 : 0);
      return [
        [
          `ScatterElements, ${reduction}`,
          node(
            "ScatterElements",
            18,
            [random([3, 3]), fed([2, 2], 0, -1, twice === 2 ? 1 : 0, 1), random([2, 2], 5)],
            { axis: 0, reduction },
          ),
        ],
        [
          `ScatterND, ${reduction}`,
          node("ScatterND", 18, [random([3, 4]), row, random([3, 4], 5)], { reduction }),
        ],
      ] as const;
    }),
  ),
};

const resized = (
  attributes: OneNode["attributes"],
  given: { readonly scales?: readonly number[]; readonly sizes?: readonly number[] },
  opset = 19,
): OneNode =>
  node(
    "Resize",
    opset,
    given.sizes
      ? [image, undefined, undefined, int64(...given.sizes)]
      : [image, undefined, floats(...given.scales!)],
    attributes,
  );
const bigger = { scales: [1, 1, 2, 1.6] };
const smaller = { scales: [1, 1, 0.5, 0.6] };
const resizes: Table = {
  ...Object.fromEntries(
    ["half_pixel", "pytorch_half_pixel", "asymmetric", "half_pixel_symmetric"].flatMap((mode) =>
      ["nearest", "linear", "cubic"].map((kind) => [
        `Resize ${kind}, ${mode}`,
        resized({ mode: kind, coordinate_transformation_mode: mode }, bigger),
      ]),
    ),
  ),
  ...Object.fromEntries(
    ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].map((nearest) => [
      `Resize nearest, ${nearest}`,
      resized(
        { nearest_mode: nearest, coordinate_transformation_mode: "asymmetric" },
        { scales: [1, 1, 0.5, 2] },
      ),
    ]),
  ),
  "Resize to sizes, corners aligned": resized(
    { mode: "linear", coordinate_transformation_mode: "align_corners" },
    { sizes: [1, 2, 7, 3] },
  ),
  "Resize of some axes": node("Resize", 18, [image, undefined, undefined, int64(8, 10)], {
    axes: [2, 3],
    mode: "linear",
  }),
  "Resize, no larger": node("Resize", 18, [image, undefined, undefined, int64(8, 8)], {
    ...{ axes: [2, 3], mode: "linear", keep_aspect_ratio_policy: "not_larger" },
  }),
  "Resize, cubic without what is outside": resized(
    { mode: "cubic", exclude_outside: 1, cubic_coeff_a: { f: -0.5 } },
    smaller,
  ),
  "Resize of a cut": node(
    "Resize",
    11,
    [image, floats(0, 0, 0.2, 0.1, 1, 1, 1.2, 0.8), floats(), int64(1, 2, 3, 3)],
    {
      ...{ mode: "linear", coordinate_transformation_mode: "tf_crop_and_resize" },
      extrapolation_value: { f: 7 },
    },
  ),
  "Resize of opset 10": node("Resize", 10, [image, floats(1, 1, 2, 2)], { mode: "linear" }),
  "Upsample of opset 7": node("Upsample", 9, [image, floats(1, 1, 2, 3)], { mode: "nearest" }),
};

const places = random([1, 3, 4, 2]);
const grids: Table = Object.fromEntries(
  ["nearest", "linear", "cubic"].flatMap((mode) =>
    ["zeros", "border", "reflection"].flatMap((padding) =>
      [0, 1].map((corners) => [
        `GridSample ${mode}, ${padding}, align_corners ${corners}`,
        node("GridSample", 20, [image, places], {
          ...{ mode, padding_mode: padding, align_corners: corners },
        }),
      ]),
    ),
  ),
);

const spectra: Table = {
  "DFT of opset 20": node("DFT", 20, [random([1, 6, 2]), scalar(int64(8)), scalar(int64(1))]),
  "STFT of a window": node("STFT", 17, [
    random([1, 12, 1]),
    scalar(int64(3)),
    floats(0.2, 1, 0.7, 0.3),
    scalar(int64(4)),
  ]),
};

describe.each(Object.entries({ shapes, pads, indices, resizes, grids, spectra }))(
  "%s",
  (_, table) => {
    test.each(Object.entries(table))("%s", (_name, one) => expectSame(one));
  },
);

test.each([
  ["Reshape to another size", node("Reshape", 13, [x, int64(7, -1)])],
  ["an axis that is not there", node("Gather", 13, [x, int64(0)], { axis: 3 })],
  ["an index outside", node("Gather", 13, [x, int64(9)], { axis: 1 })],
  ["a step of 0", node("Slice", 13, [x, int64(0), int64(1), int64(0), int64(0)])],
  ["sizes that do not add up", node("Split", 13, [x, int64(1, 1)], { axis: 2 }, 2)],
  ["an unknown mode", node("Pad", 13, [x, int64(0, 0, 1, 0, 0, 1)], { mode: "__proto__" })],
  ["an unknown coordinate", resized({ coordinate_transformation_mode: "constructor" }, bigger)],
] as const)("%s is refused in words", (_, one) => {
  expect(() => imported(one)).toThrow(/^import: .*, got /);
});
