/** What one sees of training: a bar for every run on a terminal, plain lines elsewhere. Made of events and of nothing else. */
import { MultiBar, Presets, type SingleBar } from "cli-progress";
import { inUnit } from "../report/measure.ts"; // not of its index, which loads what draws
import { stepName } from "../report/words.ts";
import type { Measured, Opened, RunEvent, RunKey, Shown, Stepped, Values } from "../runs/events.ts";
import type { Sheet } from "../runs/records.ts";
import { printable } from "../src/train/json.ts";
import { clock, EVERY, preparation } from "./preparation.ts";

export interface Display {
  readonly show: (event: Shown) => void;
  /** Long work beside the race, e.g. a download, with its share done. */
  readonly progress: (what: string, done: number) => void;
  /** A line that people should read. */
  readonly say: (text: string) => void;
  readonly stop: () => void;
}

export interface DisplayOptions {
  readonly quiet: boolean;
  readonly stream?: NodeJS.WriteStream;
}

/** One run, as far as events have told. */
interface Lane {
  readonly name: string;
  /** The name, as long as all of them. */
  readonly label: string;
  readonly steps: number;
  /** Steps and seconds lately: what the rate and the time left are made of. */
  readonly recent: Pick<Stepped, "step" | "wall">[];
  step: number;
  lost: boolean;
  values: Values;
  measured?: Measured;
  bar?: SingleBar;
}

const RECENT = 50;

export function display({ quiet, stream = process.stderr }: DisplayOptions): Display {
  const nothing = (): undefined => undefined;
  if (quiet) return { show: nothing, progress: nothing, say: nothing, stop: nothing };
  const waiting = preparation(stream);
  const lanes = new Map<string, Lane>();
  let sheet: Sheet | undefined;
  let bars: MultiBar | undefined;
  let said = performance.now();

  const idOf = ({ arm, seed, lr }: RunKey): string => JSON.stringify([arm, seed, lr]);
  const line = (text: string): void => {
    if (bars) bars.log(`${text}\n`);
    else stream.write(`${text}\n`);
  };
  const stop = (): void => {
    waiting.stop();
    bars?.stop();
    bars = undefined;
  };

  function open({ runs, sheet: read }: Opened): void {
    waiting.stop();
    sheet = read;
    const unit = (steps: number): string => `${stepName(read)} ${steps}`;
    const width = Math.max(...runs.map(({ name }) => name.length));
    for (const { name, step, steps, ...key } of runs) {
      const label = name.padEnd(width);
      lanes.set(idOf(key), { name, label, steps, step, lost: false, recent: [], values: {} });
      if (step > 0) line(`${name}: goes on at ${unit(step)} of ${steps}`);
    }
    if (stream.isTTY) bars = barsOf([...lanes.values()], read, stream);
  }

  function stepped(lane: Lane, { step, wall, values }: Stepped): void {
    Object.assign(lane, { step, values });
    lane.recent.push({ step, wall });
    if (lane.recent.length > RECENT) lane.recent.shift();
    lane.bar?.update(step, told(lane, sheet!));
    if (bars || performance.now() - said < EVERY * 1000) return;
    write(lane, newsOf(values));
  }

  /** A turn of training is over, or something else that people want to know of. */
  function happened(lane: Lane, event: RunEvent): void {
    if (event.type === "initialized")
      for (const [layer, count] of Object.entries(event.dead))
        if (count > 0)
          line(
            `${lane.name}: ${count} units of ${layer} do not vary on the initialization batch and keep their scale`,
          );
    if (event.type === "lost") {
      lane.lost = true;
      const othersGoOn = [...lanes.values()].some(({ lost, step, steps }) => !lost && step < steps);
      // Why it is, the error says in the end; of a single run that is all there is to say.
      if (lanes.size > 1)
        line(
          `${lane.name}: diverged after ${stepName(sheet!)} ${event.step}${othersGoOn ? ", the others go on" : ""}`,
        );
    }
    if (event.type !== "measured") return;
    lane.measured = event;
    if (bars || !event.train) return;
    lane.step = event.step;
    const at =
      stepName(sheet!) === sheet!.axis.name
        ? ""
        : `${sheet!.axis.name} ${Number(event.at.toFixed(2))}, `;
    write(lane, `${at}${newsOf(event.train)}, ${testOf(event, sheet!)}`);
  }

  function write(lane: Lane, news: string): void {
    said = performance.now();
    const { rate, left } = paceOf(lane, sheet!);
    const pace = rate === "-" ? "" : `, ${rate} ${sheet!.work.unit}/s, ${left} left`;
    stream.write(`${lane.name}: ${stepName(sheet!)} ${lane.step}/${lane.steps}, ${news}${pace}\n`);
  }

  return {
    stop,
    say(text) {
      waiting.stop();
      line(printable(text));
    },
    progress(what, done) {
      bars?.stop();
      bars = undefined;
      waiting.show(what, done);
    },
    show(event) {
      if (event.type === "opened") {
        open(event);
        return;
      }
      if (event.type === "changed") return;
      const lane = lanes.get(idOf(event));
      if (!lane) return; // of before this process
      if (event.type === "stepped") stepped(lane, event);
      else happened(lane, event);
    },
  };
}

/** "training loss 1.2345", the first number that there is, and of several ranks their share of time in talking. */
const newsOf = ({ communication = null, ...values }: Values): string =>
  [
    ...Object.entries(values)
      .flatMap(([name, x]) => (x === null ? [] : [`training ${name} ${x.toPrecision(5)}`]))
      .slice(0, 1),
    ...(communication === null ? [] : [`${Math.round(100 * communication)}% communication`]),
  ].join(", ");

const testOf = ({ test }: Measured, { measures: [m] }: Sheet): string => {
  const value = test[m.key];
  return value == null ? "" : `test ${m.key} ${inUnit(m, value)}`;
};

/** Work a second lately, and the time that the rest will take at that rate, tests included. */
function paceOf(
  { recent, step, steps }: Lane,
  { work }: Sheet,
): { readonly rate: string; readonly left: string } {
  const [first, last] = [recent.at(0), recent.at(-1)];
  const rate = first && last ? (last.step - first.step) / (last.wall - first.wall) : NaN;
  if (!(rate > 0)) return { rate: "-", left: "-" };
  return { rate: (rate * work.perStep).toFixed(0), left: clock((steps - step) / rate) };
}

/** What a bar shows beside itself. */
function told(lane: Lane, sheet: Sheet): Record<string, string> {
  const { rate, left } = paceOf(lane, sheet);
  return {
    ...{ name: lane.label, rate, left: left.padStart(6), news: newsOf(lane.values).padEnd(22) },
    test: lane.measured ? testOf(lane.measured, sheet) : "",
  };
}

function barsOf(lanes: readonly Lane[], sheet: Sheet, stream: NodeJS.WriteStream): MultiBar {
  const bars = new MultiBar(
    {
      format: `{name} {bar} {percentage}%  {left} left  {test}  {news}  {rate} ${sheet.work.unit}/s`,
      ...{
        stream,
        hideCursor: true,
        barsize: (stream.columns || 80) < 110 ? 10 : 20,
        fps: 8,
        emptyOnZero: true,
        forceRedraw: true,
      },
    },
    Presets.shades_classic,
  );
  for (const lane of lanes) {
    lane.bar = bars.create(lane.steps, lane.step, told(lane, sheet));
  }
  return bars;
}
