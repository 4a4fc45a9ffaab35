/** Help with agents: all about them, and nothing of other experiments. */
import { expect, test } from "vitest";
import { within } from "./run.ts";

const helpOf = async (...command: readonly string[]): Promise<string> =>
  (await within(...command, "--help")).stdout;

test("nothing of other experiments in that of agents", async () => {
  const help = await helpOf("compare", "dqn");
  for (const flag of ["--epochs", "--train-size", "--target", "--data-dir"])
    expect(help).not.toContain(flag);
  expect(help).not.toMatch(/epoch|image|mnist|cifar|error/i);
});

test("in full", async () => {
  expect(`\n${await helpOf("compare", "dqn")}`).toMatchInlineSnapshot(`
    "
    Usage: weightnorm compare dqn [options]

    train several arms of one network side by side and report who learns faster

    dqn: deep Q-learning in MinAtar's games and those of the Atari 2600

    Options:
      --arms <list>       the arms to compare: plain, weight, batch, mean-only,
                          weight+mean-only (default: plain,weight)
      --preset <name>     the settings to start from: small, paper (default: small)
      --game <name>       one of MinAtar's small games, our own for the Atari 2600
                          (catch), or with --rom a cartridge: breakout,
                          space-invaders, seaquest, catch, rom (default: breakout)
      --seed <list>       one seed, or several to see how much chance matters, e.g.
                          1,2,3 (default: 1)
      --frames <n>        decisions in training: a frame of MinAtar each, or four
                          frames of Atari, where the default is 50000 (default:
                          300000; paper: 5000000)
      --double            double Q-learning: the online network chooses what the
                          target network judges
      --lr <list>         learning rate: one, constant (default: 0.00025)
      --optimizer <name>  how the network is updated: rmsprop, adamax, adam
                          (default: rmsprop)
      --batch-size <n>    transitions an update (default: 32)
      --threads <n>       threads for the runtime: MinAtar's small steps gain little
                          from more than one; on Atari the default is 2 (default: 1)
      --rom <path>        the cartridge of an Atari 2600 game, recognized by its
                          content (default: none, for other games)
      --out <folder>      the run's folder (default: runs/ and the time)
      --resume <folder>   go on with a run, to the same bits as if it had never
                          stopped
      --device <name>     cpu (the default), webgpu (a graphics card), or auto
      --json              print results as JSON on standard output
      --quiet             no progress
      -h, --help          display help for command

    Examples:
      weightnorm compare dqn --game breakout --frames 20000
      weightnorm compare dqn --game catch
      weightnorm compare dqn --rom breakout.bin --preset paper
    "
  `);
});
