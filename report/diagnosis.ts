import type { Diagnosis } from "../runs/records.ts";
export const diagnosisFigure = async (d: Diagnosis): Promise<string> => `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>`;
export const diagnosisTable = (d: Diagnosis): string => "";
