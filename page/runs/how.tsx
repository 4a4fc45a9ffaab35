/** How a comparison was run: what diverged, what was changed on the way, its command, settings, data and machine. */
import type { Results } from "../../runs/records.ts";
import { changeText } from "../../report/findings.ts";
import { listsOf, type NamedList } from "../../report/lists.ts";
import { sentences, stepName, thousands } from "../../report/words.ts";
import { ArmName } from "../shared/arm.tsx";
import { clock } from "./clock.tsx";

export function HowItWasRun({ results }: { readonly results: Results }) {
  const { lost, changes, sheet, command } = results;
  const { settings, data, machine } = listsOf(results);
  return (
    <>
      {lost.length > 0 && (
        <section aria-labelledby="lost">
          <h2 id="lost">Runs that diverged</h2>
          <ul>
            {lost.map(({ arm, seed, lr, step, why }) => (
              <li key={`${arm} ${seed} ${lr}`}>
                <ArmName arm={arm} /> with seed {seed} and learning rate {lr}, after{" "}
                {stepName(sheet)} {thousands(step)}: {why}
              </li>
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="how">
        <h2 id="how">How it was run</h2>
        <pre>
          <code>{command}</code>
        </pre>
        {changes.length > 0 && (
          <>
            <h3>Changed on the way</h3>
            <ul>
              {changes.map((change, i) => (
                <li key={i}>
                  {sentences([`${clock(change.time)}: ${changeText(change)}.`, change.note])}
                </li>
              ))}
            </ul>
          </>
        )}
        <div class="columns">
          <Names list={settings} />
          <div>
            <Names list={data} />
            <Names list={machine} />
          </div>
        </div>
      </section>
    </>
  );
}

function Names({ list: { title, entries } }: { readonly list: NamedList }) {
  if (entries.length === 0) return null;
  return (
    <div>
      <h3>{title}</h3>
      <dl>
        {entries.map(([name, value], i) => (
          <div key={i}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
