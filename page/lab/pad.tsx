/** A pad to draw on, by pointer, touch or keys: all arms say at once what they take the drawing for. */
import { useMemo, useRef, useState } from "preact/hooks";
import { list } from "../../report/words.ts";
import { nameOf } from "../../runs/rates.ts";
import type { PictureSize, Raster } from "../../runs/pictures.ts";
import { ArmName } from "../shared/arm.tsx";
import { Bars } from "../shared/bars.tsx";
import { messageOf } from "../shared/message.ts";
import { RasterCanvas } from "../shared/raster.tsx";
import { armClass } from "../shared/theme.ts";
import { decoded } from "../worker/decode.ts";
import type { Looking } from "../worker/protocol.ts";
import type { Shown } from "./shown.ts";
import { DIGITS, PEN, rasterOf, type Place, type Stroke } from "./drawing.ts";
import { savedAt } from "./state.ts";
import { useLook } from "./use-look.ts";

type Props = Shown & { readonly guesses: NonNullable<Looking["guesses"]> };
/** What is to be named: a drawing, or a picture from a file. */
type Subject = { readonly strokes: readonly Stroke[] } | { readonly picture: Raster };

const NOTHING: Subject = { strokes: [] };
const percent = (share: number): string => `${(100 * share).toFixed(share >= 0.995 ? 0 : 1)}%`;

export function Pad({ state, actions, guesses }: Props) {
  const [subject, setSubject] = useState<Subject>(NOTHING);
  const [changes, setChanges] = useState(0);
  const [problem, setProblem] = useState("");
  const show = (next: Subject): void => {
    setSubject(next);
    setChanges((n) => n + 1);
    setProblem("");
  };
  const isEmpty = "strokes" in subject && subject.strokes.length === 0;
  const raster = useMemo(
    () => ("strokes" in subject ? rasterOf(subject.strokes, guesses) : subject.picture),
    [subject, guesses],
  );
  const look = useLook(() => (isEmpty ? Promise.resolve([]) : actions.lab().guess(raster)), {
    what: `subject ${changes}`,
    version: isEmpty ? 0 : savedAt(state),
  });
  const hasDigits =
    guesses.classes.length === 10 && guesses.classes.every((c, i) => c === String(i));
  return (
    <section class="look pad" aria-labelledby="pad-title" ref={look.place}>
      <h2 id="pad-title">{hasDigits ? "Draw a digit" : "Show them a picture"}</h2>
      <div class="pad-layout">
        <div>
          {"strokes" in subject ? (
            <DrawingPad strokes={subject.strokes} onStrokes={(strokes) => show({ strokes })} />
          ) : (
            <RasterCanvas raster={subject.picture} label="the picture" class="pad-picture" />
          )}
          <div class="row">
            <button type="button" class="small" disabled={isEmpty} onClick={() => show(NOTHING)}>
              Clear
            </button>
            <PictureButton
              size={guesses.picture}
              onPicture={(picture) => show({ picture })}
              onProblem={setProblem}
            />
          </div>
          {hasDigits && (
            <div class="row digits" role="group" aria-label="Draw for me">
              {DIGITS.map((strokes, digit) => (
                <button
                  key={digit}
                  type="button"
                  class="small"
                  aria-label={`draw a ${digit}`}
                  onClick={() => show({ strokes })}
                >
                  {digit}
                </button>
              ))}
            </div>
          )}
          {problem !== "" && <p class="wrong">{problem}</p>}
        </div>
        <Guessed state={state} look={look} classes={guesses.classes} isEmpty={isEmpty} />
      </div>
    </section>
  );
}

type Answer = Awaited<ReturnType<ReturnType<Shown["actions"]["lab"]>["guess"]>>;
interface GuessedProps {
  readonly state: Shown["state"];
  readonly look: { readonly value: Answer | undefined; readonly problem: string | undefined };
  readonly classes: readonly string[];
  readonly isEmpty: boolean;
}
/** Classes that bars are drawn for: of many the likeliest. */
const MOST = 10;

