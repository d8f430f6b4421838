const ARRAYS = { f4: Float32Array, u1: Uint8Array, u2: Uint16Array };

/* Arrays stand beside the JSON, which says where. */
function unpacked(value, body) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((part) => unpacked(part, body));
  if (value.kind in ARRAYS && "at" in value) {
    const array = new ARRAYS[value.kind](body.buffer, value.at, value.count);
    return value.kind === "f4" ? Array.from(array, (x) => Number.isFinite(x) ? x : null) : array;
  }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, unpacked(part, body)]));
}
