/** MNIST and the data sets made in its image (Fashion-MNIST, KMNIST, ...): grey pictures with labels 0..9. */
import type { Idx } from "./idx.ts";
import type { ImageSet } from "./images.ts";

/** Images with their labels, checked against each other; `where` names the pair in messages. */
export function imageSet(images: Idx, labels: Idx, where: string): ImageSet {
  if (images.shape.length === 1 && labels.shape.length === 3)
    throw new Error(
      `${where}: images and labels look swapped, got images of shape [${images.shape}] and labels of shape [${labels.shape}]; exchange the two files`,
    );
  if (images.shape.length !== 3)
    throw new Error(
      `${where}: images must have shape [count, height, width], got [${images.shape}]; check that it is the file of images`,
    );
  if (labels.shape.length !== 1)
    throw new Error(
      `${where}: labels must have shape [count], got [${labels.shape}]; check that it is the file of labels`,
    );
  const [count, height, width] = images.shape as readonly [number, number, number];
  if (labels.shape[0] !== count)
    throw new Error(
      `${where}: every image needs a label, got ${count} images and ${labels.shape[0]} labels; take both files from one set`,
    );
  if (images.data.length === 0)
    throw new Error(
      `${where}: there is nothing to train on, got images of shape [${images.shape}]; check the files`,
    );
  const wrong = labels.data.findIndex((label) => label > 9);
  if (wrong >= 0)
    throw new Error(
      `${where}: labels must be 0..9, got ${labels.data[wrong]} for image ${wrong}; check that it is the file of labels`,
    );
  return { images: images.data, labels: labels.data, count, channels: 1, height, width };
}
