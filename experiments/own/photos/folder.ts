/** A folder with a folder for every class, as far as names tell. */
import type { Files } from "../../../src/index.ts";
import { word } from "../../../src/train/json.ts";
import { MOST_CLASSES } from "./found.ts";

export interface Named {
  /** Within the folder: "cats/1.jpg". */
  readonly name: string;
  /** Which class of them all. */
  readonly label: number;
}
export interface Folder {
  readonly classes: readonly string[];
  readonly pictures: readonly Named[];
  /** What was not looked at, in words. */
  readonly ignored: readonly string[];
}

const PICTURE = /\.(jpe?g|png|webp)$/i;
const TAKEN = ".jpg, .jpeg, .png and .webp";
/** Pictures too, but of formats that are not taken. */
const OTHER_PICTURE = /\.(gif|tiff?|bmp|avif|hei[cf]|jxl|jp2|svg|ico|cr2|nef|dng)$/i;
const HIDDEN = /(^|\/)\./;
const ADVICE = "put the pictures of every class into a folder of its own";

/** Classes in the order of their names, and their pictures likewise; throws where nothing can be told apart. */
export function pictureFolder(files: Files): Folder {
  const where = files.where("");
  const names = files.names.filter((name) => !HIDDEN.test(name));
  const levels = (name: string): number => name.split("/").length;
  const pictures = names.filter((name) => PICTURE.test(name));
  const unread = names.filter((name) => OTHER_PICTURE.test(name));
  if (pictures.length === 0 && unread.length > 0)
    throw new Error(
      `${where}: expected folders with pictures (${TAKEN}), got ${unread.length} of other formats (${endingsOf(unread)}); save them as JPEG, PNG or WebP`,
    );
  if (pictures.length === 0)
    throw new Error(
      `${where}: expected folders with pictures (.jpg, .png, .webp), got ${names.length === 0 ? "none" : `${names.length} other file${names.length === 1 ? "" : "s"}`}; ${ADVICE}`,
    );
  const within = pictures.filter((name) => levels(name) === 2);
  if (within.length === 0) throw notWithin(where, pictures);
  const classes = [...new Set(within.map((name) => name.split("/")[0]))].toSorted((a, b) =>
    a < b ? -1 : 1,
  );
  const first = within.map((name) => name.split("/")[0]);
  if (classes.length === 1)
    throw new Error(
      `${where}: expected folders of two classes or more, got pictures in ${word(classes[0])} alone; ${ADVICE}`,
    );
  if (classes.length > MOST_CLASSES)
    throw new Error(
      `${where}: expected at most ${MOST_CLASSES} folders of classes, got ${classes.length}; leave some out`,
    );
  const lonely = classes.find((name) => first.filter((x) => x === name).length === 1);
  if (lonely !== undefined) throw tooFew(where, lonely);
  return {
    classes,
    pictures: within.map((name, i) => ({ name, label: classes.indexOf(first[i]) })),
    ignored: ignoredOf(names, { levels, classes }),
  };
}

export const tooFew = (where: string, name: string): Error =>
  new Error(
    `${where}/${name}: expected two pictures or more of every class, one of them to test on, got a single one; add some or take the folder out`,
  );

const notWithin = (where: string, pictures: readonly string[]): Error =>
  pictures.some((name) => !name.includes("/"))
    ? new Error(
        `${where}: expected a folder for every class, got ${pictures.length} pictures in no folder; ${ADVICE}`,
      )
    : new Error(
        `${where}: expected a folder for every class with pictures in it, got folders within ${word(pictures[0].split("/")[0])}; give the folder that holds the classes, e.g. ${where}/${pictures[0].split("/")[0]}`,
      );

function ignoredOf(
  names: readonly string[],
  {
    levels,
    classes,
  }: { readonly levels: (name: string) => number; readonly classes: readonly string[] },
): readonly string[] {
  const beside = names.filter((name) => levels(name) === 1);
  const nested = names.filter((name) => levels(name) > 2);
  const others = names.filter((name) => levels(name) === 2 && !PICTURE.test(name));
  const unread = others.filter((name) => OTHER_PICTURE.test(name));
  const rest = others.filter((name) => !OTHER_PICTURE.test(name));
  const empty = [...new Set(others.map((name) => name.split("/")[0]))].filter(
    (name) => !classes.includes(name),
  );
  return [
    counted(beside, "beside the folders of classes"),
    counted(nested, "in folders within those of classes"),
    counted(unread, `of formats that are not read: ${endingsOf(unread)}, where ${TAKEN} are`),
    counted(rest, "that no picture is called"),
    empty.length > 0 ? `folders without pictures (${empty.slice(0, 3).map(word).join(", ")})` : "",
  ].filter((text) => text !== "");
}

/** ".gif, .tif" */
const endingsOf = (names: readonly string[]): string =>
  [...new Set(names.map((name) => name.slice(name.lastIndexOf(".")).toLowerCase()))]
    .toSorted()
    .join(", ");

const counted = (names: readonly string[], what: string): string =>
  names.length === 0
    ? ""
    : `${names.length} file${names.length === 1 ? "" : "s"} ${what} (${names.slice(0, 3).map(word).join(", ")}${names.length > 3 ? ", ..." : ""})`;
