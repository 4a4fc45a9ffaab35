/** The race: what starts and stops it, a lane for each run, who leads, and in words what it runs on. */
import { inUnit } from "../../report/measure.ts";
import {
  capital,
  count,
  duration,
  NOTHING,
  short,
  significant,
  thousands,
} from "../../report/words.ts";
import { ArmName } from "../shared/arm.tsx";
import { armClass } from "../shared/theme.ts";
import type { Shown } from "./shown.ts";
import { isOver, leadOf, lossOf, paceOf, rateSet, scoreOf } from "./race.ts";
import type { Race, Runner } from "./race.ts";
import { RateControl } from "./rate-control.tsx";
import { isTurned, missing, unchosen, type State } from "./state.ts";
import { Transport } from "./transport.tsx";
import { verdictOf } from "./verdict.ts";

export function RacePanel({ state, actions }: Shown) {
  const { race } = state;
  const { begun, wish } = state;
  const earlier = begun && begun.wish.experiment !== wish?.experiment ? begun.wish.experiment : "";
  return (
    <section class="race" aria-labelledby="race-title">
      <h2 id="race-title" class="unseen">
        The race
      </h2>
      <Transport state={state} actions={actions} />
      <Status state={state} />
      {earlier !== "" && <p class="note">Below is {earlier}, which was trained before.</p>}
      {race && <Lanes race={race} />}
      {race && <Standing race={race} />}
      <RunsOn state={state} />
      <RateControl state={state} actions={actions} />
    </section>
  );
}

function Status({ state }: { readonly state: State }) {
  const { progress } = state;
  return (
    <div class="status">
      <p role="status">{statusOf(state)}</p>
      {progress && (
        <progress aria-label={progress.what} value={progress.done} max={1}>
          {Math.round(100 * progress.done)}%
        </progress>
      )}
    </div>
  );
}

function statusOf(state: State): string {
  const { phase, progress, race } = state;
  const [places, choices] = [missing(state), unchosen(state)];
  if (progress) return `${capital(progress.what)} ...`;
  if (isTurned(state) && places.length > 0)
    return `Give it files first: ${places.join(" and ")}. Choose them, or drop them on the page.`;
  if (isTurned(state) && choices.length > 0)
    return `Choose first: ${choices.map(({ label }) => label).join(" and ")}.`;
  if (phase.is === "preparing") return "Preparing the data and the networks ...";
  if (isTurned(state) && race) return "Settings were changed. Train starts anew with them.";
  if (phase.is === "running") return "Training.";
  if (phase.is === "finished" || (race && isOver(race))) return "The race is over.";
  if (phase.is === "failed") return "Training stopped.";
  if (!race) return "Getting ready ...";
  return race.runners.some(({ step }) => step > 0)
    ? "Paused. Train goes on where it stopped."
    : "Ready. Press Train.";
}

