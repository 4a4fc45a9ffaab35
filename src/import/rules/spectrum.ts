/** Fourier transforms as products with a matrix, and what goes with them: windows and mel filters, known at import. */
import { gather, matmul, mul, reshape, transpose } from "../../graph/index.ts";
import { DataType } from "../../onnx/index.ts";
import type { Call, Node, Rules, Value } from "../call.ts";
import { axisOf } from "./axes.ts";
import { written } from "./common.ts";
import { dtypeFor } from "./integers.ts";
import { resizedTo } from "./shape.ts";

export const spectrum: Rules = {
  HannWindow: windows((turn) => 0.5 - 0.5 * Math.cos(turn)),
  HammingWindow: windows((turn) => 25 / 46 - (21 / 46) * Math.cos(turn)),
  BlackmanWindow: windows((turn) => 0.42 - 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn)),
  DFT: (call) => {
    const x = call.x(0);
    const rank = x.shape.length;
    const length = call.optional(1) ? call.known(1, "its length")[0] : undefined;
    const given = call.opset < 20 ? call.int("axis", 1) : axisInput(call);
    const axis = axisOf(call, given, rank);
    if (axis === rank - 1)
      throw call.fail(`expected an axis before the last, got ${given}; check the file`);
    const n = length ?? x.shape[axis];
    const perm = [...x.shape.keys()].filter((a) => a !== axis).toSpliced(rank - 2, 0, axis);
    const rows = transpose(resizedTo(x, axis, n), perm);
    const inverse = call.int("inverse", 0) !== 0;
    const y = transformed(call, rows, { inverse, onesided: call.int("onesided", 0) !== 0 });
    return transpose(
      y,
      perm.map((_, a) => perm.indexOf(a)),
    );
  },
  STFT: (call) => {
    const signal = call.x(0);
    const [batch, length, parts] = signal.shape;
    const step = call.known(1, "its step")[0];
    const window = call.optional(2);
    const frame = call.optional(3)
      ? call.known(3, "its length of frames")[0]
      : (window?.shape[0] ?? length);
    const frames = Math.floor((length - frame) / step) + 1;
    if (signal.shape.length !== 3 || !(step >= 1 && frame >= 1 && frames >= 1))
      throw call.fail(
        `expected frames within [batch, length, 1 or 2], got ${frame} by ${step} of [${signal.shape}]; check the file`,
      );
    const at = written(
      call,
      [frames, frame],
      (i) => Math.floor(i / frame) * step + (i % frame),
      "int32",
    );
    const cut = transpose(gather(transpose(signal, [1, 0, 2]), at), [2, 0, 1, 3]);
    const weighted = window ? mul(cut, reshape(window, [frame, 1])) : cut;
    const rows = reshape(weighted, [batch, frames, frame, parts]);
    return transformed(call, rows, { inverse: false, onesided: call.int("onesided", 1) !== 0 });
  },
  MelWeightMatrix: (call) => {
    const names = ["number of bins", "length", "sample rate", "lower edge", "upper edge"];
    const [bins, length, rate, low, high] = names.map((what, i) => call.known(i, `its ${what}`)[0]);
    const mel = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
    const width = (mel(high) - mel(low)) / (bins + 2);
    const edge = (i: number): number => {
      const hertz = 700 * (10 ** ((mel(low) + i * width) / 2595) - 1);
      return Math.floor(((length + 1) * hertz) / rate);
    };
    const weight = (j: number, i: number): number => {
      const [lower, center, upper] = [edge(i), edge(i + 1), edge(i + 2)];
      if (j >= center && j < upper) return (upper - j) / (upper - center);
      if (j < lower || j > center) return 0;
      return center === lower ? 1 : (j - lower) / (center - lower);
    };
    const size = Math.floor(length / 2) + 1;
    return typed(
      call,
      written(call, [size, bins], (i) => weight(Math.floor(i / bins), i % bins)),
    );
  },
};

/** A window of known size, `of` how far round the circle an element is. */
function windows(of: (turn: number) => number): Rules[string] {
  return (call) => {
    const size = call.known(0, "its size")[0];
    const round = call.int("periodic", 1) !== 0 ? size : size - 1;
    return typed(
      call,
      written(call, [size], (i) => of((2 * Math.PI * i) / round)),
    );
  };
}
function typed(call: Call, node: Node): Value {
  const type = call.int("output_datatype", DataType.FLOAT);
  if (dtypeFor(call, type) === "float") return { node, type };
  throw call.fail(`expected floats as output_datatype, got ${type}; cut the model before it`);
}
const axisInput = (call: Call): number => (call.optional(2) ? call.known(2, "its axis")[0] : -2);

interface Transform {
  readonly inverse: boolean;
  readonly onesided: boolean;
}
/** The discrete Fourier transform of x [..., n, 1 or 2] along its axis n: [..., bins, 2]. */
function transformed(call: Call, x: Node, { inverse, onesided }: Transform): Node {
  const [n, parts] = x.shape.slice(-2);
  if (parts !== 1 && parts !== 2)
    throw call.fail(`expected a last axis of 1 or 2, got [${x.shape}]; check the file`);
  if (inverse && onesided)
    throw call.fail("expected an inverse of both sides, got onesided; cut the model before it");
  const bins = onesided ? Math.floor(n / 2) + 1 : n;
  const way = inverse ? 1 : -1;
  // [n, parts, bins, 2]: e^(way i 2 pi j k / n) for a real part, times i for an imaginary one.
  const matrix = written(call, [n * parts, bins * 2], (at) => {
    const [row, column] = [Math.floor(at / (bins * 2)), at % (bins * 2)];
    const [j, part] = [Math.floor(row / parts), row % parts];
    const [k, imaginary] = [Math.floor(column / 2), column % 2];
    const turn = (2 * Math.PI * ((j * k) % n)) / n; // whole turns taken off while they are exact
    const [re, im] = [Math.cos(turn), way * Math.sin(turn)];
    const value = part === imaginary ? re : part === 0 ? im : -im;
    return inverse ? value / n : value;
  });
  const front = x.shape.slice(0, -2);
  return reshape(matmul(reshape(x, [-1, n * parts]), matrix), [...front, bins, 2]);
}
