/** Every op that can be imported: one rule each. */
import type { Rules } from "../call.ts";
import { control } from "./control.ts";
import { elementwise } from "./elementwise.ts";
import { indexing } from "./indexing.ts";
import { loss } from "./loss.ts";
import { normalize } from "./normalize.ts";
import { pad } from "./pad.ts";
import { product } from "./product.ts";
import { recurrent } from "./recurrent.ts";
import { reduce } from "./reduce.ts";
import { resize } from "./resize.ts";
import { shape } from "./shape.ts";
import { spectrum } from "./spectrum.ts";
import { window } from "./window.ts";

export const rules: Rules = {
  ...elementwise,
  ...reduce,
  ...product,
  ...window,
  ...normalize,
  ...recurrent,
  ...loss,
  ...shape,
  ...pad,
  ...indexing,
  ...resize,
  ...control,
  ...spectrum,
};
