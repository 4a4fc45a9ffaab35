/** The report's table of results. */
import type { Results } from "../../runs/records.ts";
import { cellsOf } from "../../report/cells.ts";
import { rowsOf } from "../../report/rows.ts";
import { ArmName } from "../shared/arm.tsx";

export function ResultsTable({ results }: { readonly results: Results }) {
  const { heads, rows, baseline, note } = cellsOf(results, rowsOf(results));
  return (
    <>
      <div class="scroll" role="region" aria-label="Results" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {heads.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ arm, cells }) => (
              <tr key={arm}>
                <th scope="row">
                  <ArmName arm={arm} />
                </th>
                {cells.map(({ text, isBest }, i) => (
                  <td key={i} class={isBest ? "best" : undefined}>
                    {text}
                  </td>
                ))}
              </tr>
            ))}
            {baseline && (
              <tr class="baseline">
                <th scope="row">{baseline.name}</th>
                {baseline.cells.map((text, i) => (
                  <td key={i}>{text}</td>
                ))}
              </tr>
            )}
          </tbody>
        </table>
      </div>
      <p class="note">{note}</p>
    </>
  );
}
