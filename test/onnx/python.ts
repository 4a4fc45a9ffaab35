/** The checker of Debian's python3-onnx 1.12, which knows operator sets up to 17. */
import { spawnSync } from "node:child_process";
import { expect } from "vitest";

const python = "/usr/bin/python3";
/** Whether it is not installed. */
export const missing: boolean = spawnSync(python, ["-c", "import onnx"]).status !== 0;

const script = `
import base64, json, sys, onnx
complaints = []
for name, model in json.load(sys.stdin):
    try:
        if model.startswith("path:"):
            onnx.checker.check_model(model[5:], full_check=True)
            continue
        model = onnx.load_from_string(base64.b64decode(model))
        onnx.checker.check_model(model, full_check=True)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    except Exception as error:
        complaints.append(f"{name}: {error}")
print(json.dumps(complaints))
`;
/** A model as bytes, or the path of its file. */
export type Named = readonly [name: string, model: Uint8Array | string];

/** What the checker says of models, in one process: starting Python takes longer than checking hundreds. */
export function complaintsOn(models: readonly Named[]): readonly string[] {
  const given = models.map(([name, m]) => [
    name,
    typeof m === "string" ? `path:${m}` : Buffer.from(m).toString("base64"),
  ]);
  const { stdout, stderr, status } = spawnSync(python, ["-c", script], {
    input: JSON.stringify(given),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as string[];
}
