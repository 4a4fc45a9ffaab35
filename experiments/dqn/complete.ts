/** The whole configuration of agents, from what was asked for. */
import { UsageError } from "../../runs/experiment.ts";
import { presets, type DqnConfig } from "./config.ts";
import { familyOf, type RomPlace } from "./games.ts";

/** Throws a `UsageError` for what does not go together. */
export function complete(asked: Partial<DqnConfig>, { rom }: RomPlace): DqnConfig {
  const game = asked.game ?? (rom === undefined ? "breakout" : "rom");
  if ((game === "rom") !== (rom !== undefined))
    throw new UsageError(
      game === "rom"
        ? "--rom: expected the file of a cartridge with --game rom, got none; add --rom FILE"
        : `--rom: expected it alone or with --game rom, got --game ${game}; leave one of them away`,
    );
  const family = presets[familyOf(game)];
  const names = Object.keys(family);
  const preset = asked.preset ?? names[0];
  if (!names.includes(preset))
    throw new UsageError(
      `--preset: expected ${names.join(" or ")} for dqn, got "${preset}"; try --preset ${names[0]}`,
    );
  const config: DqnConfig = {
    ...family[preset],
    ...{ arms: ["plain", "weight"], seeds: [1] },
    ...asked,
    ...{ game, preset },
  };
  checkRate(config);
  return shortened(config);
}

/** Agents are not told apart by their learning rates: there are no held-out examples to choose one by. */
export function checkRate({ lr }: Pick<DqnConfig, "lr">): void {
  if (lr.length !== 1)
    throw new UsageError(
      `--lr: expected one learning rate for dqn, got ${lr.join(",")}; start a run for each`,
    );
}

/** A short run starts to learn earlier and explores for a shorter time, or it would show nothing. */
function shortened(config: DqnConfig): DqnConfig {
  const { frames, learnFrom, exploration } = config;
  const short: DqnConfig = {
    ...config,
    learnFrom: Math.min(learnFrom, Math.max(LEAST_RANDOM, Math.floor(frames / 10))),
    exploration: { ...exploration, frames: Math.min(exploration.frames, Math.floor(frames / 3)) },
  };
  if (frames > short.learnFrom) return short;
  throw new UsageError(
    `--frames: expected more than the ${short.learnFrom} frames of random play at the start, got ${frames}; try --frames 20000`,
  );
}
const LEAST_RANDOM = 100;
