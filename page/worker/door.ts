/**
 * The door of a page: files that were dropped onto it, its own folder of data, and a place to keep what was computed. Nothing
 * comes from elsewhere.
 */
import type { Door, Places } from "../../runs/experiment.ts";
import { packageFiles } from "./data-folder.ts";
import { droppedFiles, titleOf } from "./dropped.ts";
import type { Dropped } from "./protocol.ts";

export interface PageDoorOptions {
  /** The address of the page's folder of data, with a slash at its end. */
  readonly base: string;
  /** What was given, by the names of places. */
  readonly given: ReadonlyMap<string, readonly Dropped[]>;
  /** What is to be trained: how many examples say which files are fetched. */
  readonly config: object;
  /** Files on their way, with the share that is here. */
  readonly progress?: (what: string, done: number) => void;
  /** Where what was computed is kept; without it every start computes it again. */
  readonly cache?: Pick<Door, "recall" | "keep">;
}

/** The places of a world where files were given, by what people call them: the folder's name, or the file's. */
export const placesOf = (given: ReadonlyMap<string, readonly Dropped[]>): Places =>
  Object.fromEntries(
    [...given].flatMap(([name, files]) => (files.length === 0 ? [] : [[name, titleOf(files)]])),
  );

export function pageDoor({ base, given, config, progress, cache }: PageDoorOptions): Door {
  return {
    at(place) {
      const files = [...given.values()].find((some) => some.length > 0 && titleOf(some) === place);
      if (files) return droppedFiles(place, files);
      return refused(place, "a file or a folder that was dropped onto the page", "drop it");
    },
    package: (name) => packageFiles(name, { base, config, ...(progress ? { progress } : {}) }),
    download: ({ url }) =>
      refused(
        url,
        "data that a page has",
        "a page fetches nothing from elsewhere; train it on the command line, or drop the files",
      ),
    async asset({ href }) {
      const response = await fetch(href);
      if (response.ok) return new Uint8Array(await response.arrayBuffer());
      throw new Error(
        `${href}: expected a file beside the page, got status ${response.status}; copy the whole folder of the page to its server`,
      );
    },
    require(module) {
      throw new Error(
        `${module}: expected a package that runs in a browser, got one for Node; train it on the command line`,
      );
    },
    recall: (name) => cache?.recall(name) ?? Promise.resolve(undefined),
    keep: (name, bytes) => cache?.keep(name, bytes) ?? Promise.resolve(),
  };
}

const refused = (what: string, expected: string, advice: string): Promise<never> =>
  Promise.reject(new Error(`${what}: expected ${expected}, got none; ${advice}`));
