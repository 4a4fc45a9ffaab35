/** The console that games of the Atari 2600 run on: programs, the paddle, what is seen. */
import { readFile } from "node:fs/promises";
import { describe, expect, test, type TestContext } from "vitest";
import { powerOn, turned } from "../../experiments/dqn/atari/console.ts";
import { catchRom } from "../../experiments/dqn/atari/index.ts";
import { observationOf, pictureOf } from "../../experiments/dqn/atari/screen.ts";
import { asset, require } from "./dqn-world.ts";

const { rom } = await catchRom({ asset });

/** By the npm package dasm, which comes with the emulator. */
function assembled(context: TestContext, source: string): Uint8Array {
  type Dasm = (source: string, options: object) => { readonly data: Uint8Array };
  try {
    const { default: dasm } = require("dasm") as { readonly default: Dasm };
    return dasm(source, { format: 3 }).data;
  } catch {
    context.skip("the npm package dasm could not be loaded");
  }
}

describe("catch", () => {
  test("the program assembles to the bytes that are kept", async (context) => {
    const source = new URL("../../experiments/dqn/atari/catch/catch.asm", import.meta.url);
    const assembly = assembled(context, await readFile(source, "utf8"));
    expect(Buffer.from(assembly).equals(rom)).toBe(true);
  });

  test("the paddle stays between the walls, where memory says it is on the screen", async () => {
    const console = await powerOn(rom, { load: require });
    const orange = (): number => {
      const row = 171 * 160; // through the paddle
      return console.screens[1].subarray(row, row + 160).indexOf(0xff5997e3);
    };
    for (let i = 0; i < 4; i++) console.frame("reset");
    for (const [action, edge] of [
      ["left", 4],
      ["right", 124],
    ] as const) {
      for (let i = 0; i < 25; i++) {
        console.frame(action);
        if (orange() >= 0) expect(orange()).toBe(console.memory()[3]); // not while it shines
      }
      expect(console.memory()[3]).toBe(edge);
    }
  });
});

const PADDLE_READER = `
        processor 6502
VSYNC   = $00
VBLANK  = $01
WSYNC   = $02
INPT0   = $08
SWCHA   = $0280
        org $F800
start   lda #$82        ; no picture, and the capacitor is discharged
        sta WSYNC
        sta VBLANK
        sta VSYNC
        sta WSYNC
        sta WSYNC
        lda #0
        sta WSYNC
        sta VSYNC
        sta VBLANK
        tax
more    sta WSYNC
        inx
        beq done
        bit INPT0
        bpl more
done    stx $80
        lda SWCHA
        sta $81
rest    sta WSYNC
        inx
        bne rest
        jmp start
        org $FFFC
        .word start
        .word start
`;

describe("the paddle", () => {
  test("turns by ALE's steps between the ends of its range", () => {
    const after = (resistance: number, held: string, frames: number): number =>
      Array.from({ length: frames }).reduce<number>((r) => turned(r, held), resistance);
    expect(after(408_823, "noop", 3)).toBe(408_823);
    expect(after(408_823, "left", 2)).toBe(454_823);
    expect(after(408_823, "rightfire", 3)).toBe(339_823);
    expect(after(408_823, "right", 40)).toBe(27_450);
    expect(after(408_823, "left", 40)).toBe(790_196);
  });

  test("is what a program reads", async (context) => {
    // Counts the lines until the paddle's capacitor is charged.
    const rom = assembled(context, PADDLE_READER);
    const console = await powerOn(rom, { load: require, controller: "paddle" });
    const lines = (held: string, frames: number): number => {
      for (let i = 0; i < frames; i++) console.frame(held);
      return console.memory()[0];
    };
    const button = (): boolean => (console.memory()[1] & 0x80) === 0;
    const [middle, left, right] = [lines("noop", 4), lines("left", 40), lines("right", 40)];
    expect([middle, left, right]).toMatchInlineSnapshot(`
      [
        103,
        199,
        8,
      ]
    `);
    expect(button()).toBe(false);
    lines("fire", 2);
    expect(button()).toBe(true);
  });
});

describe("preprocessing", () => {
  const screenOf = (color: (x: number, y: number) => number): Uint32Array =>
    Uint32Array.from({ length: 160 * 210 }, (_, i) => color(i % 160, Math.floor(i / 160)));
  const rgb = (r: number, g: number, b: number): number => ((b << 16) | (g << 8) | r) >>> 0;

  test("luminance, of two frames the larger", () => {
    const flat = (...c: [number, number, number]): Uint32Array => screenOf(() => rgb(...c));
    const greys = (before: Uint32Array, now: Uint32Array): Set<number> =>
      new Set(observationOf([before, now]));
    const black = flat(0, 0, 0);
    // 0.2989 R + 0.5870 G + 0.1140 B
    expect(greys(black, flat(255, 255, 255))).toEqual(new Set([255]));
    expect(greys(black, flat(255, 0, 0))).toEqual(new Set([76])); // 76.2
    expect(greys(flat(0, 255, 0), black)).toEqual(new Set([150])); // 149.7
    expect(greys(flat(0, 0, 255), flat(252, 252, 84))).toEqual(new Set([233])); // 29.1, 232.8
  });

  test("areas are averaged, at a factor of 2.5 by 40/21", () => {
    const grey = (x: number, y: number): number => (37 * x + 101 * y + x * y) % 256;
    const screen = screenOf((x, y) => rgb(grey(x, y), grey(x, y), grey(x, y)));
    const overlap = (i: number, j: number, size: number): number =>
      Math.max(0, Math.min(i + 1, ((j + 1) * size) / 84) - Math.max(i, (j * size) / 84));
    const seen = observationOf([screen, screen]);
    for (let y = 0; y < 84; y++)
      for (let x = 0; x < 84; x++) {
        let sum = 0;
        for (let v = Math.floor(y * 2.5); v < (y + 1) * 2.5; v++)
          for (let u = Math.floor((x * 40) / 21); u < ((x + 1) * 40) / 21; u++)
            sum += Math.round(0.9999 * grey(u, v)) * overlap(u, x, 160) * overlap(v, y, 210);
        const average = sum / (2.5 * (160 / 84));
        expect(Math.abs(seen[84 * y + x] - average)).toBeLessThan(0.5 + 1e-9);
      }
  });

  test("a picture has the colours", () => {
    const { pixels } = pictureOf(screenOf((x) => 0xff000000 + rgb(x, 2, 3)));
    expect([...pixels.subarray(3 * 159, 3 * 161)]).toEqual([159, 2, 3, 0, 2, 3]);
  });
});

describe("a console", () => {
  test("nonsense does not hang the console", async () => {
    const nonsense = Uint8Array.from({ length: 4096 }, (_, i) => (i * 2654435761) >>> 13);
    const console = await powerOn(nonsense, { load: require });
    for (let i = 0; i < 5; i++) console.frame("noop");
    expect(console.memory()).toHaveLength(128);
  });

  test("without the emulator", async () => {
    const load = (name: string): never => {
      throw new Error(`Cannot find module '${name}'`);
    };
    await expect(powerOn(rom, { load })).rejects.toThrowErrorMatchingInlineSnapshot(
      `[Error: atari: the emulator could not be loaded; install it with \`npm install 6502.ts@1.1.4\`]`,
    );
  });
});
