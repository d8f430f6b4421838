/* The camera: pictures that may be larger than their stage. What is looked at stands in the middle, whole and readable;
   wheel, pinch, buttons and keys zoom, drag and Shift with arrows pan, a double click shows all.
   Boxes are { x, y, width, height } in the picture's own units, which are points; scale is the pixels of one unit. */
const READABLE = 1.02;  // the smallest text of a picture is 10 units high: 10 pixels and a little
const NATURAL = 4 / 3;
const LARGEST = 8;
const MARGIN = 14;  // pixels kept free around what is looked at

const corners = (box) => [box.x, box.y, box.x + box.width, box.y + box.height];
const middle = (box) => [box.x + box.width / 2, box.y + box.height / 2];
function between(x0, y0, x1, y1) { return { x: x0, y: y0, width: x1 - x0, height: y1 - y0 }; }
function union(a, b) {
  const [p, q] = [corners(a), corners(b)];
  return between(Math.min(p[0], q[0]), Math.min(p[1], q[1]), Math.max(p[2], q[2]), Math.max(p[3], q[3]));
}
function holds(outer, inner) {
  const [p, q] = [corners(outer), corners(inner)];
  return p[0] <= q[0] && p[1] <= q[1] && p[2] >= q[2] && p[3] >= q[3];
}
const meet = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/* The nodes and edges of a picture by Graphviz, each with its name, which would else show where the pointer rests. */
function partsOf(picture) {
  const parts = [...picture.querySelectorAll("g.node, g.edge")];
  for (const part of parts) part.dataset.part = part.querySelector("title").textContent;
  for (const title of picture.querySelectorAll("title")) title.remove();
  return parts;
}

/* All of a picture, however much of it is seen at the moment. */
function whole(svg) {
  svg.dataset.whole ??= svg.getAttribute("viewBox");
  const [x, y, width, height] = svg.dataset.whole.split(" ").map(Number);
  return { x, y, width, height };
}

class Camera {
  constructor(stage, overview) {
    this.stage = stage;
    this.overview = overview;
    this.boxes = new WeakMap();
    this.parts = [];
    this.chosen = null;  // the scale that the reader zoomed to
    this.listen();
  }

  /* Another picture: an <svg> by Graphviz, whose nodes can be looked at. */
  show(picture) {
    this.svg = picture;
    this.graph = picture.querySelector("g.graph");
    this.whole = whole(picture);
    this.measure();
    this.graph.querySelector("g.docks")?.remove();
    this.docks = this.graph.appendChild(svg("g", { class: "docks" }));
    this.miniature();
  }

  boxOf(part) {
    if (!this.boxes.has(part)) {
      const { e, f } = this.graph.transform.baseVal.consolidate().matrix;
      const { x, y, width, height } = part.getBBox();
      this.boxes.set(part, { x: x + e - 2, y: y + f - 2, width: width + 4, height: height + 4 });
    }
    return this.boxes.get(part);
  }

  /* The stage's size in pixels, kept: to ask for it at each step would have the whole page laid out twice. */
  measure() { this.size = [this.stage.clientWidth, this.stage.clientHeight]; }

  /* The largest scale at which a box is whole in the stage. */
  room(box) {
    const [width, height] = this.size.map((length) => Math.max(length - 2 * MARGIN, 1));
    return Math.min(width / box.width, height / box.height);
  }

  /* What is seen, less a margin of some pixels. */
  seen(margin = 0) {
    const [width, height] = this.size.map((length) => length / 2 - margin);
    const { scale, at: [x, y] } = this;
    return between(x - width / scale, y - height / scale, x + width / scale, y + height / scale);
  }

  /* Looks at some parts, the first of them above all: together if they can be so and still be read. A part that is too
     far from the others is docked: a copy of it stands at the edge where it lies. Without parts, at everything. */
  look(parts = this.parts) {
    this.parts = parts;
    const whole = this.room(this.whole);
    if (!parts.length || (whole >= READABLE && !this.chosen)) {
      this.move(middle(this.whole), Math.min(whole, 1.5 * NATURAL));
    } else {
      const box = this.together(parts.map((part) => this.boxOf(part)));
      const scale = Math.min(Math.max(this.chosen ?? NATURAL, READABLE), this.room(box));
      const [width, height] = this.size.map((length) => (length / 2 - MARGIN) / scale);
      const [x0, y0, x1, y1] = corners(this.whole), [x, y] = middle(box);
      this.move([clamp(x, x0 + width, x1 - width), clamp(y, y0 + height, y1 - height)], scale);
      this.dock(parts);
    }
  }

