/** What the models make of examples, as far as there is something to look at. */
import type { Shown } from "./shown.ts";
import { GameLook } from "./game.tsx";
import { Latents } from "./latents.tsx";
import { Mistakes } from "./mistakes.tsx";
import { Pad } from "./pad.tsx";
import { Reconstructions, Samples } from "./samples.tsx";

export function Looks(shown: Shown) {
  const looks = shown.state.begun?.begun.looks;
  if (!looks) return null;
  const { guesses, mistakes, samples, reconstructions, latents, game } = looks;
  if (!guesses && !mistakes && !samples && !reconstructions && latents === undefined && !game)
    return null;
  return (
    <div class="looks">
      {guesses && <Pad {...shown} guesses={guesses} />}
      {mistakes && <Mistakes {...shown} />}
      {latents !== undefined && <Latents {...shown} count={latents} />}
      {samples && <Samples {...shown} />}
      {reconstructions && <Reconstructions {...shown} />}
      {game && <GameLook {...shown} />}
    </div>
  );
}
