/** The runs of a comparison, one a row: how far each is, its last test, its checkpoint. */
import type { Sheet } from "../../runs/records.ts";
import type { RunSummary } from "../../serve/api.ts";
import { inUnit, inBrackets } from "../../report/measure.ts";
import { valueOf } from "../../report/rows.ts";
import { NOTHING, stepName, thousands } from "../../report/words.ts";
import { ArmName } from "../shared/arm.tsx";
import { checkpointAt, labWith } from "./addresses.ts";
import { shortened } from "./choose.ts";

export interface ContestantsProps {
  readonly run: RunSummary;
  readonly sheet: Sheet | undefined;
}

export function Contestants({ run, sheet }: ContestantsProps) {
  const { measure, checkpoints } = run;
  const steps = sheet ? `${stepName(sheet)}s` : "steps";
  const others = checkpoints.filter((name) => !run.runs.some((own) => own.name === name));
  return (
    <section aria-labelledby="contestants">
      <h2 id="contestants">Runs and checkpoints</h2>
      <div class="scroll" role="region" aria-label="Table of runs" tabIndex={0}>
        <table class="contestants">
          <thead>
            <tr>
              <th scope="col">arm</th>
              <th scope="col">seed</th>
              <th scope="col">learning rate</th>
              <th scope="col">{steps}</th>
              <th scope="col">
                {measure ? `test ${measure.key}${inBrackets(measure.unit)}` : "test"}
              </th>
              <th scope="col" class="left">
                checkpoint
              </th>
            </tr>
          </thead>
          <tbody>
            {run.runs.map(({ name, arm, seed, lr, step, steps: of, test, lost = false }) => (
              <tr key={name}>
                <th scope="row">
                  <ArmName arm={arm} />
                  {lost && <span class="tag">diverged</span>}
                </th>
                <td>{seed}</td>
                <td>{lr}</td>
                <td>
                  {thousands(step)} <span class="quiet">of {thousands(of)}</span>
                </td>
                <td>
                  {measure ? inUnit({ ...measure, unit: "" }, valueOf(test, measure.key)) : NOTHING}
                </td>
                <td class="left">
                  {checkpoints.includes(name) ? <Checkpoint id={run.id} name={name} /> : NOTHING}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {others.length > 0 && (
        <ul class="others">
          {others.map((name) => (
            <li key={name}>
              {shortened(name)} <Checkpoint id={run.id} name={name} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Checkpoint({ id, name }: { readonly id: string; readonly name: string }) {
  return (
    <span class="links">
      <a href={labWith(id, name)}>
        try<span class="unseen"> {name}</span> in the lab
      </a>
      <a href={checkpointAt(id, name)} download={`${name}.safetensors`}>
        download<span class="unseen"> {name}</span>
      </a>
    </span>
  );
}
