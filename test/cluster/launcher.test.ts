/** A launcher is known by what it writes into the environment of the processes that it starts. */
import { describe, expect, test } from "vitest";
import { launcherOf } from "../../cluster/mpi/launcher.ts";

describe("a launcher", () => {
  const open = { OMPI_COMM_WORLD_SIZE: "4", OMPI_COMM_WORLD_RANK: "2", PMIX_RANK: "2" };
  const here = { OMPI_COMM_WORLD_LOCAL_SIZE: "2" };
  const pmi2 = { PMI_SIZE: "3", PMI_RANK: "1", PMI_FD: "7" };
  const slurm = { SLURM_NTASKS: "3", SLURM_TASKS_PER_NODE: "2(x1),1" };

  test.each([
    ["mpirun of Open MPI", { ...open, ...here }, ["Open MPI", 2, 4, 2]],
    ["mpirun of Open MPI", { ...open, ...here, ...slurm }, ["Open MPI", 2, 4, 2]],
    ["srun --mpi=pmix", { PMIX_RANK: "0", ...slurm }, ["Open MPI", 0, 3, 2]],
    [
      "srun --mpi=pmix",
      { PMIX_RANK: "0", ...slurm, SLURM_STEP_NUM_TASKS: "2" },
      ["Open MPI", 0, 2, 2],
    ],
    ["a launcher with PMIx", { PMIX_RANK: "5" }, ["Open MPI", 5, undefined, undefined]],
    ["mpirun of MPICH", { ...pmi2, MPI_LOCALNRANKS: "3" }, ["MPICH", 1, 3, 3]],
    ["srun --mpi=pmi2", { ...pmi2, ...slurm }, ["MPICH", 1, 3, 2]],
  ])("%s %j", (name, env, expected) => {
    const { family, rank, size, here } = launcherOf(env)!;
    expect([launcherOf(env)!.name, family, rank, size, here]).toEqual([name, ...expected]);
  });
  test("is not a batch script of Slurm, nor one process of srun", () => {
    expect(launcherOf({})).toBeUndefined();
    expect(launcherOf(slurm)).toBeUndefined();
    expect(launcherOf({ ...slurm, SLURM_STEP_NUM_TASKS: "1" })).toBeUndefined();
  });
  test("srun that starts several without MPI is an error, unless they are to be by themselves", () => {
    const env = { ...slurm, SLURM_STEP_NUM_TASKS: "3" };
    expect(() => launcherOf(env)).toThrow(
      "ranks: expected srun to offer MPI to the 3 processes that it started, got none; say srun --mpi=pmix,",
    );
    expect(launcherOf({ ...env, WEIGHTNORM_MPI_LIB: "none" })).toBeUndefined();
    expect(launcherOf({ ...open, WEIGHTNORM_MPI_LIB: "none" })).toBeUndefined();
  });
});
