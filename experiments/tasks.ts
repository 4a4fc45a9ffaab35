/** The experiments that the command line knows. */
import { cifar10 } from "./cifar10/task.ts";
import { draw } from "./draw/task.ts";
import { mnist } from "./mnist/task.ts";
import type { Task } from "./training/task.ts";
import { vae, vaeCifar10 } from "./vae/task.ts";

export const tasks: readonly Task[] = [mnist, cifar10, vae, vaeCifar10, draw];

/** The task of a name, if there is one. */
export const taskOf = (name: unknown): Task | undefined => tasks.find((t) => t.name === name);

/** Deep Q-learning has no data set and so is no task: its loop acts and learns in turn. */
export const DQN = "dqn";
export const isExperiment = (name: unknown): boolean => name === DQN || taskOf(name) !== undefined;
