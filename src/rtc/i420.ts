/** Columns or rows of a chroma plane of a picture that has so many. */
export function chromaLength(length: number): number {
  return (length + 1) >> 1;
}

/** Bytes of a picture in I420: a plane Y, then U, then V, the latter of half the size, without padding. */
export function i420Bytes(width: number, height: number): number {
  return width * height + 2 * chromaLength(width) * chromaLength(height);
}
