/** An Atari 2600 without a television, one frame at a time. */
import { loadEmulator, type Board, type Load, type Switch } from "./emulator.ts";
import { snapshots, type Saved } from "./snapshots.ts";

export const WIDTH = 160;
export const HEIGHT = 210;
/** The emulator draws two lines more than ALE shows. */
const DRAWN = HEIGHT + 2;
/** Colour clocks of an NTSC frame: 262 lines of 228. */
const FRAME = 262 * 228;

export type Controller = "joystick" | "paddle";

export interface Console {
  /** The last frame but one and the last, row by row, colours as 0xAABBGGRR: sprites often are in every other frame. */
  readonly screens: readonly [before: Uint32Array, now: Uint32Array];
  /** Emulates one frame, in which those buttons are held that `held` names, e.g. "downleft", "reset" or "noop". */
  frame(held: string): void;
  /** A copy of the 128 bytes of memory. */
  memory(): Uint8Array;
  save(): Saved;
  load(saved: Saved): void;
}

export interface ConsoleOptions {
  /** Where modules of the emulator come from. */
  readonly load: Load;
  readonly controller?: Controller;
}

/** Switches a console on; throws if the emulator is not installed. */
export async function powerOn(
  rom: Uint8Array,
  { load, controller = "joystick" }: ConsoleOptions,
): Promise<Console> {
  const { Board, CartridgeFactory, shared } = loadEmulator(load);
  const config = {
    ...{ tvMode: 0, enableAudio: false, pcmAudio: false, emulatePaddles: controller === "paddle" },
    cpuType: 1, // the faster one, which makes all of an instruction's accesses at its end
    randomSeed: 1, // what memory holds at first; the default is another one each time
    frameStart: 33, // ALE shows what comes from line 34 after the vertical sync
  };
  const board = new Board(config, await new CartridgeFactory().createCartridge(rom));
  const now = new Uint32Array(WIDTH * DRAWN);
  const before = new Uint32Array(WIDTH * DRAWN);
  const surface = {
    getWidth: () => WIDTH,
    getHeight: () => DRAWN,
    getBuffer: () => now,
    getByteOrder: () => 0,
  };
  board.getVideoOutput().setSurfaceFactory(() => surface);
  // A trap makes `tick` return; one that nobody handles is thrown. What it traps otherwise is nonsense in the program.
  board.trap.addHandler(() => undefined);
  board.getVideoOutput().newFrame.addHandler(() => board.triggerTrap(2, "frame"));
  const hold = controllers[controller](board);
  const reset = board.getControlPanel().getResetButton();
  board.boot();

  return {
    screens: [before.subarray(0, WIDTH * HEIGHT), now.subarray(0, WIDTH * HEIGHT)],
    frame(held) {
      before.set(now);
      hold(held);
      reset.toggle(held === "reset");
      board.tick(3 * FRAME); // returns when a frame is complete, or after that time when the program makes none
    },
    memory: () => Uint8Array.from({ length: 128 }, (_, i) => board.getBus().peek(0x80 + i)),
    ...snapshots([board, surface, now, before, ...shared]),
  };
}

/** What it takes to hold the buttons that an action names. */
const controllers: Readonly<Record<Controller, (board: Board) => (held: string) => void>> = {
  joystick(board) {
    const joystick = board.getJoystick0();
    const buttons: readonly (readonly [string, Switch])[] = [
      ["up", joystick.getUp()],
      ["down", joystick.getDown()],
      ["left", joystick.getLeft()],
      ["right", joystick.getRight()],
      ["fire", joystick.getFire()],
    ];
    return (held) => {
      for (const [name, button] of buttons) button.toggle(held.includes(name));
    };
  },
  paddle(board) {
    const paddle = board.getPaddle(0);
    const button = board.getJoystick0().getRight(); // they share a line, and the emulator has not wired the paddle's own
    paddle.setValue(PADDLE.middle / PADDLE.scale);
    return (held) => {
      paddle.setValue(turned(Math.round(paddle.getValue() * PADDLE.scale), held) / PADDLE.scale);
      button.toggle(held.includes("fire"));
    };
  },
};

/**
 * ALE's paddle: the range of its resistance, and how far it turns in a frame. The scale to the emulator's is measured: at
 * both ends the same number of lines passes until the paddle reads as charged.
 */
const PADDLE = { least: 27_450, middle: 408_823, most: 790_196, step: 23_000, scale: 1_516_600 };

/** A paddle's resistance after a frame; the least is on the right. */
export function turned(resistance: number, held: string): number {
  const turn = Number(held.includes("left")) - Number(held.includes("right"));
  return Math.min(Math.max(resistance + turn * PADDLE.step, PADDLE.least), PADDLE.most);
}
