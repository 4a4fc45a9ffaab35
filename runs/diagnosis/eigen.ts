/** Eigenvalues of symmetric matrices by ml-matrix, an optional package: whoever diagnoses nothing does without it, bundlers too. */
const { EigenvalueDecomposition, Matrix } = await import("ml-matrix").catch((cause: unknown) => {
  throw new Error(
    "diagnose: eigenvalues take the npm package ml-matrix, got no such package; run `npm install ml-matrix`",
    { cause },
  );
});

export interface Eigen {
  /** Smallest first. */
  readonly values: Float64Array;
  /** [d, d]; the eigenvector of `values[j]` is column j. */
  readonly vectors: Float64Array;
}

/** Eigenvalues and eigenvectors of a symmetric matrix [d, d], row-major, which stays as it is. */
export function eigenOf(matrix: Float64Array): Eigen {
  const d = Math.round(Math.sqrt(matrix.length));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    Matrix.from1DArray(d, d, matrix),
    { assumeSymmetric: true },
  );
  return {
    values: Float64Array.from(realEigenvalues),
    vectors: Float64Array.from(eigenvectorMatrix.to1DArray()),
  };
}
