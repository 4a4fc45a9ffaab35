/** What the agents of a comparison share: a game, compiled programs, random play to compare with. */
import type { RunKey } from "../../runs/events.ts";
import {
  UsageError,
  type Exhibits,
  type Field,
  type Played,
  type Trained,
  type World,
} from "../../runs/experiment.ts";
import type { Sheet } from "../../runs/records.ts";
import { checkRate } from "./complete.ts";
import type { DqnConfig } from "./config.ts";
import type { Environment } from "./environment.ts";
import { makerOf, type EnvironmentMaker } from "./games.ts";
import { delayOf, randomPlay, recorded, tested, watched, type Agent, type Score } from "./play.ts";
import { programsOf, type Programs } from "./programs.ts";
import { whereOf } from "./progress.ts";
import { startDqn } from "./run.ts";
import { sheetOf } from "./sheet.ts";

/** Frames that an animation in a report has at most. */
const MOST_FRAMES = 250;

export async function open(config: DqnConfig, world: World): Promise<Field<DqnConfig>> {
  checkRate(config);
  const { maker, environment } = await gameOf(config, world);
  checkMemory(config, environment, world);
  const whole: DqnConfig = { plays: environment.name, ...config };
  const programs = sharedPrograms(whole, environment, world);
  const agentOf = (trained: Trained<DqnConfig>, where?: string): Agent =>
    agent(trained, { maker, programs: programs.of(trained.key) }, where);
  return {
    config: whole,
    facts: [
      ["game", environment.name],
      ["actions", environment.actions.join(", ")],
    ],
    sheet: sheetOf(whole),
    baseline: () => baseline(whole, maker, world),
    start: (key, from) =>
      startDqn({
        config: whole,
        key,
        maker,
        programs: programs.of(key),
        ...(from ? { from } : {}),
      }),
    measure: async (trained, where) => measuredOf(await tested(agentOf(trained, where))),
    exhibit: async (trained) => exhibits(agentOf(trained)),
    looks: (key) => ({
      async game(state, { seed, most }) {
        const { maker: short } = await gameOf(
          { ...whole, limit: Math.min(whole.limit, most - 1) },
          world,
        );
        const player = agent(
          { key, config: whole, state },
          { maker: short, programs: programs.of(key) },
        );
        const { name, actions } = environment;
        return { name, actions, ...(await watched({ ...player, seed })) };
      },
      release: () => Promise.resolve(), // its program goes with the others
    }),
    rest: () => Promise.resolve(), // turns are short, and memories are larger than programs
    release: programs.release,
  };
}

/** An episode of a trained agent, to look at. */
export async function play(
  trained: Trained<DqnConfig>,
  { seed, most }: { readonly seed: number; readonly most: number },
): Promise<Played> {
  const { config, key, world } = trained;
  const { maker, environment } = await gameOf(config, world);
  const programs = sharedPrograms(config, environment, world);
  const player = agent(trained, { maker, programs: programs.of(key) });
  const { frames, score, steps } = await recorded({ ...player, seed }, most).finally(
    programs.release,
  );
  return { game: environment.name, score, steps, frames, delay: delayOf(config) };
}

/** The game of a configuration; throws where a cartridge holds another one than the run began with. */
async function gameOf(
  config: DqnConfig,
  world: World,
): Promise<{ readonly maker: EnvironmentMaker; readonly environment: Environment }> {
  const maker = makerOf(config, world);
  const environment = await maker(0);
  const { name } = environment;
  if (config.plays !== undefined && name !== config.plays)
    throw new Error(
      `${world.places["rom"] ?? name}: the run began with the game ${config.plays}, got ${name}; give the right cartridge with --rom`,
    );
  return { maker, environment };
}

/** Throws where the replay memories of all runs are more than this machine has free. */
function checkMemory(
  { arms, seeds, replay, frames }: DqnConfig,
  { shape }: Environment,
  { freeMemory }: World,
): void {
  if (!freeMemory) return;
  const entries = arms.length * seeds.length * Math.min(replay, 2 * frames);
  const [needed, free] = [entries * shape.reduce((a, b) => a * b), freeMemory()].map(
    (n) => n / 1e9,
  );
  if (needed > free)
    throw new UsageError(
      `--arms: expected runs whose replay memories fit, got ${arms.length * seeds.length} that take ${needed.toFixed(1)} GB, with ${free.toFixed(1)} GB free; train fewer arms or seeds at a time`,
    );
}

/** Programs by arm and learning rate; runs that differ in their seeds share them. */
function sharedPrograms(
  config: DqnConfig,
  environment: Environment,
  world: World,
): { readonly of: (key: RunKey) => Programs; readonly release: () => Promise<void> } {
  const runtime = world.runtime(config.threads);
  const made = new Map<string, Programs>();
  return {
    of({ arm, lr }) {
      const name = `${arm} ${lr}`;
      if (!made.has(name))
        made.set(name, programsOf({ ...config, lr: [lr] }, arm, environment, runtime));
      return made.get(name)!;
    },
    async release() {
      await Promise.all([...made.values()].map((programs) => programs.release()));
    },
  };
}

/** Throws where the parameters are not those of the network. */
function agent(
  { key, config, state }: Pick<Trained<DqnConfig>, "key" | "config" | "state">,
  { maker, programs }: Pick<Agent, "maker" | "programs">,
  where: string = whereOf(key),
): Agent {
  return { maker, programs, config, state: programs.stateOf(state, where), seed: key.seed };
}

const measuredOf = ({
  mean,
  steps,
  error,
}: Score): Awaited<ReturnType<Field["measure"]>> & { readonly errors: { return: number } } => ({
  test: { return: mean, steps },
  errors: { return: error },
});

async function exhibits(player: Agent): Promise<Exhibits> {
  const { frames, score, steps } = await recorded(player, MOST_FRAMES);
  const part = steps >= frames.length ? `, shown to frame ${frames.length}` : "";
  const caption = `${Number(score.toFixed(2))} points in ${steps} steps${part}`;
  const delay = delayOf(player.config);
  return { measured: {}, pictures: [{ name: "game", caption, frames, delay }] };
}

/** What random play gets; of an emulated game it takes a while. */
async function baseline(
  config: DqnConfig,
  maker: EnvironmentMaker,
  { progress }: World,
): Promise<NonNullable<Sheet["baseline"]>> {
  const random = await randomPlay(maker, config, (done) => progress("random play", done));
  return { name: "random play", ...measuredOf(random), count: random.episodes };
}
