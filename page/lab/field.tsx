/** One setting as a control, by the kind of its value, with its unit, its help and what is wrong with what was typed. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { capital } from "../../report/words.ts";
import type { Control } from "../worker/protocol.ts";
import { parsed, textOf } from "./control-values.ts";

interface LabelledProps {
  readonly label: string;
  readonly help: string;
  readonly children: (id: string) => ComponentChildren;
}
/** A label, what it is of, and a line of help. */
export function Labelled({ label, help, children }: LabelledProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{capital(label)}</label>
      {children(id)}
      {help !== "" && <p class="help">{capital(help)}</p>}
    </div>
  );
}

interface FieldProps {
  readonly control: Control;
  readonly value: unknown;
  /** Undefined goes back to the default. */
  readonly onValue: (value: unknown) => void;
}

export function Field(props: FieldProps) {
  const { type, many } = props.control;
  if (type === "switch") return <Switch {...props} />;
  if (type === "choice" || props.control.choices)
    return many ? <Several {...props} /> : <Choice {...props} />;
  return <Typed {...props} />;
}

function Switch({ control, value, onValue }: FieldProps) {
  return (
    <div class="field">
      <label class="check">
        <input
          type="checkbox"
          checked={value === true}
          onChange={(event) => onValue(event.currentTarget.checked)}
        />
        {capital(control.label)}
      </label>
      <p class="help">{capital(control.help)}</p>
    </div>
  );
}

function Choice({ control, value, onValue }: FieldProps) {
  const { choices = [] } = control;
  const text = textOf(control, value);
  return (
    <Labelled label={control.label} help={control.help}>
      {(id) => (
        <select
          id={id}
          value={choices.includes(text) ? text : ""}
          onChange={({ currentTarget }) => onValue(currentTarget.value || undefined)}
        >
          {!choices.includes(text) && (
            <option value="">{control.needed ? "choose one" : "by default"}</option>
          )}
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      )}
    </Labelled>
  );
}

function Several({ control, value, onValue }: FieldProps) {
  const chosen = Array.isArray(value) ? (value as readonly string[]) : [];
  const choices = control.choices ?? [];
  return (
    <fieldset class="field">
      <legend>{capital(control.label)}</legend>
      {choices.map((choice) => (
        <label key={choice} class="check">
          <input
            type="checkbox"
            checked={chosen.includes(choice)}
            onChange={({ currentTarget: { checked } }) => {
              const next = choices.filter((c) => (c === choice ? checked : chosen.includes(c)));
              onValue(next.length > 0 ? next : undefined);
            }}
          />
          {choice}
        </label>
      ))}
    </fieldset>
  );
}

function Typed({ control, value, onValue }: FieldProps) {
  const id = useId();
  const shown = textOf(control, value);
  const [text, setText] = useState(shown);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    setText(shown);
    setProblem("");
  }, [shown]);
  const isNumber = control.type !== "text" && !control.many;
  const { unit = "", help, label } = control;
  return (
    <div class="field">
      <label for={id}>{capital(label)}</label>
      <span class="with-unit">
        <input
          id={id}
          value={text}
          spellcheck={false}
          autocomplete="off"
          inputMode={isNumber ? "decimal" : "text"}
          placeholder={value === undefined || value === null ? "as fits the data" : ""}
          aria-describedby={`${id}-help`}
          aria-invalid={problem !== ""}
          onInput={(event) => setText(event.currentTarget.value)}
          onChange={({ currentTarget }) => {
            const found = parsed(control, currentTarget.value);
            if ("problem" in found) setProblem(found.problem);
            else {
              setProblem("");
              onValue(found.value);
              if (found.value === undefined) setText(shown);
            }
          }}
        />
        {unit !== "" && <span class="unit">{unit}</span>}
      </span>
      <p id={`${id}-help`} class={problem === "" ? "help" : "help wrong"} aria-live="polite">
        {problem === "" ? capital(help) : problem}
      </p>
    </div>
  );
}
