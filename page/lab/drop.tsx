/** Files may be dropped anywhere: what they are decides what becomes of them. */
import { useEffect, useState } from "preact/hooks";
import { kindOf } from "./file-kinds.ts";
import type { Shown } from "./shown.ts";
import { dropped } from "./files.ts";

export function DropAnywhere({ actions }: Shown) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const isFiles = ({ dataTransfer }: DragEvent): boolean =>
      dataTransfer?.types.includes("Files") ?? false;
    const onOver = (event: DragEvent): void => {
      if (!isFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      setOver(false);
      if (event.defaultPrevented || !event.dataTransfer || !isFiles(event)) return;
      event.preventDefault();
      const paths = Array.from(event.dataTransfer.files, ({ name }) => ({ path: name }));
      const seen = kindOf(paths) === "checkpoint" ? ".opened" : "#setup-title";
      void actions.take(dropped(event.dataTransfer)).then(() => {
        // What became of the files, wherever on the page they were dropped.
        document.querySelector(seen)?.scrollIntoView({ block: "nearest" });
      });
    };
    addEventListener("dragover", onOver);
    addEventListener("dragleave", onLeave);
    addEventListener("drop", onDrop);
    return () => {
      removeEventListener("dragover", onOver);
      removeEventListener("dragleave", onLeave);
      removeEventListener("drop", onDrop);
    };
  }, [actions]);
  return over ? (
    <div class="drop-hint" aria-hidden="true">
      Drop a table, a folder of pictures, a model (.onnx) or a checkpoint (.safetensors)
    </div>
  ) : null;
}