function Lanes({ race }: { readonly race: Race }) {
  const { sheet, runners } = race;
  const measure = sheet?.measures.at(0);
  const lead = leadOf(race);
  return (
    <div class="scroll">
      <table class="lanes">
        <caption class="unseen">How far each arm is</caption>
        <thead>
          <tr>
            <th scope="col">arm</th>
            <th scope="col" class="wide">
              {sheet?.axis.name === "epoch" ? "epochs" : "done"}
            </th>
            <th scope="col">training loss</th>
            <th scope="col">{measure ? `test ${measure.key}` : "test"}</th>
            <th scope="col" class="wide">
              training time
            </th>
          </tr>
        </thead>
        <tbody>
          {runners.map((runner) => (
            <tr key={runner.name} class={armClass(runner.key.arm)}>
              <th scope="row">
                <ArmName arm={runner.key.arm} />
                <span class="quiet"> {whichOf(runner, race)}</span>
                {lead?.runner.name === runner.name && !isOver(race) && (
                  <span class="tag">leads</span>
                )}
                {runner.lost !== undefined && <span class="tag out">out</span>}
                <Rail runner={runner} />
              </th>
              <td class="wide">{doneOf(runner, race)}</td>
              <td>{lossOf(runner) === null ? NOTHING : significant(lossOf(runner)!)}</td>
              <td>{measure ? inUnit(measure, scoreOf(runner, measure)) : NOTHING}</td>
              <td class="wide">{runner.wall > 0 ? duration(runner.wall) : NOTHING}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What tells it from other runners beside its arm: a seed, the learning rate that it began with. */
const whichOf = ({ key }: Runner, { run: { config }, events }: Race): string =>
  [
    ...(config.seeds.length > 1 ? [`seed ${key.seed}`] : []),
    ...(config.lr.length > 1 || (config.lrOf && !rateSet(events)) ? [`rate ${key.lr}`] : []),
  ].join(", ");

function Rail({ runner: { step, steps } }: { readonly runner: Runner }) {
  const share = steps > 0 ? Math.min(1, step / steps) : 0;
  return (
    <span class="rail" aria-hidden="true">
      <span style={{ transform: `scaleX(${share})` }} />
    </span>
  );
}

/** "0.35", or "1,200 of 60,000 frames". */
function doneOf({ step, steps, record }: Runner, { sheet }: Race): string {
  if (steps === 0) return NOTHING;
  const { at } = record.points.at(-1) ?? record.tests.at(-1) ?? { at: 0 };
  const last = record.points.at(-1) ?? record.tests.at(-1);
  if (sheet?.axis.name !== "epoch" || !last || last.step === 0)
    return `${Math.floor((100 * step) / steps)}%`;
  return (step * (at / last.step)).toFixed(2);
}

/** Who is ahead, or at the end who won, as the report has it. */
function Standing({ race }: { readonly race: Race }) {
  const verdict = verdictOf(race);
  const lost = race.runners.filter((runner) => runner.lost !== undefined);
  const measure = race.sheet?.measures.at(0);
  const lead = leadOf(race);
  return (
    <div class="standing">
      {verdict ? (
        <>
          <p class="headline" role="status">
            {verdict.headline}
          </p>
          <p>{verdict.sentences.join(" ")}</p>
        </>
      ) : (
        lead &&
        measure && (
          <p>
            <strong>{lead.runner.key.arm}</strong> leads with a test {measure.key} of{" "}
            {inUnit(measure, lead.score)} after {count(lead.at, race.sheet!.axis.name)}. Close ones
            may be chance: the end says how much.
          </p>
        )
      )}
      {lost.map(({ key, name, step, lost: why }) => (
        <p key={name}>
          <strong>{key.arm}</strong> is out after {thousands(step)} steps: {why}
        </p>
      ))}
    </div>
  );
}

function RunsOn({ state: { begun, race, phase } }: { readonly state: State }) {
  if (!begun || !race) return null;
  const { said, threads, kept } = begun.begun;
  const pace = paceOf(race);
  const work = race.sheet?.work;
  const facts = [
    ...(/thread/.test(said) ? [] : [count(threads, "thread")]),
    ...(pace && work ? [`${short(work.perStep / pace.secondsAStep)} ${work.unit} a second`] : []),
    ...(pace ? [`${significant(1000 * pace.secondsAStep)} ms a step`] : []),
    ...(pace && phase.is === "running" ? [`about ${duration(pace.left)} left`] : []),
  ];
  return (
    <div class="runs-on">
      <p>
        {said.replace(/\.$/, "")}.{" "}
        {facts.length > 0 && <span class="facts">{capital(facts.join(", "))}.</span>}
      </p>
      <p class="quiet">
        {kept === true
          ? "This browser keeps the training: loaded again it stands where it was saved last, and Train on goes on to the same bits."
          : `This browser does not keep the training: ${kept}`}
      </p>
    </div>
  );
}
