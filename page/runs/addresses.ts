/** Where the server has what belongs to a run, and the lab what is tried there. */
const ofRun = (id: string, rest: string): string => `api/runs/${encodeURIComponent(id)}/${rest}`;

export const LIST = "api/runs";
export const eventsAt = (id: string): string => ofRun(id, "events");
export const reportAt = (id: string): string => ofRun(id, "report");
export const resultsAt = (id: string): string => ofRun(id, "results.json");
export const checkpointAt = (id: string, name: string): string =>
  ofRun(id, `checkpoints/${encodeURIComponent(name)}.safetensors`);
/** The lab with a checkpoint open. */
export const labWith = (id: string, name: string): string =>
  `index.html?${new URLSearchParams({ checkpoint: checkpointAt(id, name) })}`;
