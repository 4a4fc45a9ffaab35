/** Which launcher of MPI started this process, read from its environment before MPI itself is: afterwards MPI has written there too. */

/** Variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The two families of MPI, which share no handle and no start. */
export type Family = "Open MPI" | "MPICH";

/** A launcher, and what it says of the processes that it started. */
export interface Launcher {
  /** As messages call it. */
  readonly name: string;
  /** The library that can talk with it. */
  readonly family: Family;
  /** This process's number, where the launcher says it. */
  readonly rank: number | undefined;
  /** How many it started in all, and on this machine. */
  readonly size: number | undefined;
  readonly here: number | undefined;
}

/** What a library is called where none is named. */
export const LIBRARIES: Readonly<Record<Family, string>> = {
  "Open MPI": "libmpi.so.40",
  MPICH: "libmpich.so.12",
};

/** The launcher; undefined where there is none, or where `WEIGHTNORM_MPI_LIB=none` says that it does not matter. */
export function launcherOf(env: Environment): Launcher | undefined {
  if (env["WEIGHTNORM_MPI_LIB"] === "none") return undefined;
  const slurm = numberIn(env["SLURM_STEP_NUM_TASKS"]) ?? numberIn(env["SLURM_NTASKS"]);
  const hereBySlurm = numberIn(env["SLURM_STEP_TASKS_PER_NODE"] ?? env["SLURM_TASKS_PER_NODE"]);
  const size = numberIn(env["OMPI_COMM_WORLD_SIZE"]);
  if (size !== undefined)
    return {
      ...{ name: "mpirun of Open MPI", family: "Open MPI", size },
      rank: numberIn(env["OMPI_COMM_WORLD_RANK"]),
      here: numberIn(env["OMPI_COMM_WORLD_LOCAL_SIZE"]),
    };
  if (env["PMIX_RANK"] !== undefined)
    return {
      name: slurm === undefined ? "a launcher with PMIx" : "srun --mpi=pmix",
      ...{ family: "Open MPI", rank: numberIn(env["PMIX_RANK"]), size: slurm, here: hereBySlurm },
    };
  if (env["PMI_FD"] !== undefined || env["PMI_SIZE"] !== undefined)
    return {
      name: slurm === undefined ? "mpirun of MPICH" : "srun --mpi=pmi2",
      ...{ family: "MPICH", rank: numberIn(env["PMI_RANK"]) },
      size: numberIn(env["PMI_SIZE"]) ?? slurm,
      here: numberIn(env["MPI_LOCALNRANKS"]) ?? hereBySlurm,
    };
  const tasks = numberIn(env["SLURM_STEP_NUM_TASKS"]); // of srun; a batch script has SLURM_NTASKS as well
  if (tasks !== undefined && tasks > 1)
    throw new Error(
      `ranks: expected srun to offer MPI to the ${tasks} processes that it started, got none; say srun --mpi=pmix, or WEIGHTNORM_MPI_LIB=none for ${tasks} that know nothing of each other`,
    );
  return undefined;
}

/** A number that a value starts with: Slurm writes "2(x3),1". */
function numberIn(value: string | undefined): number | undefined {
  const digits = /^\d+/.exec(value ?? "")?.[0];
  return digits === undefined ? undefined : Number(digits);
}
