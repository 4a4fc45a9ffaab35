/** What went wrong, whole, with what the page does about it and what somebody can. */
import { useEffect, useRef } from "preact/hooks";
import type { Shown } from "./shown.ts";
import { inControls } from "./wording.ts";

export function Troubled({ state: { trouble, phase, offer }, actions }: Shown) {
  const here = useRef<HTMLDivElement>(null);
  // What went wrong may have been asked for at the other end of the page.
  useEffect(() => here.current?.scrollIntoView({ block: "nearest" }), [trouble?.message]);
  if (!trouble) return <div role="alert" class="unseen" />;
  const isLost = phase.is === "failed" && phase.lost;
  return (
    <div role="alert" class="trouble" ref={here}>
      <p class="trouble-head">{isLost ? "Training stopped" : "That did not work"}</p>
      <p class="whole">{inControls(trouble.message, offer?.controls ?? [])}</p>
      {trouble.remedy !== undefined && <p>{trouble.remedy}</p>}
      <div class="row">
        {isLost && (
          <button type="button" onClick={() => void actions.renew()}>
            Begin again
          </button>
        )}
        <button type="button" onClick={actions.dismiss}>
          Dismiss
        </button>
      </div>
    </div>
  );
}

/** What of the address was not understood, and what is to be known of the data. */
export function Notes({ state: { notes, said, offer }, actions }: Shown) {
  if (notes.length + said.length === 0) return null;
  return (
    <div role="status" class="notes">
      <ul>
        {[...notes, ...said].map((line) => (
          <li key={line}>{inControls(line, offer?.controls ?? [])}</li>
        ))}
      </ul>
      {notes.length > 0 && (
        <button type="button" class="small" onClick={() => actions.note([])}>
          Dismiss
        </button>
      )}
    </div>
  );
}
