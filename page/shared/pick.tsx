/** One of a few: a row of buttons that a keyboard walks with its arrows, as radio buttons are. */
import { useId } from "preact/hooks";

interface PickProps<T extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: T; readonly text: string }[];
  readonly chosen: T;
  readonly onChosen: (value: T) => void;
}

export function Pick<T extends string>({ label, options, chosen, onChosen }: PickProps<T>) {
  const name = useId();
  return (
    <fieldset class="pick">
      <legend class="unseen">{label}</legend>
      {options.map(({ value, text }) => (
        <label key={value}>
          <input
            type="radio"
            name={name}
            checked={value === chosen}
            onChange={() => onChosen(value)}
          />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}
