/** Named arrays of 32-bit floats, row-major; their shapes stand in the bundle's manifest. */
export type Tensors = Readonly<Record<string, Float32Array>>;
