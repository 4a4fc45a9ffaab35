/** Pictures with labels, as they lie in memory whatever file they came from. */
export interface ImageSet {
  /** `[count, channels, height, width]`, row-major, 0..255. */
  readonly images: Uint8Array;
  /** `[count]`, 0..9. */
  readonly labels: Uint8Array;
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Values of one image. */
export const imageSize = ({ channels, height, width }: ImageSet): number =>
  channels * height * width;
