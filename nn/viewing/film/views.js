/* The views of a training. Each is a function (plot, spec, ask): it builds its picture in an element, as large as that
   is, and returns draw(frame, moment), which shows the numbers of one moment, whatever was shown before. The docstring
   of the package says what specs, frames and moments are. No view knows where they come from. */
const RAMP = ["#00224e", "#414d6b", "#7c7b78", "#bcaf6f", "#fee838"];  // cividis (Nuñez, Anderton, Renslow, 2018)
const MARKS = [  // circle, triangle, square, diamond, cross
  "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0", "M0-5L5 4H-5Z", "M-4-4H4V4H-4Z", "M0-5.5L5.5 0L0 5.5L-5.5 0Z",
  "M-1.7-5H1.7V-1.7H5V1.7H1.7V5H-1.7V1.7H-5V-1.7H-1.7Z",
];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/* Four digits, with a true minus sign. */
function text(number) {
  if (number === null) return "not finite";
  const four = Number(number.toPrecision(4)), small = four && Math.abs(four) < 1e-3;
  return String(small ? four.toExponential() : four).replaceAll("-", "−");
}

/* An element with its attributes and children; texts among these are texts. */
function made(space, tag, attributes, children) {
  const element = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
const html = (tag, attributes = {}, ...children) => made("http://www.w3.org/1999/xhtml", tag, attributes, children);
const svg = (tag, attributes = {}, ...children) => made("http://www.w3.org/2000/svg", tag, attributes, children);
const clamp = (x, low, high) => Math.max(Math.min(x, high), low);
const shortened = (label, width) => label.length * 6.4 > width ? `${label.slice(0, Math.max(width / 6.4 - 1, 1))}…` : label;

/* ---- colours: three numbers from 0 to 255 */
const channels = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
const styled = (name) => channels(getComputedStyle(document.documentElement).getPropertyValue(name).trim());
const mix = (a, b, share) => a.map((x, i) => x + share * (b[i] - x));
function ramp(share) {
  const place = clamp(share, 0, 1) * (RAMP.length - 1), i = Math.min(Math.floor(place), RAMP.length - 2);
  return mix(channels(RAMP[i]), channels(RAMP[i + 1]), place - i);
}

/* From −1 to 1: the one colour, paper, the other. */
function diverging() {
  const [paper, negative, positive] = ["--paper", "--negative", "--positive"].map(styled);
  return (share) => mix(paper, share < 0 ? negative : positive, Math.min(Math.abs(share), 1) ** 0.8);
}

/* A canvas of as many pixels as there are numbers; whoever shows it enlarges it. */
function paint(canvas, width, height, colour) {
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d"), image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) image.data.set([...colour(i), 255], 4 * i);
  context.putImageData(image, 0, 0);
}

/* ---- axes */
function scaled({ low, high, log }, from, to) {
  const of = log ? Math.log10 : Number;
  return (number) => from + (of(number) - of(low)) / (of(high) - of(low)) * (to - from);
}

function blank(plot, label, role = "group") {
  const { clientWidth: width, clientHeight: height } = plot;
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role, "aria-label": label });
  plot.append(picture);
  return { picture, width, height };
}

/* Ticks along the bottom, from left to right; those that would touch have lines alone. */
function ticksBelow(picture, axis, X, top, bottom) {
  let end = -Infinity;
  for (const tick of axis.ticks) {
    const at = X(tick), half = 3.4 * text(tick).length;
    picture.append(svg("path", { class: "grid", d: `M${at} ${top}V${bottom}` }));
    if (at - half < end + 5) continue;
    end = at + half;
    picture.append(svg("text", { class: "tick", x: at, y: bottom + 14, "text-anchor": "middle" }, text(tick)));
  }
}

