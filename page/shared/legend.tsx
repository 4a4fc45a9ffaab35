/** What the lines of a sheet's panels are. */
import type { Arm } from "../../runs/records.ts";
import { count } from "../../report/words.ts";
import { ArmName } from "./arm.tsx";

export interface LegendProps {
  readonly arms: readonly Arm[];
  /** Runs an arm at most. */
  readonly seeds: number;
}

export function Legend({ arms, seeds }: LegendProps) {
  return (
    <ul class="legend" aria-label="Arms">
      {arms.map((arm) => (
        <li key={arm}>
          <ArmName arm={arm} />
        </li>
      ))}
      {seeds > 1 && <li class="quiet">thick: means, thin: {count(seeds, "seed")}</li>}
    </ul>
  );
}
