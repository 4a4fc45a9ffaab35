/** What a comparison leaves behind: the shape of results.json, made of the events of its log. Plain data, no code but a list and a number. */
import type { Arm, LayerStats } from "../src/index.ts";
import type { Measured, Point, Timing } from "./events.ts";
import type { Facts, Machine, PictureFile, RankRecord, Sheet, Values } from "./sheet.ts";

export type { Arm, LayerStats };
export type {
  Axis,
  Column,
  Facts,
  Machine,
  Measure,
  Panel,
  PictureFile,
  Quantity,
  RankRecord,
  Sheet,
} from "./sheet.ts";
export type {
  ArmDiagnosis,
  Diagnosis,
  Growing,
  Growth,
  LayerDiagnosis,
  Moment,
  Noise,
  Spectrum,
  UnitDiagnosis,
} from "./diagnosis/record.ts";
export { LEAST_PER_DIMENSION } from "./diagnosis/record.ts";
/** In the order of tables and figures. */
export const ARMS: readonly Arm[] = ["plain", "weight", "batch", "mean-only", "weight+mean-only"];

/** One run. */
export interface RunRecord {
  readonly seed: number;
  /** Steps done. */
  readonly step: number;
  readonly points: readonly Omit<Point, "type">[];
  readonly tests: readonly Omit<Measured, "type">[];
  readonly dead: Readonly<Record<string, number>>;
  /** The layers before the first step; runs of before did not look, and agents do not. */
  readonly start?: readonly LayerStats[];
  /** Null while it still learns. */
  readonly timing: Timing | null;
  /** What was measured once of the trained model, by name with its unit. */
  readonly final: Values;
  readonly pictures: readonly PictureFile[];
}

/** All runs of one arm. */
export interface ArmRecord {
  /** Numbers that training changes; null while no run of it is finished. */
  readonly parameters: number | null;
  /** The learning rate of its runs: of several, the best one on held-out examples. */
  readonly lr: number;
  /** All that were tried, with the first measure on held-out examples: means over the seeds, null where a seed diverged. */
  readonly grid?: readonly TriedRate[];
  /** One a seed. */
  readonly runs: readonly RunRecord[];
}

/** What a learning rate came to. */
export interface TriedRate {
  readonly lr: number;
  readonly heldOut: number | null;
  /** The last value of each seed that got to its end, held out and on the test; records of before have none. */
  readonly bySeed?: readonly TriedSeed[];
}

/** What one seed came to at a learning rate; what became of its layers is missing where it kept no numbers of them. */
export interface TriedSeed {
  readonly seed: number;
  readonly heldOut: number | null;
  readonly test: number | null;
  /** |v| at the end over |v| at the start, or at the first point of runs that did not look before: geometric mean over the layers. */
  readonly growth?: number;
  /** lr / |v|^2 at the end, for the rate as it was tried, whatever a schedule made of it, and the mean |v| of a layer's units: geometric mean over the layers. */
  readonly effectiveStep?: number;
}

/** A run that diverged. */
export interface LostRun {
  readonly arm: Arm;
  readonly seed: number;
  readonly lr: number;
  readonly step: number;
  readonly why: string;
}

/** A setting as reports print it. */
export interface Told {
  readonly name: string;
  readonly value: string;
}

/** A setting that was changed when the comparison went on, in words and units for people. */
export interface ChangeRecord {
  /** ISO 8601. */
  readonly time: string;
  readonly setting: string;
  readonly from: string;
  readonly to: string;
  /** What that means for the rest of the run, as a sentence; "" where it goes without saying. */
  readonly note: string;
  /** The steps that runs had done, by name. */
  readonly steps: Readonly<Record<string, number>>;
}

/** A whole comparison as results.json has it. */
export interface Results {
  readonly format: "weightnorm-results/3";
  readonly experiment: string;
  readonly command: string;
  readonly startedAt: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** The same for people, with units. */
  readonly settings: readonly Told[];
  readonly machine: Machine;
  readonly ranks?: RankRecord;
  readonly facts: Facts;
  readonly sheet: Sheet;
  /** Of an unfinished comparison: how far all of its runs were tested, and how far they are to go, on the sheet's axis. */
  readonly soFar?: { readonly at: number; readonly of: number };
  /** How many trials of a sweep are still to be done; absent where none is, and of what is no sweep. */
  readonly open?: number;
  /** Training and tests of all runs, over all processes that went on with them. */
  readonly seconds: number;
  readonly arms: Readonly<Partial<Record<Arm, ArmRecord>>>;
  /** Runs that diverged. */
  readonly lost: readonly LostRun[];
  readonly changes: readonly ChangeRecord[];
}
