/** Where files of the user's own go: chosen by buttons or dropped, one box a place that the experiment has. */
import { useRef, useState } from "preact/hooks";
import { capital, count } from "../../report/words.ts";
import type { Offer } from "../worker/protocol.ts";
import type { Shown } from "./shown.ts";
import { chosen, dropped } from "./files.ts";

interface Props extends Shown {
  readonly places: Offer["places"];
}
export const FilePlaces = ({ places, state, actions }: Props) => (
  <>
    {places.map((place) => (
      <FilePlace key={place.name} place={place} state={state} actions={actions} />
    ))}
  </>
);

function FilePlace({ place, state, actions }: Shown & { readonly place: Offer["places"][number] }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const given = state.given[place.name] ?? [];
  const give = (input: HTMLInputElement): void => {
    const all = chosen(input.files ?? []);
    input.value = ""; // so that a corrected file of the same name may be chosen
    if (all.length > 0) void actions.give(place.name, all);
  };
  return (
    <div
      class={over ? "files over" : "files"}
      role="group"
      aria-label={`files: ${place.label}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(false);
        if (event.dataTransfer) void actions.give(place.name, dropped(event.dataTransfer));
      }}
    >
      <p class="files-name">{capital(place.label)}</p>
      <p class="help">{capital(place.help)}</p>
      <div class="row">
        <button type="button" class="small" onClick={() => files.current?.click()}>
          Choose files
        </button>
        <button type="button" class="small" onClick={() => folder.current?.click()}>
          Choose a folder
        </button>
      </div>
      <p class="help" aria-live="polite">
        {given.length === 0
          ? "or drop them here"
          : given.length === 1
            ? given[0]
            : `${count(given.length, "file")}: ${given.slice(0, 2).join(", ")}, ...`}
      </p>
      <input
        {...{ ref: files, type: "file", multiple: true, hidden: true }}
        aria-label={`${place.label}: files`}
        onChange={({ currentTarget }) => give(currentTarget)}
      />
      <input
        {...{ ref: folder, type: "file", webkitdirectory: true, hidden: true }}
        aria-label={`${place.label}: folder`}
        onChange={({ currentTarget }) => give(currentTarget)}
      />
    </div>
  );
}
