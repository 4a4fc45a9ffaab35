/** What a trained model of somebody else's decides of a run. Kept in the run's configuration, and checked when it is read. */
import * as z from "zod/mini";
import { named } from "../source.ts";

export interface ModelFound {
  /** The file's name. */
  readonly name: string;
  /** Of the file, in hexadecimal. */
  readonly sha256: string;
  /** The value of its graph that the new head goes onto. */
  readonly at: string;
}

const MOST_CHARACTERS = 1000;
export const modelFound: z.ZodMiniType<ModelFound> = z.strictObject({
  ...named,
  at: z.string().check(z.minLength(1), z.maxLength(MOST_CHARACTERS)),
});
