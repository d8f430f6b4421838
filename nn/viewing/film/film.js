const all = (selector) => [...document.querySelectorAll(selector)];
const edges = all("#network line"), fills = all("#network .fill");
const curves = all("#loss .now"), bars = all("#flow .bar"), sizes = all("#flow .size");
const names = data.samples.names;
const columnOf = data.samples.columns.flatMap(([, indices], column) => indices.map(() => column));

/* Four digits, with a true minus sign. */
function text(number) {
  return number === null ? "not finite" : String(Number(number.toPrecision(4))).replaceAll("-", "−");
}

function element(tag, content, kind) {
  const made = document.createElement(tag);
  made.textContent = content;
  if (kind) made.className = kind;
  return made;
}

/* How full a circle is, from 0 to 1: in proportion, or for gradients over four powers of ten. */
function fullness(number, largest, kind) {
  const share = largest && number ? Math.min(Math.abs(number) / largest, 1) : 0;
  return kind === "nodes" || !share ? share : Math.max(0, 1 + Math.log10(share) / 4);
}

function showNetwork(weights, sample) {
  weights.forEach((weight, i) => {
    const share = data.network.largest ? Math.abs(weight) / data.network.largest : 0;
    edges[i].setAttribute("class", weight < 0 ? "negative" : "positive");
    edges[i].setAttribute("stroke-width", (0.4 + 5 * share).toFixed(2));
    edges[i].setAttribute("stroke-opacity", (0.2 + 0.8 * Math.sqrt(share)).toFixed(2));
  });
  const kind = $("shade").value, largest = data.samples.largest[kind === "nodes" ? 0 : 1];
  sample[kind].forEach((number, i) => {
    fills[i].setAttribute("class", number < 0 ? "fill negative" : "fill");
    fills[i].setAttribute("fill-opacity", fullness(number, largest[columnOf[i]], kind).toFixed(3));
    fills[i].firstChild.textContent =
      `${names[i]}: activation ${text(sample.nodes[i])}, gradient ${text(sample.gradients[i])}`;
  });
}

function showLoss(loss) {
  curves.forEach((point, i) => {
    point.setAttribute("visibility", loss.y[i] === null ? "hidden" : "visible");
    point.setAttribute("cx", loss.x);
    point.setAttribute("cy", loss.y[i] ?? 0);
  });
  $("cursor").setAttribute("transform", `translate(${loss.x} 0)`);
}

function showFlow(flow) {
  bars.forEach((bar, i) => {
    const width = flow ? flow.widths[i] : 0;
    bar.setAttribute("width", width);
    sizes[i].setAttribute("x", Number(bar.getAttribute("x")) + width + 6);
    sizes[i].textContent = flow ? text(flow.sizes[i]) : "–";
  });
}

/* Colours, as three numbers from 0 to 255. */
function channels(colour) { return [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)); }
function styled(name) { return channels(getComputedStyle(document.documentElement).getPropertyValue(name).trim()); }
function mix(a, b, share) { return a.map((x, i) => x + share * (b[i] - x)); }

/* One channel of the grid at every pixel of the canvas, smoothly from point to point. */
function spread(bytes, offset, side, size) {
  const out = new Float32Array(size * size), step = (side - 1) / (size - 1);
  for (let y = 0; y < size; y++) {
    const row = Math.min(Math.floor(y * step), side - 2), v = y * step - row;
    for (let x = 0; x < size; x++) {
      const column = Math.min(Math.floor(x * step), side - 2), u = x * step - column;
      const at = offset + row * side + column;
      const top = bytes[at] + u * (bytes[at + 1] - bytes[at]);
      const bottom = bytes[at + side] + u * (bytes[at + side + 1] - bytes[at + side]);
      out[y * size + x] = (top + v * (bottom - top)) / 255;
    }
  }
  return out;
}

/* 256 colours from one to another, as the pixels of a picture. */
function shades(from, to, first, last) {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const [r, g, b] = mix(from, to, first + (last - first) * i / 255).map(Math.round);
    return (255 << 24 | b << 16 | g << 8 | r) >>> 0;
  });
}