function axes(plot, spec, right = 12) {
  const { picture, width, height } = blank(plot, spec.title), { x, y } = spec;
  const longest = Math.max(1, ...y.ticks.map((tick) => text(tick).length));
  const left = 10 + 6.6 * longest + (y.name ? 16 : 0), top = 6, bottom = Math.max(height - (x.name ? 34 : 18), 30);
  const X = scaled(x, left, width - right), Y = scaled(y, bottom, top), middle = (top + bottom) / 2;
  ticksBelow(picture, x, X, top, bottom);
  let end = Infinity;
  for (const tick of y.ticks) {
    picture.append(svg("path", { class: "grid", d: `M${left} ${Y(tick)}H${width - right}` }));
    if (Y(tick) > end - 13) continue;
    end = Y(tick);
    picture.append(svg("text", { class: "tick", x: left - 5, y: end + 4, "text-anchor": "end" }, text(tick)));
  }
  picture.append(
    svg("text", { class: "tick", x: (left + width - right) / 2, y: height - 5, "text-anchor": "middle" }, x.name),
    svg("text", { class: "tick", transform: `translate(12 ${middle}) rotate(-90)`, "text-anchor": "middle" },
      shortened(y.name, bottom)),
  );
  return { picture, X, Y, box: { left, top, width: width - right - left, height: bottom - top } };
}

/* ---- what can be chosen in a picture: one mark has the focus at a time, arrows lead to the nearest in their
   direction, Enter and space choose it */
