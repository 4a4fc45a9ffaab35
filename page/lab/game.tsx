/** The game as an agent plays it, frame by frame, with what it expects of each action. */
import { useMemo, useState } from "preact/hooks";
import { count, thousands } from "../../report/words.ts";
import type { Game } from "../../runs/looks.ts";
import { nameOf } from "../../runs/rates.ts";
import { ArmName } from "../shared/arm.tsx";
import { Bars } from "../shared/bars.tsx";
import { Player } from "../shared/player.tsx";
import type { Shown } from "./shown.ts";
import { notYet, savedAt } from "./state.ts";
import { useLook } from "./use-look.ts";

export function GameLook({ state, actions }: Shown) {
  const { keys, run } = state.begun!.begun;
  const [name, setName] = useState("");
  const [seed, setSeed] = useState(1);
  const key = keys.find((one) => nameOf(run.config, one) === name) ?? keys[0];
  const chosen = nameOf(run.config, key);
  // A game is watched to its end: a newer agent plays when it is asked to.
  const version = Math.min(1, savedAt(state));
  const { value, problem, place } = useLook(() => actions.lab().game(key, seed), {
    what: `${chosen} ${seed}`,
    version,
  });
  return (
    <section class="look" aria-labelledby="game-title" ref={place}>
      <div class="section-head">
        <h2 id="game-title">The game</h2>
        <button type="button" class="small" onClick={() => setSeed(seed + 1)}>
          Another game
        </button>
      </div>
      <fieldset class="pick arms-pick">
        <legend class="unseen">Who plays</legend>
        {keys.map((one) => (
          <label key={nameOf(run.config, one)}>
            <input
              type="radio"
              name="player"
              checked={one === key}
              onChange={() => setName(nameOf(run.config, one))}
            />
            <span>
              <ArmName arm={one.arm} />
            </span>
          </label>
        ))}
      </fieldset>
      {problem !== undefined && <p class="wrong">{problem}</p>}
      {!value && problem === undefined && (
        <p class="empty">
          {notYet(state, "Train a little first: then the agent as it is plays here.")}
        </p>
      )}
      {value && (
        <Played key={`${chosen} ${seed}`} game={value} label={`the game that ${key.arm} plays`} />
      )}
    </section>
  );
}

function Played({ game, label }: { readonly game: Game; readonly label: string }) {
  const frames = useMemo(() => game.frames.map(({ picture }) => picture), [game]);
  const all = game.frames.flatMap(({ q = [] }) => q);
  const most = all.reduce((top, q) => Math.max(top, q), 0);
  return (
    <div class="game">
      <p class="note">
        {game.name}: {thousands(game.score)} points in {count(game.steps, "step")}.
      </p>
      <Player frames={frames} delay={game.delay} label={label}>
        {(frame) => {
          const { q, action, score } = game.frames[frame];
          return (
            <div class="q">
              <p>
                Score <strong>{thousands(score)}</strong>
              </p>
              {q ? (
                <Bars
                  names={game.actions}
                  values={q}
                  label="what it expects of each action (Q)"
                  text={(value) => value.toFixed(2)}
                  chosen={action}
                  most={most}
                />
              ) : (
                <p class="quiet">The end.</p>
              )}
            </div>
          );
        }}
      </Player>
    </div>
  );
}
