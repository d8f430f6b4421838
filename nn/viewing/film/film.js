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

const specs = unpacked(data.specs), frames = data.frames = unpacked(data.frames);
const count = specs.followed.samples.length, labels = specs.followed.samples.map(({ label }) => label);
const chosen = { sample: 0, neuron: null, shade: specs.network?.pictured ? "picture" : "nodes", scale: "epoch" };

/* What full colour stands for, over all epochs, view by view. */
const greatest = (some) => some.reduce((a, b) => a.map((x, i) => Math.max(x, b[i])));
const full = (name) => Object.fromEntries(Object.keys(frames[0][name].full)
  .map((kind) => [kind, greatest(frames.map((frame) => frame[name].full[kind]))]));
const fulls = Object.fromEntries(Object.keys(specs).filter((name) => frames[0][name]?.full).map((name) => [name, full(name)]));

/* One view's frame, for the followed sample alone. */
function ofSample(name, frame) {
  if (frame === null || typeof frame !== "object") return frame;
  const rows = Object.entries(frame.rows || {}).map(([kind, all]) => {
    const each = all.length / count;
    return [kind, all.slice(chosen.sample * each, (chosen.sample + 1) * each)];
  });
  return { ...frame, ...Object.fromEntries(rows), scale: frame.full, full: chosen.scale === "all" ? fulls[name] : frame.full };
}

const page = show($("film"), specs, (question) => { Object.assign(chosen, question); player.redraw(); });
const player = play((frame) => {
  const moment = Object.entries(frame).map(([name, part]) => [name, ofSample(name, part)]);
  return page.draw({ ...Object.fromEntries(moment), ...chosen, labels });
});
