/** Messages that are written for the command line, as a page says them: a page has controls and no flags. */
import type { Control } from "../worker/protocol.ts";

/** With the label of a control, in quotes, wherever there is its flag: 'expected at most 100 rows, got 200; lower "train size"'. */
export const inControls = (message: string, controls: readonly Control[]): string =>
  message.replaceAll(/--[a-z][a-z-]*/g, (flag) => {
    const control = controls.find((one) => one.flag === flag);
    return control ? `"${control.label}"` : flag;
  });
