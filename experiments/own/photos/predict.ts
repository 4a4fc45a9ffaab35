/** What a trained network says of pictures in files, and what of it goes into a file of its own. */
import { input, ops, tensor } from "../../../src/index.ts";
import type { World } from "../../../runs/experiment.ts";
import type { Answering, Task } from "../../../runs/minibatch/task.ts";
import { answersOf, likeliest } from "../answers.ts";
import type { PhotosConfig, PhotosFound } from "./found.ts";
import { answering } from "../../classification.ts";
import type { PictureBody, PictureOrigin } from "./origin.ts";
import { decodedPicture, normalized, valuesOf } from "./pixels.ts";

function decided({ found }: PhotosConfig): PhotosFound {
  if (found) return found;
  throw new Error(
    "predict: expected a run that keeps what its folder decided, got none; train it again",
  );
}

/** Pictures [batch, channels, height, width], or with the channels last where the model's file has them so, to probabilities. */
export const answeringOf = async (
  origin: PictureOrigin,
  config: PhotosConfig,
  world: World,
): Promise<Answering> => answeringBy(await origin.open(config, world), decided(config));

function answeringBy(body: PictureBody, { classes, mean, deviation }: PhotosFound): Answering {
  const { frame, channelsLast = false, model } = body;
  const { channels, height, width } = frame;
  const layer = body.layer(classes.length);
  const shape = channelsLast ? [height, width, channels] : [channels, height, width];
  const preprocessing = {
    ...{
      width,
      height,
      channels,
      layout: channelsLast ? "NHWC" : "NCHW",
      colours: channels === 1 ? "grey" : "RGB",
    },
    ...{
      fit: "turned upright, scaled and cut to its middle, on white",
      values: "(pixel / 255 - mean) / deviation",
    },
    ...{ mean, deviation },
  };
  return {
    input: (size) => input(model?.input ?? "x", [size, ...shape]),
    network: (x) => answering(layer, channelsLast ? ops.transpose(x, [0, 3, 1, 2]) : x),
    ...(model ? { original: model.original } : {}),
    metadata: { classes: JSON.stringify(classes), preprocessing: JSON.stringify(preprocessing) },
  };
}

export const predictedBy =
  (origin: PictureOrigin): NonNullable<Task["predict"]> =>
  async (trained, { files, world }) => {
    const config = trained.config as PhotosConfig;
    const known = decided(config);
    const body = await origin.open(config, world);
    const { frame } = body;
    const failed: string[] = [];
    const names: string[] = [];
    const all: Uint8Array[] = [];
    for (const file of files)
      try {
        all.push(await decodedPicture(await file.read(), frame, world));
        names.push(file.name);
      } catch (error) {
        const { message } = error as Error;
        failed.push(message.startsWith(file.name) ? message : `${file.name}: ${message}`);
      }
    const each = valuesOf(frame);
    const layer = body.layer(known.classes.length);
    const shape = [frame.channels, frame.height, frame.width];
    const answers = await answersOf(trained, {
      count: all.length,
      input: (count) => input("x", [count, ...shape]),
      feed(start, count) {
        const bytes = new Uint8Array(count * each);
        for (let i = 0; i < count; i++) bytes.set(all[start + i], i * each);
        const rows = Uint32Array.from({ length: count }, (_, i) => i);
        return tensor(normalized({ bytes, frame }, known, rows), [count, ...shape]);
      },
      network: (x) => answering(layer, x),
    });
    const rows = answers.map((answer, i) => {
      const { index, probability } = likeliest(answer);
      return [names[i], known.classes[index], probability];
    });
    return { columns: ["file", "class", "probability"], rows, notes: [], failed };
  };