  /* Boxes that can be asked: one that the keys reach is looked at where it is not in sight. */
  attend(boxes, ask) {
    choosable(boxes, (i) => ask(boxes[i]), ["Enter"], (box) => {
      if (box.matches(":focus-visible") && !holds(this.seen(), this.boxOf(box))) this.look([box]);
    });
  }

  /* Puts the middle of a part where something else was on the screen, large enough to be read. */
  hold(part, [clientX, clientY]) {
    const { left, top } = this.stage.getBoundingClientRect(), [x, y] = middle(this.boxOf(part));
    const scale = Math.max(this.scale, READABLE), [width, height] = this.size;
    this.move([x + (width / 2 - clientX + left) / scale, y + (height / 2 - clientY + top) / scale], scale);
  }

  /* The box of as many as can be read together. */
  together(boxes) {
    const tried = boxes.map((first, i) => {
      let box = first, count = 1;
      boxes.forEach((other, j) => {
        if (j !== i && this.room(union(box, other)) >= READABLE) { box = union(box, other); count++; }
      });
      return { box, count };
    });
    return tried.reduce((best, one) => one.count > best.count ? one : best).box;
  }

  /* Every part that is out of sight gets a copy at the edge where it lies, beside what else is looked at. */
  dock(parts) {
    const seen = this.seen(MARGIN / 2), [x0, y0, x1, y1] = corners(seen);
    const taken = parts.map((part) => this.boxOf(part)).filter((box) => meet(seen, box));
    for (const part of parts) {
      const box = this.boxOf(part), { x, y, width, height } = box;
      if (holds(seen, box)) continue;
      const edge = { ...box, x: clamp(x, x0, x1 - width), y: clamp(y, y0, y1 - height) };
      const free = (place) => !taken.some((other) => meet(place, other));
      const beside = taken.flatMap((other) => [
        { ...edge, y: other.y - height - 4 }, { ...edge, y: other.y + other.height + 4 },
        { ...edge, x: other.x - width - 4 }, { ...edge, x: other.x + other.width + 4 },
      ]).filter((place) => holds(seen, place));
      for (const left of [x0, x1 - width]) for (const top of [y0, y1 - height]) beside.push({ ...edge, x: left, y: top });
      const distance = (place) => Math.hypot(place.x - x, place.y - y);
      const place = [edge, ...beside.sort((a, b) => distance(a) - distance(b))].find(free) || edge;
      taken.push(place);
      const copy = this.docks.appendChild(part.cloneNode(true));
      copy.classList.add("docked");
      copy.setAttribute("transform", `translate(${place.x - x} ${place.y - y})`);
    }
  }

  move(at, scale) {
    Object.assign(this, { at, scale });
    this.docks.replaceChildren();
    const seen = this.seen();
    this.svg.setAttribute("viewBox", Object.values(seen).join(" "));
    for (const [name, value] of Object.entries(seen)) this.frame.setAttribute(name, value);
    this.overview.classList.toggle("idle", holds(this.seen(-1), this.whole));
  }

  /* The reader's own zoom, by a factor, about a point of the stage in pixels. */
  zoom(factor, [left, top] = this.size.map((length) => length / 2)) {
    const least = Math.min(this.room(this.whole), READABLE);
    const scale = clamp(this.scale * factor, least, LARGEST), { x, y } = this.seen();
    const [width, height] = this.size;
    const under = [x + left / this.scale, y + top / this.scale];
    this.chosen = scale;
    this.move([under[0] + (width / 2 - left) / scale, under[1] + (height / 2 - top) / scale], scale);
  }

  pan(right, down) {
    const [x0, y0, x1, y1] = corners(this.whole), [x, y] = this.at;
    this.move([clamp(x - right / this.scale, x0, x1), clamp(y - down / this.scale, y0, y1)], this.scale);
  }

