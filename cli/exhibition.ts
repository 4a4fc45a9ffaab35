/** What is shown of trained models: each task makes its own pictures and measurements, here they become files. */
import { join } from "node:path";
import sharp from "sharp";
import type { Means, PictureFile } from "../experiments/results.ts";
import { evaluated, normOf } from "../experiments/training/programs.ts";
import type { Run } from "../experiments/training/run.ts";
import type { Picture, Raster, Task, TaskData } from "../experiments/training/task.ts";
import type { Runtime } from "../src/index.ts";
import { writeFileAtomic } from "../src/node/index.ts";
import { preparationDisplay } from "./progress.ts";
import { makeFolder, type RunFolder } from "./run-folder.ts";

export interface Exhibition {
  readonly measured: ReadonlyMap<Run, Means>;
  readonly pictures: readonly PictureFile[];
}

export interface ExhibitionOptions {
  readonly task: Task;
  readonly data: TaskData;
  readonly runtime: Runtime;
  readonly quiet: boolean;
}

/** Everything that there is to see of `runs`, with the pictures written into the folder. */
export async function exhibit(
  runs: readonly Run[],
  folder: RunFolder,
  { task, data, runtime, quiet }: ExhibitionOptions,
): Promise<Exhibition> {
  const measured = new Map<Run, Means>();
  const pictures: PictureFile[] = [];
  if (!task.show) return { measured, pictures };
  const { config } = folder.run;
  const display = preparationDisplay(quiet);
  for (const run of runs) {
    const { arm, seed } = run;
    const name = folder.nameOf(run);
    const { state } = run.checkpoint();
    const exhibits = await task
      .show({
        ...{ config, arm, seed, data, runtime },
        norm: normOf(task, arm),
        state: evaluated(config, state),
        onProgress: (done) => display.show(`${name}: pictures and final measurements`, done),
      })
      .finally(display.stop);
    measured.set(run, exhibits.measured);
    await makeFolder(join(folder.dir, "pictures"));
    for (const picture of exhibits.pictures) {
      const file = `pictures/${name}-${picture.name.replaceAll(" ", "-")}.${extensionOf(picture)}`;
      await writeFileAtomic(join(folder.dir, file), await encoded(picture));
      pictures.push({ arm, seed, name: picture.name, caption: picture.caption, file });
    }
  }
  return { measured, pictures };
}

/** One frame is a PNG, several are an animated GIF. */
export const extensionOf = ({ frames }: Picture): string => (frames.length > 1 ? "gif" : "png");

/** Milliseconds a frame, and for the last one. */
const DELAY = { each: 180, last: 1500 };

/** The bytes of the picture's file. */
export function encoded({ frames }: Picture): Promise<Buffer> {
  if (frames.length > 1) return animation(frames, DELAY.each);
  const [{ pixels, ...raw }] = frames;
  return sharp(pixels, { raw }).png().toBuffer();
}

/** An animated GIF that starts again after a pause. */
export function animation(frames: readonly Raster[], each: number): Promise<Buffer> {
  const [{ width, height, channels }] = frames;
  const column = Buffer.concat(frames.map(({ pixels }) => pixels)); // to sharp it is a column of frames
  const size = { width, height: height * frames.length, channels };
  const delay = frames.map((_, i) => (i === frames.length - 1 ? DELAY.last : each));
  return sharp(column, { raw: { ...size, pageHeight: height } })
    .gif({ delay, loop: 0 })
    .toBuffer();
}
