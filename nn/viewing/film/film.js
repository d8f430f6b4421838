/* The film: a source of moments that has all of them. Arrays stand in the page in base64, numbers in three bytes. */
function bytesOf(written) { return Uint8Array.from(atob(written), (character) => character.charCodeAt(0)); }

function decimals(bytes) {
  return Array.from({ length: bytes.length / 3 }, (_, i) => {
    const code = bytes[3 * i] | bytes[3 * i + 1] << 8 | bytes[3 * i + 2] << 16, signs = Math.floor(code / 9000);
    if (code >= 2 ** 24 - 2) return code % 2 ? null : 0;
    return Number(`${signs % 2 ? "-" : ""}${code % 9000 + 1000}e${(signs >> 1) - 327}`);
  });
}

function unpacked(value) {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(unpacked);
  if (value.decimals !== undefined) return decimals(bytesOf(value.decimals));
  if (value.bytes !== undefined) return bytesOf(value.bytes);
  if (value.words !== undefined && typeof value.words === "string") return new Uint16Array(bytesOf(value.words).buffer);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, unpacked(part)]));
}

for (const part of ["specs", "frames", "full"]) data[part] = unpacked(data[part]);
const { specs } = data;
const chosen = { sample: 0, neuron: null, shade: specs.network?.pictured ? "picture" : "nodes", scale: "epoch" };

const page = show($("film"), specs, (question) => { Object.assign(chosen, question); player.redraw(); });
const player = play((frames) => page.draw(ofSample(frames, chosen, specs, data.full)));
