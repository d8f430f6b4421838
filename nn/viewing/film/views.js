/* The views of a training. Each is a function (plot, spec, ask, room): it builds its picture in an element, as large as
   its room, and returns draw(frame, moment), which shows the numbers of one moment, whatever was shown before. The
   docstring of the package says what specs, frames and moments are. No view knows where they come from. */
const LETTER = 6.4;  // pixels of one, about

/* Four digits, with a true minus sign. */
function text(number) {
  if (number === null) return "not finite";
  const four = Number(number.toPrecision(4));
  return String(four && Math.abs(four) < 1e-3 ? four.toExponential() : four).replaceAll("-", "−");
}

/* A text of so many pixels: the end of it, as a path says most there. */
function shortened(label, width) {
  const letters = Math.max(Math.floor(width / LETTER), 3);
  return label.length > letters ? `…${label.slice(1 - letters)}` : label;
}

/* ---- colours: three numbers from 0 to 255 */
const dark = matchMedia("(prefers-color-scheme: dark)");
const colourOf = (part) => data.colours[dark.matches ? "dark" : "light"][part];
const ramp = (share) => data.colours.ramp[Math.round(255 * share)];
const mix = (a, b, share) => a.map((x, i) => x + share * (b[i] - x));
const pixel = (colour) => colour.reduce((all, x, i) => all | Math.round(x) << 8 * i, 255 << 24);

/* A canvas with a pixel for each number; whoever shows it enlarges it. */
function paint(canvas, width, height, pixelAt) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d"), image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = pixelAt(i);
  context.putImageData(image, 0, 0);
}

/* What is drawn in a canvas of such a size, in pixels of the page, as finely as the screen shows it. */
function drawing(canvas, width, height) {
  Object.assign(canvas, { width: devicePixelRatio * width, height: devicePixelRatio * height });
  const context = canvas.getContext("2d");
  context.scale(devicePixelRatio, devicePixelRatio);
  return context;
}

/* ---- axes: a picture as large as its place, lines for all ticks, and the numbers of as many as have room */
const wide = (written) => LETTER * written.length + 8;
const centred = (x, y) => ({ x, y, "text-anchor": "middle" });

function blank(plot, label, { width, height }) {
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": label });
  return plot.appendChild(picture);
}

function scaled({ low, high, log }, from, to) {
  const of = log ? Math.log10 : Number;
  return (number) => from + (of(number) - of(low)) / (of(high) - of(low)) * (to - from);
}

function ticks(picture, axis, at, line, room, label) {
  let last = Infinity;
  for (const [place, written] of axis.ticks.map((tick) => [at(tick), text(tick)])) {
    picture.append(svg("path", { class: "grid", d: line(place) }));
    if (Math.abs(place - last) < room(written)) continue;
    picture.append(svg("text", { class: "tick", ...label(place) }, written));
    last = place;
  }
}

function axes(plot, { title, x, y }, { width, height }) {
  const picture = blank(plot, title, { width, height }), top = 6, bottom = Math.max(height - (x.name ? 34 : 18), 30);
  const left = (y.name ? 18 : 2) + Math.max(0, ...y.ticks.map((tick) => wide(text(tick)))), end = width - 12;
  const X = scaled(x, left, end), Y = scaled(y, bottom, top), beside = { x: left - 5, "text-anchor": "end" };
  ticks(picture, x, X, (at) => `M${at} ${top}V${bottom}`, wide, (at) => centred(at, bottom + 14));
  ticks(picture, y, Y, (at) => `M${left} ${at}H${end}`, () => 13, (at) => ({ ...beside, y: at + 4 }));
  const turned = { transform: `translate(12 ${(top + bottom) / 2}) rotate(-90)`, ...centred(0, 0) };
  picture.append(svg("text", { class: "tick", ...centred((left + end) / 2, height - 5) }, shortened(x.name, width)),
    svg("text", { class: "tick", ...turned }, shortened(y.name, bottom)));
  return { picture, X, Y, box: { left, top, width: end - left, height: bottom - top } };
}

/* The points of a role: those with names an element each; all others that look the same are marks of one path. */
function points({ role, kinds = [], shares, names = [] }, places) {
  const alike = {};
  places.forEach((place, i) => {
    const style = shares ? `fill: rgb(${ramp(shares[i])})` : "", of = names[i] ? i : `${kinds[i]} ${style}`;
    (alike[of] ??= { kind: kinds[i], style, name: names[i], places: [] }).places.push(place);
  });
  return Object.values(alike).flatMap(({ kind = 0, style, name, places }, i) => {
    const mark = svg("path", { class: `mark k${kind % 8} ${role}`, d: `M0 0${data.marks[kind % 8]}`, style });
    if (name) change(mark, { transform: `translate(${places[0]}) scale(1.5)`, "aria-label": name });
    return name ? mark : [svg("marker", { id: `${role}-${i}` }, mark),
      svg("path", { class: "crowd", d: `M${places.join("L")}`, style: `marker: url(#${role}-${i})` })];
  });
}