function choosable(picture, marks, choose) {
  marks.forEach((mark, i) => mark.setAttribute("tabindex", i ? -1 : 0));
  const centre = (mark) => {
    const { x, y, width, height } = mark.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
  };
  const beside = (mark, [right, down]) => {
    const [x, y] = centre(mark);
    const ways = marks.map((other) => {
      const [u, v] = centre(other), ahead = (u - x) * right + (v - y) * down;
      return ahead > 1 ? ahead + 2 * Math.abs((u - x) * down + (v - y) * right) : Infinity;
    });
    const least = Math.min(...ways);
    return least < Infinity ? marks[ways.indexOf(least)] : mark;
  };
  picture.addEventListener("keydown", (event) => {
    const here = marks.indexOf(event.target);
    if (here < 0 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (ARROWS[event.key]) {
      const next = beside(event.target, ARROWS[event.key]);
      event.target.setAttribute("tabindex", -1);
      next.setAttribute("tabindex", 0);
      next.focus();
    } else if (event.key === "Enter" || event.key === " ") choose(here);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/* ---- a chart: curves and points over axes, and colours under them */
function chart(plot, spec, ask) {
  const canvas = plot.appendChild(html("canvas", { "aria-hidden": true }));
  const { picture, X, Y, box } = axes(plot, spec, spec.labelled ? Math.min(190, plot.clientWidth * 0.45) : 12);
  const { left, top, width, height } = box, bottom = top + height;
  for (const [side, length] of Object.entries(box)) canvas.style[side] = `${length}px`;
  const inside = svg("svg", { x: left, y: top, width, height, viewBox: `${left} ${top} ${width} ${height}` });
  const path = (ys) => ys.map((y, i) => y === null ? "" :
    `${i && ys[i - 1] !== null ? "L" : "M"}${X(spec.xs[i]).toFixed(1)} ${Y(y).toFixed(1)}`).join("");
  const curves = (spec.curves || []).map(({ ys }, i) => svg("path", { class: `curve c${i}`, d: ys ? path(ys) : "" }));
  const boundary = svg("path", { class: "boundary" }), cursor = svg("path", { class: "cursor" });
  const dots = curves.map((_, i) => svg("circle", { class: `now c${i}`, r: 4.5 }));
  const labels = spec.labelled ? curves.map((_, i) => svg("g", {},
    svg("path", { class: `curve c${i}`, d: "M8 0H28" }), svg("text", { x: 33, y: 4 }))) : [];
  inside.append(boundary, ...curves, cursor);
  const places = {}, marks = {};
  for (const { role, x, y, kinds, shares } of spec.points || []) {
    places[role] = x.map((number, i) => [X(number), Y(y[i])]);
    marks[role] = places[role].map(([u, v], i) => svg("path", {
      class: `mark k${(kinds ? kinds[i] : 0) % 8} ${role.replace(" ", "-")}`, d: MARKS[(kinds ? kinds[i] : 0) % MARKS.length],
      transform: `translate(${u} ${v})`, style: shares ? `fill: rgb(${ramp(shares[i]).map(Math.round)})` : "",
    }));
  }
  const ring = svg("g", { class: "ring" }, svg("circle", { class: "halo", r: 10 }), svg("circle", { r: 10 }));
  picture.append(...(marks.training || []), ...(marks["held out"] || []), ...(marks.followed || []), inside, ...dots, ...labels);
  if (marks.followed) {
    picture.append(ring);
    marks.followed.forEach((mark) => mark.setAttribute("role", "button"));
    choosable(picture, marks.followed, (sample) => ask({ sample }));
    picture.classList.add("clickable");
    picture.addEventListener("click", (event) => {  // follows the nearest of those that can be followed
      const { left: x, top: y } = picture.getBoundingClientRect();
      const ways = places.followed.map(([u, v]) => Math.hypot(u + x - event.clientX, v + y - event.clientY));
      ask({ sample: ways.indexOf(Math.min(...ways)) });
    });
  }

  return (frame, moment) => {
    if (frame.ys) curves[0].setAttribute("d", path(frame.ys));
    if (frame.field) boundary.setAttribute("d", showField(canvas, frame.field, spec.field, box));
    if (frame.values) {
      const x = X(frame.at), order = frame.values.map((y, i) => [y === null ? bottom : Y(y), i]).sort((a, b) => a[0] - b[0]);
      cursor.setAttribute("d", `M${x} ${top}V${bottom}`);
      let last = -Infinity;
      order.forEach(([y, i], k) => {
        dots[i].setAttribute("visibility", frame.values[i] === null ? "hidden" : "visible");
        dots[i].setAttribute("transform", `translate(${x} ${y})`);
        if (!labels.length) return;
        last = clamp(y, last + 14, bottom - 14 * (order.length - 1 - k));
        labels[i].setAttribute("transform", `translate(${left + width} ${last})`);
        labels[i].lastChild.textContent = `${spec.curves[i].name} = ${text(frame.values[i])}`;
      });
    }
    if (!marks.followed) return;
    ring.setAttribute("transform", `translate(${places.followed[moment.sample]})`);
    marks.followed.forEach((mark, i) => {
      mark.setAttribute("aria-pressed", i === moment.sample);
      mark.setAttribute("aria-label", `follow ${moment.labels[i]}`);
    });
  };
}

/* Paints the shares of classes, or numbers, at the points of a grid; returns the lines between the classes. */
function showField(canvas, field, { side, kind }, { left, top, width, height }) {
  const n = side * side, count = field.length / n, ends = 65535;
  const paper = styled("--paper"), classes = Array.from({ length: 8 }, (_, k) => styled(`--k${k}`));
  const lead = (i) => {
    let best = 0;
    for (let k = 1; k < count; k++) if (field[k * n + i] > field[best * n + i]) best = k;
    return [best, (field[best * n + i] / ends - 1 / count) / (1 - 1 / count)];
  };
  paint(canvas, side, side, (i) => {
    if (kind === "numbers") return ramp(field[i] / ends);
    const twice = 2 * field[i] / ends - 1, [k, share] = kind === "two" ? [Number(twice >= 0), Math.abs(twice)] : lead(i);
    return mix(paper, classes[k % 8], 0.1 + 0.42 * share);
  });
  const place = (x, y) => `${(left + x / (side - 1) * width).toFixed(1)} ${(top + y / (side - 1) * height).toFixed(1)}`;
  if (kind === "numbers") return "";
  if (kind === "two") return contour((i) => field[i] - ends / 2, side, place);
  return Array.from({ length: count }, (_, k) => contour((i) => {
    let most = 0;
    for (let other = 0; other < count; other++) if (other !== k) most = Math.max(most, field[other * n + i]);
    return field[k * n + i] - most;
  }, side, place)).join("");
}

/* Where a function of the points of a grid changes its sign: in each cell a line from side to side. */
function contour(at, side, place) {
  let path = "";
  for (let row = 0; row + 1 < side; row++) for (let column = 0; column + 1 < side; column++) {
    const around = [[column, row], [column + 1, row], [column + 1, row + 1], [column, row + 1]], cuts = [];
    around.forEach(([x, y], i) => {
      const [u, v] = around[(i + 1) % 4], a = at(y * side + x), b = at(v * side + u), t = a / (a - b);
      if (a < 0 !== b < 0) cuts.push(place(x + t * (u - x), y + t * (v - y)));
    });
    for (let i = 0; i + 1 < cuts.length; i += 2) path += `M${cuts[i]}L${cuts[i + 1]}`;
  }
  return path;
}

/* ---- bars: a number for each name */
function bars(plot, spec) {
  const { picture, width, height } = blank(plot, spec.title), { axis, names } = spec;
  const left = Math.min(14 + 6.6 * Math.max(...names.map((name) => name.length)), width * 0.42), bottom = height - 18;
  const X = scaled(axis, left, width - 68), row = bottom / names.length, zero = X(axis.log ? axis.low : clamp(0, axis.low, axis.high));
  ticksBelow(picture, axis, X, 0, bottom);
  const rows = names.map((name, i) => {
    const y = (i + 0.5) * row, found = {
      name: svg("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, shortened(name, left - 10)),
      bar: svg("rect", { class: "bar", y: y - 0.36 * row, height: 0.72 * row }), size: svg("text", { class: "size", y: y + 4 }),
    };
    picture.append(...Object.values(found));
    return found;
  });
  return (frame) => rows.forEach(({ name, bar, size }, i) => {
    const value = frame?.values[i] ?? null, end = value === null ? zero : X(clamp(value, axis.low, axis.high));
    bar.setAttribute("x", Math.min(zero, end));
    bar.setAttribute("width", Math.abs(end - zero));
    size.setAttribute("x", Math.max(zero, end) + 6);
    size.textContent = frame ? text(value) : "–";
    name.classList.toggle("target", frame?.target?.[0] === i);
    name.textContent = shortened(names[i], left - 10);
  });
}

/* ---- the network: edges as wide as their weights, neurons with pictures or filled, and a card for the one looked at */
function network(plot, spec, ask) {
  const { columns, image, side } = spec, ratio = devicePixelRatio, small = html("canvas");
  const canvas = plot.appendChild(html("canvas", { "aria-hidden": true }));
  const { picture, width, height } = blank(plot, spec.title), top = 22;
  Object.assign(canvas, { width: width * ratio, height: height * ratio });
  const room = ({ labels }) => Math.min(Math.max(0, ...labels.map((label) => label.length)) * 6.4 + 10, 0.22 * width);
  const tallest = Math.max(...columns.map(({ neurons }) => neurons.length));
  const size = clamp(Math.min((height - top) / tallest * 0.84, width / columns.length * 0.4), 6, 52);
  const whole = image ? Math.min(120, 0.3 * width) : size, gap = Math.min((height - top) / tallest, 1.6 * size);
  const first = Math.max(room(columns[0]) + whole / 2, 26), last = Math.max(room(columns.at(-1)) + size / 2, 26);
  const at = columns.map(({ neurons }, c) => neurons.map((_, i) => [
    first + c * (width - first - last) / (columns.length - 1), (top + height) / 2 + (i - (neurons.length - 1) / 2) * gap,
  ]));
  const edges = [], neurons = [], lines = svg("g"), hits = svg("g"), numbers = svg("g", { class: "numbers" });
  let place = 0;  // of the next parameter: a bias, then a weight for each edge
  columns.forEach((column, c) => column.neurons.forEach((name, i) => {
    const [x, y] = at[c][i], own = { class: "neuron", x: x - size / 2, y: y - size / 2, width: size, height: size };
    const fill = svg("rect", { ...own, class: "fill", rx: c <= spec.pictured && c ? 3 : size / 2, "pointer-events": "none" });
    const mark = svg("rect", { ...own, rx: fill.getAttribute("rx"), role: "button" });
    neurons.push({ name, column: c, mark, fill, x, y, first: ++place });
    if (!c) { place = 0; return; }
    at[c - 1].forEach(([u, v], k) => {
      const ends = { x1: u + size / 2, y1: v, x2: x - size / 2, y2: y };
      const edge = { name: `${name}.weights[${columns[c - 1].indices[k]}]`, place: place++, u, v, x, y,
        line: lines.appendChild(svg("line", ends)), hit: hits.appendChild(svg("line", { ...ends, class: "hit" })) };
      edges.push(edge);
    });
    if (c === 1 && image) lines.append(svg("line", { x1: first + whole / 2, y1: (top + height) / 2, x2: x - size / 2, y2: y, class: "bundle" }));
  }));
  const words = columns.flatMap((column, c) => {
    const x = at[c][0]?.[0] ?? first, share = (width - first - last) / Math.max(columns.length - 1, 1);
    return [svg("text", { class: "tick", x, y: 12, "text-anchor": "middle" }, shortened(column.name, Math.max(share, 50))),
      ...column.labels.map((label, i) => svg("text", { x: x + (c ? 1 : -1) * (size / 2 + 5), y: (at[c][i] || at[c][0])[1] + 4,
        "text-anchor": c ? "start" : "end" }, shortened(label, room(column))))];
  });
  const card = html("div", { class: "card", hidden: "", "aria-hidden": true }), large = html("canvas"), told = html("div");
  card.append(large, told);
  picture.append(lines, hits, numbers, ...neurons.flatMap(({ fill, mark }) => [fill, mark]), ...words);
  plot.append(card);
  const marks = neurons.map(({ mark }) => mark);
  choosable(picture, marks, (neuron) => ask({ neuron }));
  const options = [...(spec.pictured ? [["picture", spec.shows]] : []), ["nodes", "activations"], ["gradients", "gradients of its loss"]];
  plot.previousSibling.append(...choice("shade", "Neurons show", options, ask),
    ...choice("scale", "full colour", [["epoch", "the largest of this epoch"], ["all", "the largest of all epochs"]], ask));

  let shown = null, looked = null;
  const starts = columns.map((_, c) => columns.slice(0, c).reduce((sum, { neurons }) => sum + neurons.length, 0));
  const pixels = (target, { frame }, j, colour) => {
    const start = (j - starts[1]) * side * side, c = neurons[j].column - 1, gain = frame.scale.pictures[c] / frame.full.pictures[c];
    paint(target, side, side, (i) => colour((frame.pictures[start + i] - 128) / 127 * gain));
  };

  /* Numbers on the edges to the neuron that is looked at, or on the one edge, and its card. */
  function look() {
    const { frame, moment } = shown, { neuron = -1, edge = -1 } = looked || {}, j = neuron;
    const seen = edges.filter((one, i) => i === edge || (j >= 0 && one.x === neurons[j].x && one.y === neurons[j].y));
    edges.forEach(({ line }) => line.classList.toggle("seen", seen.some((one) => one.line === line)));
    numbers.replaceChildren(...seen.map((one) => {
      const along = edge >= 0 ? 0.5 : clamp((size / 2 + 4) / Math.hypot(one.x - one.u, one.y - one.v), 0, 0.4);
      return svg("text", { x: one.u + along * (one.x - one.u), y: one.v + along * (one.y - one.v) + 4,
        "text-anchor": edge >= 0 ? "middle" : "start" }, text(frame.weights[one.place]));
    }));
    card.hidden = j < 0 && edge < 0;
    if (card.hidden) return;
    const pictured = j >= 0 && hasPicture(neurons[j].column), { x, y } = neurons[j] || seen[0];
    large.hidden = !pictured;
    if (pictured) pixels(large, shown, j, diverging());
    large.classList.toggle("image", image > 0);
    const lines = j < 0 ? [`${seen[0].name} = ${text(frame.weights[seen[0].place])}`] : facts(j, frame, moment);
    if (pictured) lines.push(`${spec.shows}; full colour ±${text(frame.full.pictures[neurons[j].column - 1])}`);
    told.replaceChildren(...lines.map((line) => html("div", {}, line)));
    const beside = x + size / 2 + 8, fits = beside + card.offsetWidth <= width;
    const above = y > height / 2 ? y - size / 2 - 8 - card.offsetHeight : y + size / 2 + 8;
    card.style.left = `${fits ? beside : Math.max(width - card.offsetWidth, 0)}px`;
    card.style.top = `${clamp(fits ? y - card.offsetHeight / 2 : above, 0, Math.max(height - card.offsetHeight, 0))}px`;
  }
  const hasPicture = (c) => c > 0 && c <= spec.pictured;
  const facts = (j, frame, { followed: { inputs, nodes, gradients } }) => [
    neurons[j].name, ...(neurons[j].column ? [`activation ${text(nodes[j])}`] : [`value ${text(inputs[columns[0].indices[j]])}`,
      ...(spec.scaled ? [`to the network ${text(nodes[j])}`] : [])]), `gradient ${text(gradients[j])}`,
  ];
  const find = ({ target }) => {
    const neuron = marks.indexOf(target), edge = edges.findIndex(({ hit }) => hit === target);
    return neuron >= 0 ? { neuron } : edge >= 0 ? { edge } : marks.includes(document.activeElement) ? { neuron: marks.indexOf(document.activeElement) } : null;
  };
  for (const kind of ["pointerover", "pointerleave", "focusin"]) {
    picture.addEventListener(kind, (event) => { looked = find(event); look(); });
  }
  picture.addEventListener("focusout", () => { looked = null; look(); });
  picture.addEventListener("click", (event) => { const found = find(event); if (found?.neuron >= 0) ask(found); });

  return (frame, moment) => {
    shown = { frame, moment };
    for (const { line, place } of edges) {
      const weight = frame.weights[place], share = frame.largest[0] ? Math.abs(weight) / frame.largest[0] : 0;
      line.setAttribute("class", weight < 0 ? "negative" : "positive");
      line.setAttribute("stroke-width", (0.4 + 5 * share).toFixed(2));
      line.setAttribute("stroke-opacity", (0.2 + 0.8 * Math.sqrt(share)).toFixed(2));
    }
    const context = canvas.getContext("2d"), colour = diverging(), kind = moment.shade === "gradients" ? "gradients" : "nodes";
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = !image;
    const put = (x, y, length) => context.drawImage(small, ...[x - length / 2, y - length / 2, length, length].map((z) => z * ratio));
    neurons.forEach(({ name, column, mark, fill, x, y }, j) => {
      const number = moment.followed[kind][j], drawn = moment.shade === "picture" && hasPicture(column);
      const opacity = drawn ? 0 : fullness(number, moment.followed.full[kind][column], kind);
      fill.setAttribute("class", number < 0 && !drawn ? "fill negative" : drawn ? "fill drawn" : "fill");
      fill.setAttribute("fill-opacity", opacity.toFixed(3));
      mark.setAttribute("aria-pressed", j === moment.neuron);
      mark.setAttribute("aria-label", facts(j, frame, moment).join(", "));
      if (drawn) { pixels(small, shown, j, colour); put(x, y, size); }
    });
    if (image) {
      const [paper, ink] = ["--paper", "--ink"].map(styled), [low, high] = spec.pixels;
      paint(small, image, image, (i) => mix(paper, ink, clamp((moment.followed.inputs[i] - low) / (high - low || 1), 0, 1)));
      put(first, (top + height) / 2, whole);
    }
    $("shade").value = moment.shade;
    $("scale").value = moment.scale;
    look();
  };
}

/* How full a neuron is, from 0 to 1: in proportion, or for gradients over four powers of ten. */
function fullness(number, largest, kind) {
  const share = largest && number ? Math.min(Math.abs(number) / largest, 1) : 0;
  return kind === "nodes" || !share ? share : Math.max(0, 1 + Math.log10(share) / 4);
}

function choice(id, label, options, ask) {
  const select = html("select", { id }, ...options.map(([value, name]) => html("option", { value }, name)));
  select.onchange = () => ask({ [id]: id === "sample" ? Number(select.value) : select.value });
  return [html("label", { for: id }, label), select];
}

/* ---- the panel: the followed sample, and the sum of the followed neuron */
function followed(panel, spec, ask) {
  const { columns, features, samples } = spec, names = columns.flatMap(({ neurons }) => neurons);
  const heading = html("h2", { id: "heading" }), facts = html("dl", { id: "facts" }), sum = html("div", { id: "sum" });
  const table = html("tbody", { id: "neurons" }), head = ["Neuron", "Activation", "Gradient"];
  panel.append(...choice("sample", "Follow the sample", samples.map(({ label }, i) => [i, label]), ask), heading, facts, sum,
    html("details", { open: "" }, html("summary", {}, "Its neurons"), html("table", {},
      html("thead", {}, html("tr", {}, ...head.map((name) => html("th", { scope: "col" }, name)))), table)));

  return (frame, moment) => {
    const { inputs, outputs, words: [word], losses: [own], gradients } = frame, [training, heldOut] = moment.loss.values;
    $("sample").value = moment.sample;
    heading.textContent = moment.epoch ? `Epoch ${moment.epoch}` : "Before training";
    const value = inputs.length > 4 ? `${inputs.length} numbers` : features.map((name, i) => `${name} = ${text(inputs[i])}`).join(", ");
    const rows = [["Mean loss", text(training)], ["… held out", heldOut === undefined ? "" : text(heldOut)], ["Input", value],
      ["Target", samples[moment.sample].target], ["Output", [...outputs].map(text).join(", ")], ["… read as", word],
      [spec.scaledTarget ? "Its loss, scaled" : "Its loss", text(own)]].filter(([, fact]) => fact);
    facts.replaceChildren(...rows.flatMap(([name, fact]) => [html("dt", {}, name), html("dd", {}, fact)]));
    sum.replaceChildren(...written(spec, frame, moment).map((line, i) => html(i ? "p" : "h3", {}, line)));
    const shown = names.map((_, i) => i < columns[0].neurons.length ? inputs[columns[0].indices[i]] : frame.nodes[i]);
    table.replaceChildren(...names.map((name, i) => html("tr", {}, html("th", { scope: "row" }, name),
      html("td", {}, text(shown[i])), html("td", {}, text(gradients[i])))));
    return `${heading.textContent}. ${rows.map(([name, fact]) => `${name} ${fact}`).join("; ")}`;
  };
}

/* The sum of the followed neuron, with the numbers of the followed sample. */
function written({ columns, scaled }, { nodes, sums, gradients }, { neuron, network }) {
  if (!network) return [];
  if (neuron === null) return ["", "Choose a neuron in the network, by a click or by Enter, to see its sum written out."];
  let start = 0, column = 0, place = 0, first = 0;  // of its column, and of its bias among the parameters
  while (start + columns[column].neurons.length <= neuron) {
    if (column) first += columns[column].neurons.length * (columns[column - 1].neurons.length + 1);
    place = start;
    start += columns[column++].neurons.length;
  }
  const name = columns[column].neurons[neuron - start], slope = `Gradient of its loss by it: ${text(gradients[neuron])}`;
  if (!column) return [name, ...(scaled ? [`To the network it is ${text(nodes[neuron])}.`] : []), slope];
  const before = columns[column - 1], bias = first + (neuron - start) * (before.neurons.length + 1), left = before.size - before.neurons.length;
  const signed = (number) => number < 0 ? `(${text(number)})` : text(number);
  const terms = before.neurons.map((_, i) => {
    const weight = network.weights[bias + 1 + i];
    return ` ${weight < 0 ? "−" : "+"} ${text(weight === null ? null : Math.abs(weight))} · ${signed(nodes[place + i])}`;
  });
  const rest = left ? ` + … (${left} more)` : "", inner = columns[0].neurons.length, { activation } = columns[column];
  return [name, `z = ${text(network.weights[bias])}${terms.join("")}${rest} = ${text(sums[neuron - inner])}`,
    `a = ${activation === "linear" ? "z" : `${activation}(z)`} = ${text(nodes[neuron])}`, slope];
}

/* ---- the page: a figure for each view */
const VIEWS = { chart, bars, network, followed };

/* The key to a picture: its lines, its marks, its colours. */
function keys({ curves = [], labelled, classes = [], points = [], field }) {
  const mark = (kind, role) => svg("svg", { viewBox: "-7 -7 14 14", "aria-hidden": true },
    svg("path", { class: `mark k${kind % 8} ${role}`, d: MARKS[kind % MARKS.length] }));
  const lines = labelled ? [] : curves.filter(({ name }) => name);
  return [...lines.map(({ name }, i) => html("span", { class: `key c${i}` }, name)),
    ...(field?.kind === "numbers" ? [html("span", { class: "ramp" }, text(field.ends[0]), html("i"), text(field.ends[1]))] : []),
    ...classes.map((name, k) => html("span", { class: "key mark-key" }, mark(k, "training"), name)),
    ...(points.some(({ role }) => role === "held out") ? [html("span", { class: "key mark-key" }, mark(0, "held-out"), "held out")] : [])];
}

/* Builds all views, again whenever the page has another size; draw(moment) returns what is to be read out, and
   build(some) builds some of them anew, from other specs. */
function show(host, specs, ask) {
  const columns = [html("div"), html("div")], draws = {};
  let last = null, size = "";
  const elements = Object.fromEntries(Object.entries(specs).map(([name, { view }]) => {
    if (view === "followed") return [name, $("followed")];
    return [name, columns[Number(!["network", "parameters"].includes(name))].appendChild(html("figure", { id: name, class: view }))];
  }));
  host.append(...columns);
  const build = (some) => {
    Object.assign(specs, some);
    for (const [name, spec] of Object.entries(some)) {
      if (spec.view === "followed") { elements[name].replaceChildren(); continue; }
      const caption = html("figcaption", {}, spec.title, " ", html("small", {}, ...keys(spec), spec.note || ""));
      const tall = spec.view === "bars" ? `flex-basis: ${22 * spec.names.length + 20}px; min-height: ${13 * spec.names.length + 20}px` : "";
      elements[name].replaceChildren(caption, html("div", { class: "plot", style: tall }));
    }
    for (const [name, spec] of Object.entries(some)) {
      draws[name] = VIEWS[spec.view](elements[name].querySelector(".plot") || elements[name], spec, ask);
    }
  };
  const draw = (moment) => {
    last = moment;
    return Object.entries(draws).map(([name, view]) => view(moment[name], moment)).filter(Boolean).join(" ");
  };
  const fit = () => {
    const now = `${host.clientWidth} ${host.clientHeight}`;
    if (now !== size) { size = now; build(specs); if (last) draw(last); }
  };
  fit();
  new ResizeObserver(fit).observe(host);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => last && draw(last));
  return { draw, build };
}
