/** What a comparison was run with, on and by, as lists of names and values. */
import type { Results } from "../runs/records.ts";
import { duration, moment, short, thousands } from "./words.ts";

export interface NamedList {
  readonly title: string;
  readonly entries: readonly (readonly [name: string, value: string])[];
}

export function listsOf(results: Results): {
  readonly settings: NamedList;
  readonly data: NamedList;
  readonly machine: NamedList;
} {
  const { machine, facts, settings, startedAt, seconds } = results;
  const text = (value: string | number): string =>
    typeof value === "number" ? thousands(value) : value;
  return {
    settings: { title: "Settings", entries: settings.map(({ name, value }) => [name, value]) },
    data: {
      title: "Data and time",
      entries: [
        ...facts.map(([name, value]) => [name, text(value)] as const),
        ["started", moment(startedAt)],
        ["training and tests", `took ${duration(seconds)}`],
      ],
    },
    machine: {
      title: "Machine",
      entries: [
        ...told("processor", machine.cpu),
        ["cores", thousands(machine.cores)],
        ...told("memory", machine.memoryGiB && `${short(machine.memoryGiB)} GiB`),
        ["platform", machine.platform],
        ...told("Node.js", machine.node),
        ...told("browser", machine.browser),
        ["runtime", machine.runtime],
        ...ranksOf(results),
      ],
    },
  };
}

/** What is not known of a machine has no line. */
const told = (
  name: string,
  value: string | number | undefined,
): readonly (readonly [string, string])[] => (value === undefined ? [] : [[name, String(value)]]);

/** How many processes trained together, where, and how much of the time was not lost to that. */
function ranksOf({ ranks, arms }: Results): readonly (readonly [string, string])[] {
  if (!ranks) return [];
  const hosts = [...new Set(ranks.hosts)];
  const shares = Object.values(arms).flatMap(({ runs }) =>
    runs.flatMap(({ timing }) => timing?.communication ?? []),
  );
  const spent = shares.reduce((a, b) => a + b, 0) / shares.length;
  return [
    [
      "ranks",
      `${thousands(ranks.count)} on ${hosts.slice(0, 8).join(", ")}${hosts.length > 8 ? ` and ${hosts.length - 8} more` : ""}`,
    ],
    ...(shares.length > 0
      ? ([
          [
            "efficiency",
            `${Math.round(100 * (1 - spent))}% of the training time is not communication`,
          ],
        ] as const)
      : []),
  ];
}
