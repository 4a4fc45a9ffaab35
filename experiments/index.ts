/** The experiments that there are, by name; each is a module of its own. A line here is all that the rest knows of one. */
import { UsageError, type Experiment } from "../runs/experiment.ts";

export const experiments: Readonly<Record<string, () => Promise<Experiment>>> = {
  mnist: async () => (await import("./mnist/task.ts")).mnist,
  cifar10: async () => (await import("./cifar10/task.ts")).cifar10,
  vae: async () => (await import("./vae/task.ts")).vae,
  "vae-cifar10": async () => (await import("./vae/task.ts")).vaeCifar10,
  draw: async () => (await import("./draw/task.ts")).draw,
  dqn: async () => (await import("./dqn/index.ts")).dqn,
};

/** Experiments on data of the user's own, by the names that files have of them: people name the data instead. */
export const ownData: Readonly<Record<string, () => Promise<Experiment>>> = {
  table: async () => (await import("./own/table/task.ts")).table,
  photos: async () => (await import("./own/photos/task.ts")).photos,
  "tuned-table": async () => (await import("./own/table/task.ts")).tunedTable,
  "tuned-pictures": async () => (await import("./own/photos/task.ts")).tunedPhotos,
};

/** The experiment of a name, if there is one. */
export const findExperiment = async (name: string): Promise<Experiment | undefined> => {
  const all = { ...experiments, ...ownData };
  return Object.hasOwn(all, name) ? all[name]() : undefined;
};

/** Which of them learns from what lies at a path: a file by the end of its name, or a folder; `tuned` with a trained model. */
export const experimentOn = async (
  name: string,
  { isFolder, tuned = false }: { readonly isFolder: boolean; readonly tuned?: boolean },
): Promise<Experiment | undefined> => {
  const isTable = /\.[ct]sv$/i.test(name);
  if (isTable && isFolder)
    throw new UsageError(
      `${name}: expected a file with a table, got a folder; rename it if it is one of pictures`,
    );
  if (isTable) return ownData[tuned ? "tuned-table" : "table"]();
  return isFolder ? ownData[tuned ? "tuned-pictures" : "photos"]() : undefined;
};