function Guessed({ state, look: { value, problem }, classes, isEmpty }: GuessedProps) {
  if (problem !== undefined) return <p class="wrong">{problem}</p>;
  if (savedAt(state) === 0)
    return <p class="empty">Train a little first: they know nothing yet.</p>;
  if (isEmpty || !value || value.length === 0)
    return (
      <p class="empty">
        Draw with the mouse or a finger, or choose one. All arms answer at once, also while they
        train.
      </p>
    );
  const { config } = state.begun!.begun.run;
  const best = value.map(({ key, probabilities }) => {
    const top = probabilities.indexOf(Math.max(...probabilities));
    return { key, text: `${classes[top]} (${percent(probabilities[top])})` };
  });
  return (
    <div class="guesses">
      <p class="unseen" role="status">
        {list(best.map(({ key, text }) => `${key.arm} says ${text}`))}
      </p>
      {value.map(({ key, probabilities }, i) => {
        const order = probabilities.map((_, c) => c);
        const shown =
          classes.length <= MOST
            ? order
            : order.toSorted((a, b) => probabilities[b] - probabilities[a]).slice(0, MOST);
        return (
          <div key={nameOf(config, key)} class={`guess ${armClass(key.arm)}`}>
            <p>
              <ArmName arm={key.arm} />
            </p>
            <p class="answer" aria-hidden="true">
              {best[i].text.replace(/ \(.*/, "")} <span>{percent(Math.max(...probabilities))}</span>
            </p>
            <Bars
              names={shown.map((c) => classes[c])}
              values={shown.map((c) => probabilities[c])}
              label={`what ${key.arm} takes it for`}
              text={percent}
            />
          </div>
        );
      })}
    </div>
  );
}

interface DrawingProps {
  readonly strokes: readonly Stroke[];
  readonly onStrokes: (strokes: readonly Stroke[]) => void;
}
const STEP = 1 / 28;
const MOVES: Readonly<Record<string, Place>> = {
  ArrowLeft: { x: -STEP, y: 0 },
  ArrowRight: { x: STEP, y: 0 },
  ArrowUp: { x: 0, y: -STEP },
  ArrowDown: { x: 0, y: STEP },
};

function DrawingPad({ strokes, onStrokes }: DrawingProps) {
  const [pen, setPen] = useState<Place>({ x: 0.5, y: 0.3 });
  const [isDown, setDown] = useState(false);
  const [byKeys, setByKeys] = useState(false);
  const drawing = useRef(false);
  const at = (event: PointerEvent & { readonly currentTarget: Element }): Place => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / height };
  };
  const add = (place: Place): void =>
    onStrokes([...strokes.slice(0, -1), [...(strokes.at(-1) ?? []), place]]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const move = MOVES[event.key] as Place | undefined;
    if (event.key !== " " && !move) return;
    event.preventDefault();
    setByKeys(true);
    if (!move) {
      if (!isDown) onStrokes([...strokes, [pen]]);
      setDown(!isDown);
      return;
    }
    const next = { x: inside(pen.x + move.x), y: inside(pen.y + move.y) };
    setPen(next);
    if (isDown) add(next);
  };
  return (
    <svg
      class="paper"
      viewBox="0 0 1 1"
      tabIndex={0}
      role="application"
      aria-label={`Drawing pad. Arrow keys move the pen, space puts it down or lifts it. The pen is ${isDown ? "down" : "up"}.`}
      onKeyDown={onKeyDown}
      onBlur={() => setByKeys(false)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        drawing.current = true;
        setDown(false);
        onStrokes([...strokes, [at(event)]]);
      }}
      onPointerMove={(event) => drawing.current && add(at(event))}
      onPointerUp={() => (drawing.current = false)}
      onPointerCancel={() => (drawing.current = false)}
    >
      {strokes.map((stroke, i) => (
        <polyline
          key={i}
          stroke-width={PEN}
          points={[...stroke, stroke.at(-1)!].map(({ x, y }) => `${x},${y}`).join(" ")}
        />
      ))}
      {byKeys && <circle class={isDown ? "pen down" : "pen"} cx={pen.x} cy={pen.y} r={0.025} />}
    </svg>
  );
}

const inside = (x: number): number => Math.min(0.98, Math.max(0.02, x));

interface PictureButtonProps {
  readonly size: PictureSize;
  readonly onPicture: (picture: Raster) => void;
  readonly onProblem: (problem: string) => void;
}
function PictureButton({ size, onPicture, onProblem }: PictureButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class="small" onClick={() => input.current?.click()}>
        Choose a picture
      </button>
      <input
        {...{ ref: input, type: "file", accept: "image/*", hidden: true }}
        aria-label="a picture to be named"
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          currentTarget.value = ""; // so that the same name may be chosen again
          if (file)
            pictureOf(file, size).then(onPicture, (error: unknown) => onProblem(messageOf(error)));
        }}
      />
    </>
  );
}

async function pictureOf(file: File, size: PictureSize): Promise<Raster> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  return decoded(bytes, size).catch((cause: unknown) => {
    throw new Error(`${file.name}: ${messageOf(cause)}`, { cause });
  });
}
