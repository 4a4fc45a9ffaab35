/** What is saved as files, and checkpoints that are opened. */
import { useRef } from "preact/hooks";
import { list } from "../../report/words.ts";
import { nameOf } from "../../runs/rates.ts";
import { ArmName } from "../shared/arm.tsx";
import type { Shown } from "./shown.ts";
import { chosen } from "./files.ts";
import { savedAt } from "./state.ts";

export function Keep({ state, actions }: Shown) {
  const { begun, race } = state;
  const input = useRef<HTMLInputElement>(null);
  const isTrained = savedAt(state) > 0;
  const isTested = race?.runners.every(
    ({ record, lost }) => lost !== undefined || record.tests.length > 0,
  );
  return (
    <section class="keep" aria-labelledby="keep-title">
      <h2 id="keep-title">Save and open</h2>
      <div class="keep-columns">
        <div>
          <h3>Save</h3>
          {begun && (
            <table class="saves">
              <caption class="unseen">Files of each arm</caption>
              <tbody>
                {begun.begun.keys.map((key) => (
                  <tr key={nameOf(begun.begun.run.config, key)}>
                    <th scope="row">
                      <ArmName arm={key.arm} />
                      {begun.begun.run.config.seeds.length > 1 && (
                        <span class="quiet"> seed {key.seed}</span>
                      )}
                    </th>
                    <td>
                      <button
                        type="button"
                        class="small"
                        disabled={!isTrained}
                        onClick={() => void actions.save("checkpoint", key)}
                      >
                        .safetensors<span class="unseen"> of {key.arm}</span>
                      </button>{" "}
                      {begun.begun.exports && (
                        <button
                          type="button"
                          class="small"
                          disabled={!isTrained}
                          onClick={() => void actions.save("onnx", key)}
                        >
                          .onnx<span class="unseen"> of {key.arm}</span>
                        </button>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <div class="row">
            <button type="button" disabled={!isTested} onClick={() => void actions.save("results")}>
              results.json
            </button>
            <button type="button" disabled={!isTested} onClick={() => void actions.save("report")}>
              report.html
            </button>
          </div>
          <p class="note">
            The .safetensors are those of the command line, both ways: <code>weightnorm eval</code>{" "}
            gets the same error.
            {begun?.begun.exports && " The .onnx is the model alone, for any ONNX runtime."}
          </p>
        </div>
        <div>
          <h3>Open a checkpoint</h3>
          <p class="note">
            A .safetensors saved here or by the command line: it is tested, can be tried on the pad,
            and trained further. Or drop it anywhere on this page.
          </p>
          <button type="button" onClick={() => input.current?.click()}>
            Open .safetensors
          </button>
          <input
            {...{ ref: input, type: "file", accept: ".safetensors", hidden: true }}
            aria-label="a checkpoint to open"
            onChange={({ currentTarget }) => {
              const files = chosen(currentTarget.files ?? []);
              currentTarget.value = "";
              if (files.length > 0) void actions.take(files);
            }}
          />
          <OpenedFile state={state} actions={actions} />
        </div>
      </div>
    </section>
  );
}

function OpenedFile({ state: { opened, begun, race, phase }, actions }: Shown) {
  if (!opened || !begun) return null;
  const runner = race?.runners.at(0);
  const [key] = begun.begun.keys;
  const facts = [
    ...(begun.begun.run.config.arms.length === 1 ? [`arm ${key.arm}`] : []),
    `seed ${key.seed}`,
    `learning rate ${key.lr}`,
    ...(runner ? [`${runner.step} steps`] : []),
  ];
  return (
    <div class="opened" role="status">
      <p>
        <strong>{opened.name}</strong>: {begun.wish.experiment}, {list(facts)}.
      </p>
      <p>
        {opened.worth === undefined
          ? "Testing it ..."
          : `On the whole test: ${list(opened.worth)}.`}
      </p>
      {phase.is !== "running" && (
        <button type="button" onClick={() => void actions.play()}>
          Train it further
        </button>
      )}
    </div>
  );
}
