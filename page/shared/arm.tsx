/** An arm's mark, as figures have it, and its name. */
import { ARM_STYLE } from "../../report/theme.ts";
import type { Arm } from "../../runs/records.ts";
import { armClass } from "./theme.ts";

/** Of about equal areas, in a square from -8 to 8. */
const SHAPES: Readonly<Record<(typeof ARM_STYLE)[Arm]["shape"], string>> = {
  circle: "M-6,0a6,6 0 1,0 12,0a6,6 0 1,0 -12,0Z",
  square: "M-5.4,-5.4h10.8v10.8h-10.8Z",
  "triangle-up": "M0,-6.8L7,5.6H-7Z",
  diamond: "M0,-7.6L7.6,0L0,7.6L-7.6,0Z",
  "triangle-down": "M0,6.8L7,-5.6H-7Z",
};

export const ArmMark = ({ arm }: { readonly arm: Arm }) => (
  <svg class={`mark ${armClass(arm)}`} viewBox="-8 -8 16 16" aria-hidden="true">
    <path d={SHAPES[ARM_STYLE[arm].shape]} />
  </svg>
);

export const ArmName = ({ arm }: { readonly arm: Arm }) => (
  <span class="arm-name">
    <ArmMark arm={arm} />
    {arm}
  </span>
);
