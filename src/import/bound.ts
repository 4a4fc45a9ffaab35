/** Inputs that are known at import. */
import { constant, sizeOf } from "../graph/index.ts";
import { DataType, type ValueInfoProto } from "../onnx/index.ts";
import type { Tensor } from "../runtime/program.ts";
import type { Value } from "./call.ts";
import { dtypeOf } from "./tensors.ts";

/** `given` as the value of input `x`, in its element type. A list has the shape of the input, where the file says it, or one axis. */
export function boundValue(
  given: Tensor | number | readonly number[],
  { name = "", type }: ValueInfoProto,
  where: string,
): Value {
  const elemType = type?.tensorType?.elemType ?? DataType.FLOAT;
  const dtype = dtypeOf(elemType);
  if (!dtype)
    throw new Error(
      `${where}: input "${name}" has a type without numbers, got a value for it; cut the model with outputs`,
    );
  const data: ArrayLike<number> =
    typeof given === "number" ? [given] : "data" in given ? given.data : given;
  const told = type?.tensorType?.shape?.dim.map((d) => d.dimValue ?? 0);
  const fits = told !== undefined && sizeOf(told) === data.length;
  const shape =
    typeof given === "object" && "shape" in given
      ? given.shape
      : fits
        ? told
        : typeof given === "number"
          ? []
          : [data.length];
  return { node: constant(Array.from(data), shape, dtype), type: elemType };
}
