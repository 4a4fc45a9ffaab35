/** What the page's address says: which experiment, on what, whether it starts at once, and every setting under its own name. */
import type { Control, Wish } from "../worker/protocol.ts";
import { cut, parsed, textOf } from "./control-values.ts";

/** An address as it was read, before anybody knows which settings there are. */
export interface Address {
  readonly experiment: string | undefined;
  readonly device: Wish["device"];
  /** Whether to train at once. */
  readonly play: boolean;
  /** Where a checkpoint is to be had that is to be opened, as the list of runs links to one. */
  readonly checkpoint: string | undefined;
  /** What stands under every other name. */
  readonly texts: Readonly<Record<string, string>>;
  /** What could not be understood, a sentence each. */
  readonly problems: readonly string[];
}

const DEVICES = ["auto", "webgpu", "wasm"] as const;
const OWN_NAMES: readonly string[] = ["experiment", "device", "play", "checkpoint"];
/** A setting that has no control of its own, as it decides what the others start from. */
export const PRESET = "preset";

export function readAddress(search: string): Address {
  const params = new URLSearchParams(search);
  const asked = params.get("device") ?? "auto";
  const device = DEVICES.find((name) => name === asked);
  const names = new Set([...params.keys()].filter((name) => !OWN_NAMES.includes(name)));
  return {
    experiment: params.get("experiment") ?? undefined,
    device: device ?? "auto",
    play: params.get("play") === "1",
    checkpoint: params.get("checkpoint") ?? undefined,
    // A list may be written as one value or as several of the same name.
    texts: Object.fromEntries([...names].map((name) => [name, params.getAll(name).join(",")])),
    problems:
      device === undefined
        ? [
            `device: expected one of ${DEVICES.join(", ")}, got "${cut(asked)}"; the page chooses one itself`,
          ]
        : [],
  };
}

/** The settings that an address asks for, and what of it is no setting or no value of one, which stays as it is preset. */
export function askedOf(
  texts: Address["texts"],
  {
    controls,
    presets,
  }: { readonly controls: readonly Control[]; readonly presets: readonly string[] },
): { readonly asked: Wish["asked"]; readonly problems: readonly string[] } {
  const asked: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    const control = controls.find((one) => one.name === name);
    if (name === PRESET && presets.includes(text)) asked[name] = text;
    else if (name === PRESET)
      problems.push(
        `preset: expected one of ${presets.join(", ")}, got "${cut(text)}"; the first is taken`,
      );
    else if (control === undefined)
      problems.push(
        `${cut(name)}: expected a setting of this experiment, got none of that name; it is left out`,
      );
    else {
      const found = parsed(control, text);
      if ("problem" in found) problems.push(`${found.problem}. Its default is taken`);
      else if (found.value !== undefined) asked[name] = found.value;
    }
  }
  return { asked, problems };
}

/** The address of a wish: "?experiment=own&epochs=2". What no control sets is left out. */
export function searchOf(
  { experiment, asked, device }: Wish,
  controls: readonly Control[],
  { play = false }: { readonly play?: boolean } = {},
): string {
  const params = new URLSearchParams({ experiment });
  if (asked.preset !== undefined) params.set(PRESET, asked.preset);
  for (const control of controls) {
    const text = textOf(control, asked[control.name]);
    if (text !== "" && !OWN_NAMES.includes(control.name)) params.set(control.name, text);
  }
  if (device !== "auto") params.set("device", device);
  if (play) params.set("play", "1");
  return `?${params}`.replaceAll("%2C", ",");
}
