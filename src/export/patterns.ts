/** Functions that ONNX has an operator for, and we say by several nodes. */
import { sizeOf, type Node } from "../graph/index.ts";
import type { Emitter, Fused } from "../onnx/index.ts";
import { poolAttributes } from "../onnx/convolution.ts";
import { int64s } from "../onnx/shapes.ts";
import { isNear, meanIn, numberIn, timesNumber, withNumber, type Pattern } from "./match.ts";

const single = (op: string, x: Node, attrs: Parameters<Emitter["emit"]>[2] = {}): Fused => ({
  inputs: [x],
  lower: (names, e) => e.emit(op, names, attrs),
});

/** x of x - (log(sum(exp(x - t))) + t) with t = max(x), over one axis. */
function logSoftmaxIn(n: Node): { readonly x: Node; readonly axis: number } | null {
  if (n.op !== "sub") return null;
  const [x, total] = n.inputs;
  if (total.op !== "add") return null;
  const [log, top] = total.inputs;
  if (log.op !== "log" || top.op !== "max") return null;
  const [all] = log.inputs;
  return all.op === "sum" && top.inputs[0] === x ? overOne(all, top, x) : null;
}
/** The axis that sum and maximum have in common, where what is summed is exp(x - top). */
function overOne(
  all: Node & { readonly op: "sum" },
  top: Node & { readonly op: "max" },
  x: Node,
): { readonly x: Node; readonly axis: number } | null {
  const [e] = all.inputs;
  const [axis, ...others] = top.attrs.axes;
  if (e.op !== "exp" || others.length > 0) return null;
  const [d] = e.inputs;
  const alike = `${all.attrs.axes}` === `${top.attrs.axes}`;
  const kept = all.attrs.keepDims && top.attrs.keepDims;
  const shifted = d.op === "sub" && d.inputs[0] === x && d.inputs[1] === top;
  return alike && kept && shifted ? { x, axis } : null;
}
/** The same of e^(x - t) / sum(e^(x - t)). */
function quotientIn(n: Node): { readonly x: Node; readonly axis: number } | null {
  if (n.op !== "div") return null;
  const [e, all] = n.inputs;
  if (e.op !== "exp" || all.op !== "sum" || all.inputs[0] !== e) return null;
  const [d] = e.inputs;
  if (d.op !== "sub") return null;
  const [x, top] = d.inputs;
  return top.op === "max" && top.inputs[0] === x ? overOne(all, top, x) : null;
}

export const logSoftmax: Pattern = (n) => {
  const found = logSoftmaxIn(n);
  return found && single("LogSoftmax", found.x, { attrs: { axis: found.axis } });
};
export const softmax: Pattern = (n) => {
  const found = n.op === "exp" ? logSoftmaxIn(n.inputs[0]) : quotientIn(n);
  return found && single("Softmax", found.x, { attrs: { axis: found.axis } });
};

/** Of all positions GlobalAveragePool, of others ReduceMean. */
export const mean: Pattern = (n, m) => {
  const found = meanIn(n, m);
  if (!found) return null;
  const { x, axes, keepDims } = found;
  const positions = [...x.shape.keys()].slice(2);
  if (positions.length > 0 && `${axes}` === `${positions}`)
    return {
      inputs: [x],
      lower(names, e) {
        const pooled = e.emit("GlobalAveragePool", names);
        return keepDims ? pooled : e.emit("Flatten", [pooled], { attrs: { axis: 1 } });
      },
    };
  const keepdims = Number(keepDims);
  return {
    inputs: [x],
    lower: ([name], e) =>
      e.opset >= 18
        ? e.emit("ReduceMean", [name, int64s(e, axes)], { attrs: { keepdims } })
        : e.emit("ReduceMean", [name], { attrs: { axes, keepdims } }),
  };
};

