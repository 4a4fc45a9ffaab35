export { grad } from "./backward.ts";
