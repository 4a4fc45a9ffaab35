/** Pictures of numbers on the page: a raster on a canvas, enlarged without smoothing. */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Raster } from "../../runs/pictures.ts";

interface RasterProps {
  readonly raster: Raster;
  /** What it shows; nothing where words beside it say so. */
  readonly label?: string;
  readonly class?: string;
}

export function RasterCanvas({ raster, label, class: name = "" }: RasterProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    if (canvas.current) draw(canvas.current, raster);
  }, [raster]);
  return (
    <canvas
      ref={canvas}
      class={`raster ${name}`}
      width={raster.width}
      height={raster.height}
      {...(label === undefined
        ? { "aria-hidden": "true" as const }
        : { role: "img" as const, "aria-label": label })}
    />
  );
}

function draw(canvas: HTMLCanvasElement, { width, height, channels, pixels }: Raster): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++)
      image.data[4 * i + c] = pixels[channels * i + (channels === 3 ? c : 0)];
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
