/** How the arms look, the same in every figure and table of the report. */
import type { Arm } from "../runs/records.ts";

export interface ArmStyle {
  readonly color: string;
  /** The same hue, light enough for a dark page. */
  readonly dark: string;
  /** Tells the arm apart in grey and to the colour-blind. */
  readonly shape: "circle" | "square" | "triangle-up" | "diamond" | "triangle-down";
  /** In square pixels, so that all shapes look equally large. */
  readonly size: number;
}

/** Okabe and Ito's colour-blind-safe palette; the baseline is grey. */
export const ARM_STYLE: Readonly<Record<Arm, ArmStyle>> = {
  plain: { color: "#555555", dark: "#c9c9c9", shape: "circle", size: 38 },
  weight: { color: "#d55e00", dark: "#ff8b3d", shape: "square", size: 36 },
  batch: { color: "#0072b2", dark: "#5cb6ea", shape: "triangle-up", size: 46 },
  "mean-only": { color: "#009e73", dark: "#35cda0", shape: "diamond", size: 46 },
  "weight+mean-only": { color: "#b3579c", dark: "#e391cb", shape: "triangle-down", size: 46 },
};

/** The colours of everything that is not data, each with what replaces it on a dark page. */
export const INK = {
  text: { color: "#222222", dark: "#e6e6e6" },
  quiet: { color: "#5b5b5b", dark: "#a9a9a9" },
  axis: { color: "#8c8c8c", dark: "#7d7d7d" },
  grid: { color: "#ececec", dark: "#2e3236" },
  paper: { color: "#ffffff", dark: "#16181a" },
} as const;

/** Source Sans 3 where it is installed, and always in the PNG. */
export const FONT =
  "'Source Sans 3', 'Source Sans Pro', 'Segoe UI', 'Helvetica Neue', Arial, sans-serif";