function showPlane(grid) {
  const { side, channels: n, kind, ramp } = data.plane;
  const bytes = Uint8Array.from(atob(grid), (character) => character.charCodeAt(0));
  const canvas = $("shades"), size = canvas.width, context = canvas.getContext("2d");
  const layers = Array.from({ length: n }, (_, k) => spread(bytes, k * side * side, side, size));
  const picture = context.createImageData(size, size), pixels = new Uint32Array(picture.data.buffer);
  if (kind === "numbers") {
    const stops = ramp.map(channels), parts = stops.length - 1;
    const colours = stops.slice(1).map((stop, i) => shades(stops[i], stop, 0, 1));
    for (let i = 0; i < pixels.length; i++) {
      const place = layers[0][i] * parts, low = Math.min(Math.floor(place), parts - 1);
      pixels[i] = colours[low][Math.round(255 * (place - low))];
    }
  } else {
    const paper = styled("--paper"), ink = shades(styled("--ink"), paper, 0, 1)[0];
    const colours = Array.from({ length: 8 }, (_, k) => shades(paper, styled(`--k${k}`), 0.12, 0.52));
    const chosen = new Uint8Array(size * size);
    for (let i = 0; i < pixels.length; i++) {
      let lead = layers[0][i];
      if (n === 1) {
        chosen[i] = lead >= 0.5 ? 1 : 0;
        lead = Math.abs(2 * lead - 1);
      } else {
        for (let k = 1; k < n; k++) if (layers[k][i] > lead) { lead = layers[k][i]; chosen[i] = k; }
        lead = Math.max(0, (lead - 1 / n) / (1 - 1 / n));
      }
      pixels[i] = colours[chosen[i] % 8][Math.round(255 * lead)];
    }
    for (let i = size; i < pixels.length; i++) {
      const beside = i % size ? i - 1 : i, above = i - size;
      if (chosen[i] !== chosen[beside]) pixels[i] = pixels[beside] = ink;
      if (chosen[i] !== chosen[above]) pixels[i] = pixels[above] = ink;
    }
  }
  context.putImageData(picture, 0, 0);
}

function showFit(heights) {
  const { x, low, high, bottom, top } = data.fit;
  const points = heights.map((height, i) => height === null ? null :
    `${x[i]} ${(bottom + (height - low) / (high - low) * (top - bottom)).toFixed(1)}`);
  $("curve").setAttribute("d", points.map((point, i) => point && `${i && points[i - 1] ? "L" : "M"}${point}`).join(""));
}

function showPanel(frame, sample, chosen) {
  $("heading").textContent = frame.epoch ? `Epoch ${frame.epoch}` : "Before training";
  const [training, heldOut] = frame.loss.losses;
  const facts = [["Mean loss", text(training)]];
  if (heldOut !== undefined) facts.push(["… held out", text(heldOut)]);
  facts.push(["Input", data.samples.inputs[chosen]], ["Target", data.samples.targets[chosen]],
    ["Output", sample.outputs.map(text).join(", ")]);
  if (sample.words) facts.push(["… read as", sample.words]);
  facts.push(["Its loss", text(sample.loss)]);
  $("facts").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  $("neurons").replaceChildren(...names.map((name, i) => {
    const row = document.createElement("tr"), head = element("th", name);
    head.scope = "row";
    row.append(head, element("td", text(sample.nodes[i])), element("td", text(sample.gradients[i])));
    return row;
  }));
  return `${$("heading").textContent}. ${facts.map(([name, value]) => `${name} ${value}`).join("; ")}`;
}

function show(frame) {
  const chosen = Number($("sample").value), sample = frame.samples[chosen];
  if (frame.network) showNetwork(frame.network, sample);
  showLoss(frame.loss);
  showFlow(frame.flow);
  if (frame.plane) showPlane(frame.plane);
  if (frame.fit) showFit(frame.fit);
  if (data.samples.at) {
    $("ring").setAttribute("transform", `translate(${data.samples.at[chosen]})`);
  }
  return showPanel(frame, sample, chosen);
}

if (data.plane) {
  const box = data.plane.box;
  for (const side of Object.keys(box)) $("shades").style[side] = `${100 * box[side]}%`;
}
const player = play(show);
$("sample").onchange = $("shade").onchange = player.redraw;
matchMedia("(prefers-color-scheme: dark)").onchange = player.redraw;
