/** The emulator, npm package 6502.ts: what of it is used here. An optional peer dependency, loaded when first needed. */

/** A CommonJS module by its path. Not `import`: what that makes of such modules is another thing in Node, in tsx and in Vitest. */
export type Load = (module: string) => unknown;

/** Loads 6502.ts, or says how to install it. */
export function loadEmulator(load: Load): Emulator {
  const lib = "6502.ts/lib/machine";
  try {
    const board = load(`${lib}/stella/Board.js`) as { readonly default: Emulator["Board"] };
    const factory = load(`${lib}/stella/cartridge/CartridgeFactory.js`) as {
      readonly default: Emulator["CartridgeFactory"];
    };
    const shared = ["cpu/BatchedAccessCpu", "cpu/ops", "stella/tia/drawCounterDecodes"];
    return {
      Board: board.default,
      CartridgeFactory: factory.default,
      shared: shared.map((module) => load(`${lib}/${module}.js`) as object),
    };
  } catch (cause) {
    throw new Error(
      "atari: the emulator could not be loaded; install it with `npm install 6502.ts@1.1.4`",
      { cause },
    );
  }
}

export interface Emulator {
  readonly Board: new (config: object, cartridge: object) => Board;
  readonly CartridgeFactory: new () => { createCartridge(rom: Uint8Array): Promise<object> };
  /** Functions and tables of its modules that the state of a console refers to. */
  readonly shared: readonly object[];
}
export interface Board {
  readonly trap: Event;
  boot(): void;
  tick(colorClocks: number): number;
  triggerTrap(reason: number, message: string): void;
  getBus(): { peek(address: number): number };
  getVideoOutput(): { readonly newFrame: Event; setSurfaceFactory(factory: () => object): void };
  getControlPanel(): { getResetButton(): Switch };
  getJoystick0(): Readonly<
    Record<"getUp" | "getDown" | "getLeft" | "getRight" | "getFire", () => Switch>
  >;
  getPaddle(index: number): { getValue(): number; setValue(value: number): void };
}
interface Event {
  addHandler(handler: () => void): void;
}
export interface Switch {
  toggle(on: boolean): void;
}
