/** What stands between pictures and their classes. */
import type { PictureSize } from "../../../runs/experiment.ts";
import { optimizerOf, scheduleOf } from "../../../runs/minibatch/config.ts";
import { whole } from "../../../runs/settings.ts";
import type { Body, Origin } from "../body.ts";
import { ownPreset } from "../settings.ts";
import { CHANNELS, type PhotosConfig } from "./found.ts";
import { network } from "./model.ts";
import type { Colours } from "./pixels.ts";

/** A network for pictures, [batch, channels, height, width]. */
export interface PictureBody extends Body {
  /** What pictures are brought to. */
  readonly frame: PictureSize;
  /** The size in the configuration that gives this frame. */
  readonly side: number;
  /** What pixels are normalized by; else the training pictures decide it. */
  readonly colours?: Colours;
  /** Whether its file has the channels behind height and width. */
  readonly channelsLast?: boolean;
}
export type PictureOrigin = Origin<PhotosConfig, PictureBody>;

/** A small convolutional network of our own. */
export const madeForPictures: PictureOrigin = {
  name: "photos",
  about: "the classes of pictures of yours, a folder each",
  options: { width: whole("feature maps of the first layer", { most: 1024 }) },
  places: {},
  settings: {},
  preset: { ...ownPreset, lr: [0.001], size: 64, network: { width: 16 } } as typeof ownPreset,
  tab: { size: 32, network: { width: 8 } } as PictureOrigin["tab"] & object,
  sizes: { batch: [16, 32], steps: 600, epochs: [4, 60] },
  examples: [
    "train ./photos",
    "train ./photos --augment flips,crops --epochs 60",
    "compare ./photos --arms plain,weight --seed 1,2,3",
  ],
  rates: (config, lr) => ({ lr: scheduleOf(config, lr) }),
  optimizer: ({ optimizer }, { lr }) => optimizerOf(optimizer, lr),
  open: ({ size, network: { width } }) =>
    Promise.resolve({
      frame: { width: size, height: size, channels: CHANNELS },
      side: size,
      layer: (classes) => network(width, classes),
    }),
};