/* ---- a chart: curves and points over axes, and colours under them */
function chart(plot, spec, ask, room) {
  const canvas = plot.appendChild(html("canvas", { "aria-hidden": true })), pixels = html("canvas");
  const { curves: given = [], points: groups = [] } = spec, named = plot.previousSibling.querySelectorAll(".line");
  const { picture, X, Y, box } = axes(plot, spec, room), { left, top, width, height } = box, bottom = top + height;
  for (const [side, length] of Object.entries(box)) canvas.style[side] = `${length}px`;
  const context = drawing(canvas, width, height);
  const path = (ys) => ys.map((y, i) => y === null ? "" :
    `${i && ys[i - 1] !== null ? "L" : "M"}${[X(spec.xs[i]), Y(y)].map((z) => z.toFixed(1))}`).join("");
  const curves = given.map(({ ys = [] }, i) => svg("path", { class: `curve c${i}`, d: path(ys) }));
  const dots = given.map((_, i) => svg("circle", { class: `now c${i}`, r: 4.5, visibility: "hidden" }));
  const cursor = svg("path", { class: "cursor" });
  const all = groups.map(({ x, y }) => Array.from(x, (_, i) => [X(x[i]), Y(y[i])])), places = all.at(-1) ?? [];
  const drawn = groups.map((group, i) => points(group, all[i])), marks = groups.at(-1)?.names ? drawn.at(-1) : [];
  const ring = svg("g", { class: "ring" }, ...["halo", ""].map((kind) => svg("circle", { class: kind, r: 10 })));
  const inside = { x: left, y: top, width, height, viewBox: `${left} ${top} ${width} ${height}` };
  picture.append(...drawn.flat(), svg("svg", inside, ...curves, cursor), ...dots);
  if (places.length) picture.append(ring);
  choosable(marks, (sample) => ask({ sample }));
  picture.addEventListener("click", (event) => {  // follows the nearest of those that can be followed
    const { left: x, top: y } = picture.getBoundingClientRect();
    const ways = places.map(([u, v]) => Math.hypot(u + x - event.clientX, v + y - event.clientY));
    if (ways.length) ask({ sample: ways.indexOf(Math.min(...ways)) });
  });

  return (frame, moment) => {
    if (frame.ys) curves[0].setAttribute("d", path(frame.ys));
    if (frame.field) {
      const between = spec.field.side - 1;  // the outermost numbers are those of the edges
      paintField(pixels, frame.field, spec.field);
      context.drawImage(pixels, 0.5, 0.5, between, between, 0, 0, width, height);
      const ends = Array.from(frame.boundary, (share, i) => share / 65535 * (i % 2 ? height : width));
      Object.assign(context, { strokeStyle: `rgb(${colourOf("ink")})`, lineWidth: 1.5 });
      context.stroke(new Path2D(ends.map((end, i) => `${["M", " ", "L", " "][i % 4]}${end.toFixed(1)}`).join("")));
    }
    if (places.length) change(ring, { transform: `translate(${places[moment.sample]})` });
    marks.forEach((mark, i) => change(mark, { "aria-pressed": i === moment.sample }));
    if (!frame.values) return;
    change(cursor, { d: `M${X(frame.at)} ${top}V${bottom}` });
    frame.values.forEach((value, i) => {
      const place = `translate(${X(frame.at)} ${value === null ? bottom : Y(value)})`;
      change(dots[i], { visibility: value === null ? "hidden" : "visible", transform: place });
      say(named[i], `${given[i].name} ${text(value)}`);
    });
  };
}

/* Paints the shares of classes, or numbers, at the points of a grid: of two classes the share of the second. */
function paintField(canvas, field, { side, kind }) {
  const n = side * side, paper = colourOf("paper"), classes = Array.from({ length: 8 }, (_, k) => colourOf(`k${k}`));
  const sharesAt = kind === "two" ? (i) => [255 - field[i], field[i]] :
    (i) => Array.from({ length: field.length / n }, (_, k) => field[k * n + i]);
  paint(canvas, side, side, (i) => {
    if (kind === "numbers") return pixel(ramp(field[i] / 255));
    const shares = sharesAt(i), most = Math.max(...shares), least = 255 / shares.length;
    return pixel(mix(paper, classes[shares.indexOf(most) % 8], 0.1 + 0.42 * (most - least) / (255 - least)));
  });
}

