/** Every op that can be imported: one rule each. */
import type { Rules } from "../call.ts";
import { activation } from "./activation.ts";
import { comparison } from "./comparison.ts";
import { control } from "./control.ts";
import { convolution } from "./convolution.ts";
import { einsum } from "./einsum.ts";
import { elementwise } from "./elementwise.ts";
import { grid } from "./grid.ts";
import { indexing } from "./indexing.ts";
import { loss } from "./loss.ts";
import { normalize } from "./normalize.ts";
import { pad } from "./pad.ts";
import { product } from "./product.ts";
import { quantize } from "./quantize.ts";
import { recurrent } from "./recurrent.ts";
import { reduce } from "./reduce.ts";
import { resize } from "./resize.ts";
import { shape } from "./shape.ts";
import { spectrum } from "./spectrum.ts";
import { trigonometric } from "./trigonometric.ts";
import { window } from "./window.ts";

export const rules: Rules = {
  ...elementwise,
  ...activation,
  ...comparison,
  ...trigonometric,
  ...reduce,
  ...product,
  ...convolution,
  ...einsum,
  ...quantize,
  ...window,
  ...normalize,
  ...recurrent,
  ...loss,
  ...shape,
  ...pad,
  ...indexing,
  ...resize,
  ...grid,
  ...control,
  ...spectrum,
};
