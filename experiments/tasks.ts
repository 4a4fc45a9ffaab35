/** The experiments that the command line knows. */
import { cifar10 } from "./cifar10/task.ts";
import type { Task } from "./training/task.ts";
import { mnist } from "./mnist/task.ts";

export const tasks: readonly Task[] = [mnist, cifar10];

/** The task of a name, if there is one. */
export const taskOf = (name: unknown): Task | undefined => tasks.find((t) => t.name === name);
