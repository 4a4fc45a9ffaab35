/** Which files of a folder are its names, wherever the folder is. */

/** Folders of folders of folders: train/cat/1.png. */
export const MOST_LEVELS = 3;
const MOST_NAMES = 2_000_000;

/** What hides is no data: ".git", ".cache". */
export const isHidden = (path: string): boolean => /(^|\/)\.[^/]*$/.test(path);

/** The order of names: the same everywhere. */
export const byName = (a: string, b: string): number => (a < b ? -1 : 1);

/** Throws for a folder that nobody can have meant; `where` is what messages call it. */
export function checkNames(names: { readonly length: number }, where: string): void {
  if (names.length > MOST_NAMES)
    throw new Error(
      `${where}: expected a folder of data, got more than ${MOST_NAMES} files in it; give the folder that holds nothing else`,
    );
}