  fit() {
    this.chosen = null;
    const parts = this.parts;
    this.look([]);
    this.parts = parts;
  }

  /* The whole picture, small: a rectangle for each box, one path for all edges, and what is seen of it. */
  miniature() {
    const { e, f } = this.graph.transform.baseVal.consolidate().matrix;
    this.overview.setAttribute("viewBox", Object.values(this.whole).join(" "));
    const edges = [...this.graph.querySelectorAll("g.edge path")].map((path) => path.getAttribute("d")).join("");
    const path = svg("path", { d: edges, transform: `translate(${e} ${f})` });
    this.small = new Map([...this.graph.querySelectorAll("g.node")].map((part) => [part, svg("rect", this.boxOf(part))]));
    this.frame = svg("rect", { class: "seen" });
    this.overview.replaceChildren(path, ...this.small.values(), this.frame);
  }

  /* Marks parts in the miniature as they are marked in the picture. */
  mark() {
    for (const [part, rectangle] of this.small) rectangle.setAttribute("class", part.getAttribute("class"));
  }

  listen() {
    const { stage, overview } = this;
    const place = (event) => {
      const { left, top } = stage.getBoundingClientRect();
      return [event.clientX - left, event.clientY - top];
    };
    stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), place(event));
    }, { passive: false });
    stage.addEventListener("dblclick", () => this.fit());

    const fingers = new Map();
    let dragged = false;
    stage.addEventListener("pointerdown", (event) => {
      fingers.set(event.pointerId, place(event));
      dragged = fingers.size > 1;
    });
    stage.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId), now = place(event);
      if (!before) return;
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
      const distance = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1]);
      if (!dragged && distance(before, now) < 4) return;
      if (!dragged) stage.setPointerCapture(event.pointerId);
      dragged = true;
      if (other) this.zoom(distance(now, other) / Math.max(distance(before, other), 1), other);
      else this.pan(now[0] - before[0], now[1] - before[1]);
      fingers.set(event.pointerId, now);
    });
    for (const kind of ["pointerup", "pointercancel"]) {
      window.addEventListener(kind, (event) => fingers.delete(event.pointerId));
    }
    stage.addEventListener("click", (event) => { if (dragged) event.stopPropagation(); }, true);

    const aim = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(overview.getScreenCTM().inverse());
      this.move([point.x, point.y], this.scale);
    };
    for (const kind of ["pointerdown", "pointermove"]) overview.addEventListener(kind, aim);

    const actions = {
      "+": () => this.zoom(1.25), "=": () => this.zoom(1.25), "-": () => this.zoom(0.8), "0": () => this.fit(),
    };
    const steps = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] };
    document.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("select")) return;
      const action = event.shiftKey && steps[event.key] ? () => this.pan(...steps[event.key]) : actions[event.key];
      if (action) { event.preventDefault(); action(); }
    });
    $("larger").onclick = actions["+"];
    $("smaller").onclick = actions["-"];
    $("fit").onclick = actions["0"];
  }
}

/* The picture and the place of the panel: upright on a tall screen, else either wide with the panel below or upright
   with the panel beside it, whichever shows the graph larger; where neither can be read as a whole, whichever leaves
   more of the stage. Called anew whenever the page has another size. */
function arrange(camera, svgs) {
  const { wide = svgs.only, upright = svgs.only } = svgs;
  const tall = innerWidth < innerHeight;
  const choices = tall ? [["under", upright]] : [["below", wide], ["beside", upright]];
  const put = (place) => {
    document.body.classList.remove("under", "below", "beside");
    document.body.classList.add(place);
  };
  const worth = choices.map(([place, svg]) => {
    put(place);
    camera.measure();
    const scale = camera.room(whole(svg)), [width, height] = camera.size;
    return scale >= READABLE ? 1e9 + Math.min(scale, NATURAL) : width * height;
  });
  const [place, svg] = choices[worth.indexOf(Math.max(...worth))];
  put(place);
  for (const other of Object.values(svgs)) other.classList.toggle("shown", other === svg);
  camera.show(svg);
  return svg;
}