/** Every plane by itself convolved with equal weights that add up to 1. */
export const averagePool: Pattern = (n, m) => {
  if (n.op !== "reshape") return null;
  const [conv] = n.inputs;
  if (conv.op !== "conv2d" || m.uses(conv) !== 1) return null;
  const [planes, w] = conv.inputs;
  if (planes.op !== "reshape" || w.op !== "constant" || conv.attrs.groups !== 1) return null;
  const [x] = planes.inputs;
  const { strides, pads, dilations } = conv.attrs;
  const kernel = [w.shape[2], w.shape[3]] as const;
  const share = 1 / sizeOf(kernel);
  const { data } = w.attrs;
  const isMean =
    sizeOf(w.shape) === sizeOf(kernel) && Array.from(data).every((v) => isNear(v, share));
  const [images, channels, ...size] = x.shape;
  const apart = `${planes.shape}` === `${[images * channels, 1, ...size]}` && x.shape.length === 4;
  const together = `${n.shape}` === `${[images, channels, ...conv.shape.slice(2)]}`;
  const plain = dilations.every((d) => d === 1) && pads.every((p, i) => p < kernel[i % 2]);
  if (!isMean || !apart || !together || !plain) return null;
  const { dilations: _, ...attrs } = poolAttributes({ strides, pads, dilations, kernel });
  return single("AveragePool", x, { attrs: { ...attrs, count_include_pad: 1 } });
};

interface Hard {
  readonly x: Node;
  readonly alpha: number;
  readonly beta: number;
}
/** clip(alpha x + beta, 0, 1), which may also be said as clip(.., 0, most) / most. */
function hardIn(n: Node): Hard | null {
  const outer = timesNumber(n);
  const clip = outer ? outer.x : n;
  if (clip.op !== "clip" || clip.attrs.min !== 0) return null;
  const by = outer?.by ?? 1;
  if (!isNear(clip.attrs.max, 1 / by)) return null;
  const [inner] = clip.inputs;
  const sum = withNumber(inner, "add");
  const product = timesNumber(sum?.x ?? inner);
  if (!sum && !product) return null;
  return {
    x: product?.x ?? sum!.x,
    alpha: by * (product?.by ?? 1),
    beta: by * (sum?.by ?? 0),
  };
}
const SIXTH = 1 / 6;
const isSwish = (found: Hard | null, x: Node): boolean =>
  found?.x === x && isNear(found.alpha, SIXTH) && isNear(found.beta, 0.5);
const clipsToSix = (n: Node, x: Node): boolean => {
  if (n.op !== "clip" || n.attrs.min !== 0 || n.attrs.max !== 6) return false;
  const sum = withNumber(n.inputs[0], "add");
  return sum?.x === x && isNear(sum.by, 3);
};

export const hardSigmoid: Pattern = (n) => {
  const found = hardIn(n);
  if (!found) return null;
  const { x, alpha, beta } = found;
  return single("HardSigmoid", x, { attrs: { alpha: { float: alpha }, beta: { float: beta } } });
};
export const hardSwish: Pattern = (n, m) => {
  if (m.opset < 14) return null;
  const scaled = timesNumber(n);
  const whole = scaled && isNear(scaled.by, SIXTH) && scaled.x.op === "mul" ? scaled.x : undefined;
  const factors = whole?.inputs ?? (n.op === "mul" ? n.inputs : undefined);
  if (!factors) return null;
  const [a, b] = factors;
  for (const [x, hard] of [
    [a, b],
    [b, a],
  ])
    if (whole ? clipsToSix(hard, x) : isSwish(hardIn(hard), x)) return single("HardSwish", x);
  return null;
};

/** x / 2 (1 + erf(x / sqrt 2)). */
export const gelu: Pattern = (n, m) => {
  if (n.op !== "mul" || m.opset < 20) return null;
  const half = withNumber(n.inputs[0], "mul");
  const sum = withNumber(n.inputs[1], "add");
  if (!half || !isNear(half.by, 0.5) || !sum || !isNear(sum.by, 1) || sum.x.op !== "erf")
    return null;
  const inner = withNumber(sum.x.inputs[0], "mul");
  return inner && inner.x === half.x && isNear(inner.by, Math.SQRT1_2)
    ? single("Gelu", half.x)
    : null;
};

/** x where x > 0, slope x elsewhere. */
export const prelu: Pattern = (n) => {
  if (n.op !== "select") return null;
  const [positive, x, other] = n.inputs;
  if (positive.op !== "less" || other.op !== "mul") return null;
  const slope = other.inputs.find((y) => y !== x);
  const scales = other.inputs.includes(x) && slope?.op === "constant";
  const asked = numberIn(positive.inputs[0]) === 0 && positive.inputs[1] === x;
  return scales && asked && `${n.shape}` === `${x.shape}`
    ? { inputs: [x, slope], lower: (names, e) => e.emit("PRelu", names) }
    : null;
};
