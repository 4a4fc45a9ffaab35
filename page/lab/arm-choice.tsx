/** Which of the five arms race: a box each, in its colour. */
import { ARMS, type Arm } from "../../runs/records.ts";
import { ArmName } from "../shared/arm.tsx";

interface ArmChoiceProps {
  readonly chosen: readonly Arm[] | undefined;
  readonly onChosen: (arms: readonly Arm[]) => void;
}

export function ArmChoice({ chosen = [], onChosen }: ArmChoiceProps) {
  return (
    <fieldset class="field arms">
      <legend>Arms</legend>
      <div class="arm-boxes">
        {ARMS.map((arm) => (
          <label key={arm} class="check">
            <input
              type="checkbox"
              checked={chosen.includes(arm)}
              disabled={chosen.length === 1 && chosen[0] === arm}
              onChange={({ currentTarget: { checked } }) =>
                onChosen(ARMS.filter((one) => (one === arm ? checked : chosen.includes(one))))
              }
            />
            <ArmName arm={arm} />
          </label>
        ))}
      </div>
    </fieldset>
  );
}
