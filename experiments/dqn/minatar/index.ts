/** MinAtar's games as environments, with the chance that an action is not taken and the last one is repeated. */
import * as z from "zod/mini";
import { hash, keyOf } from "../../../src/index.ts";
import { snapshotOf, type Environment } from "../environment.ts";
import { breakout } from "./breakout.ts";
import { ACTIONS, SIZE, type Action, type Game, type Random } from "./game.ts";
import { pictureOf } from "./picture.ts";
import { seaquest } from "./seaquest.ts";
import { spaceInvaders } from "./space-invaders.ts";

export { ACTIONS, SIZE, type Action, type Game, type Random } from "./game.ts";

// What type a state has matters to nobody but its game.
export const games = [breakout, spaceInvaders, seaquest] as unknown as readonly Game[];

export interface MinAtarOptions {
  readonly seed?: number;
  /** How often the last executed action takes the place of the chosen one (the paper: 0.1). */
  readonly sticky?: number;
  /** Steps after which an episode is cut off: two of the games never end if played well, and MinAtar has no limit. */
  readonly limit?: number;
  /** Where random numbers come from, instead of from the seed; a snapshot cannot know it. */
  readonly random?: Random;
}

interface Snapshot {
  readonly game: string;
  readonly state: unknown;
  readonly drawn: number;
  readonly last: Action;
  readonly steps: number;
  readonly over: boolean;
}

const count = z.int().check(z.minimum(0));
const snapshotSchema = ({ state }: Game): z.ZodMiniType<Snapshot> =>
  z.strictObject({
    ...{ game: z.string(), state, drawn: count },
    last: z.enum(ACTIONS),
    ...{ steps: count, over: z.boolean() },
  });

/** Throws for a game that there is not, and for options out of range. */
export function minAtar(
  name: string,
  { seed = 0, sticky = 0.1, limit = 1000, random }: MinAtarOptions = {},
): Environment {
  const game = games.find((g) => g.name === name);
  if (!game)
    throw new Error(
      `minAtar: game must be one of ${games.map((g) => g.name).join(", ")}, got "${name}"; choose one of them`,
    );
  if (!(sticky >= 0 && sticky <= 1))
    throw new RangeError(`minAtar: sticky must be a probability, got ${sticky}; pass 0 to 1`);
  const key = keyOf(seed, "minatar", name);
  let drawn = 0;
  const uniform = random ?? ((): number => hash(drawn++, key) / 2 ** 32);
  const size = game.channels.length * SIZE * SIZE;
  let state = game.start(uniform);
  let last: Action = "noop"; // kept when a new game starts
  let steps = 0;
  let over = false;

  return {
    name,
    shape: [game.channels.length, SIZE, SIZE],
    most: 1,
    actions: ACTIONS,
    reset() {
      state = game.start(uniform);
      steps = 0;
      over = false;
    },
    step(index) {
      if (over)
        throw new Error(
          `${name}: a step must be in an episode, got one after its end; reset first`,
        );
      const chosen = ACTIONS[index] as Action | undefined;
      if (chosen === undefined)
        throw new RangeError(
          `${name}: an action must be 0 to ${ACTIONS.length - 1}, got ${index}; see actions`,
        );
      if (sticky === 0 || uniform() >= sticky) last = chosen;
      const { reward, ended } = game.step(state, last, uniform);
      steps++;
      const truncated = !ended && steps >= limit;
      over = ended || truncated;
      return { reward, ended, truncated };
    },
    observe(to = new Uint8Array(size)) {
      to.fill(0);
      game.draw(state, (channel, row, column) => {
        to[(channel * SIZE + row) * SIZE + column] = 1;
      });
      return to;
    },
    picture: () => pictureOf(game, state),
    snapshot(): Snapshot {
      return { game: name, state: structuredClone(state), drawn, last, steps, over };
    },
    restore(snapshot) {
      const saved = snapshotOf(name, snapshotSchema(game), snapshot);
      state = structuredClone(saved.state);
      ({ drawn, last, steps, over } = saved);
    },
  };
}
