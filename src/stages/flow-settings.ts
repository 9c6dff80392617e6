/** What shapes the sound and may change from one hop to the next. */
export type FlowSettings = {
  /** Integer of at least 0. */
  readonly seed: number;
  /** Steps of the flow. */
  readonly steps: number;
  /** The prompt as the bundle's `prompt` input; absent without a prompt. Shape: [prompt.width]. */
  readonly prompt: Float32Array | undefined;
};