/* ---- bars: a number for each name */
function bars(plot, { title, axis, names }, ask, { width, height }) {
  const picture = blank(plot, title, { width, height });
  const bottom = Math.max(height - 18, 12), row = bottom / names.length;
  const left = Math.min(Math.max(...names.map(wide)) + 6, 0.42 * width), X = scaled(axis, left, width - 68);
  const zero = X(Math.max(axis.low, axis.log ? axis.low : 0)), thick = Math.min(0.72 * row, 20);
  ticks(picture, axis, X, (at) => `M${at} 0V${bottom}`, wide, (at) => centred(at, bottom + 14));
  const rows = names.map((name, i) => ["text", "rect", "text"].map((tag, k) => picture.appendChild(svg(tag, [
    { x: left - 8, y: (i + 0.5) * row + 4, "text-anchor": "end" },
    { class: "bar", y: (i + 0.5) * row - thick / 2, height: thick },
    { class: "size", y: (i + 0.5) * row + 4 },
  ][k], k ? "" : shortened(name, left - 8)))));
  return (frame) => rows.forEach(([label, bar, size], i) => {
    const value = frame ? frame.values[i] : null, end = value === null ? zero : X(clamp(value, axis.low, axis.high));
    change(bar, { x: Math.min(zero, end), width: Math.abs(end - zero) });
    change(size, { x: Math.max(zero, end) + 6 });
    say(size, frame ? text(value) : "–");
    label.classList.toggle("target", frame?.target?.[0] === i);
  });
}

/* ---- the page: a figure for each view
   Builds all views, and again whenever the page has another size; what is chosen in them is theirs, and told to ask.
   draw(moment, kept) returns what is to be read out, and leaves the views as they are whose names are kept, and the
   "edges" of the network; full says what full colour stands for over all moments. build(some) builds some views anew,
   where their specs are others. */
function show(host, given, ask, full = {}) {
  const views = { chart, bars, network, followed }, sides = [html("div"), html("div")], elements = {}, draws = {};
  const chosen = { sample: 0, neuron: null, shade: given.network?.pictured ? "picture" : "nodes", scale: "epoch" };
  const choose = (question) => { Object.assign(chosen, question); ask(question); };
  const stops = (name) => [...elements[name]?.querySelectorAll("select, summary, [tabindex]") ?? []];
  const specs = {}, captions = {}, sizes = {};
  let last = null;
  host.append(...sides);
  const build = (sent, isResized = false) => {
    const some = Object.entries(sent).filter(([name, spec]) => JSON.stringify(spec) !== JSON.stringify(specs[name]));
    if (!some.length && !isResized) return;
    const focused = Object.keys(specs).map((name) => [name, stops(name).indexOf(document.activeElement)]);
    const { column, index } = specs.followed?.neurons[chosen.neuron] ?? {};
    Object.assign(specs, Object.fromEntries(some));
    const neurons = specs.followed?.neurons ?? [];  // in which the same one stands elsewhere if there are other inputs
    const at = neurons.findIndex((other) => other.column === column && other.index === index);
    chosen.neuron = at < 0 ? null : at;
    for (const [name, { view, side, caption, height }] of some) {
      const figure = elements[name] ??= $(name) || sides[side].appendChild(html("figure", { id: name, class: view }));
      if (captions[name] !== caption) figure.innerHTML = captions[name] = caption;
      if (height) figure.style.minHeight = `calc(${0.62 * height}px + 2.7rem)`;
      figure.onchange = ({ target: { id, value } }) => choose({ [id]: id === "sample" ? Number(value) : value });
      delete sizes[name];
    }
    const places = Object.entries(specs).map(([name, { side }]) => {
      const { lastChild: plot } = elements[name], { clientWidth: width, clientHeight: height } = plot;
      return { name, plot, room: { width, height }, size: side === undefined ? "any" : `${width} ${height}` };
    });
    for (const { name, plot, room, size } of places) {  // those too that are pressed by what is built beside them
      if (sizes[name] === size) continue;
      sizes[name] = size;
      plot.replaceChildren();
      draws[name] = views[specs[name].view](plot, specs[name], choose, room);
    }
    for (const [name, place] of focused) stops(name)[place]?.focus({ preventScroll: true });
  };
  /* The numbers of one view, with the rows of the chosen sample in place of all rows. */
  const ofSample = ([name, frame]) => {
    if (frame === null || typeof frame !== "object") return [name, frame];
    const count = specs.followed?.targets.length, at = (all, k) => all.length / count * (chosen.sample + k);
    const rows = Object.entries(frame.rows ?? {}).map(([kind, all]) => [kind, all.slice(at(all, 0), at(all, 1))]);
    const most = chosen.scale === "all" ? full[name] : frame.full;
    return [name, { ...frame, ...Object.fromEntries(rows), scale: frame.full, full: most }];
  };
  const draw = (frames = last, kept = []) => {
    last = frames;
    const moment = { ...Object.fromEntries(Object.entries(frames).map(ofSample)), ...chosen, kept };
    for (const select of Object.values(elements).flatMap((figure) => [...figure.querySelectorAll("select")])) {
      if (select.value !== String(chosen[select.id])) select.value = chosen[select.id];
    }
    const drawn = Object.entries(draws).filter(([name]) => !kept.includes(name));
    return drawn.map(([name, view]) => view(moment[name], moment)).filter(Boolean).join(" ");
  };
  const fit = () => { build({}, true); if (last) draw(); };
  build(given);
  new ResizeObserver(() => requestAnimationFrame(fit)).observe(host);
  dark.addEventListener("change", () => last && draw());
  return { draw, build, chosen, specs };
}
