/* The camera: pictures that may be larger than their stage. What is looked at stands in the middle, whole and readable;
   wheel, pinch, buttons and keys zoom, drag and Shift with arrows pan, a double click shows all.
   Boxes are rectangles in the picture's own units, which are points; scale is the pixels of one unit. */
const READABLE = 1.02;  // the smallest text of a picture is 10 units high: 10 pixels and a little
const LEGIBLE = 0.5;  // below it nothing could be made out: what would be so small is not shown as a whole
const NATURAL = 4 / 3;
const LARGEST = 8;
const PANS = { ArrowLeft: [-80, 0], ArrowRight: [80, 0], ArrowUp: [0, -80], ArrowDown: [0, 80] };  // pixels
const MARGIN = 14;  // pixels kept free around what is looked at

const sides = ({ x, y, width, height }) => ({ x, y, width, height });
const minus = ([a, b], [c, d]) => [a - c, b - d];
const middle = (box) => [box.x + box.width / 2, box.y + box.height / 2];
const between = (left, top, right, bottom) => new DOMRect(left, top, right - left, bottom - top);
const union = (a, b) => between(Math.min(a.left, b.left), Math.min(a.top, b.top),
  Math.max(a.right, b.right), Math.max(a.bottom, b.bottom));
const holds = (a, b) => a.left <= b.left && a.top <= b.top && a.right >= b.right && a.bottom >= b.bottom;
const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const around = ([x, y], [width, height]) => new DOMRect(x - width / 2, y - height / 2, width, height);

/* All of a picture, however much of it is seen at the moment; and where one of its parts is, with its rim. */
const whole = (picture) => picture.box ??= new DOMRect(...picture.getAttribute("viewBox").split(" "));
const boxOf = (part) => part.box ??= rimmed(part.getBBox());
const rimmed = (box) => around(middle(box), [box.width + 4, box.height + 4]);

class Camera {
  /* ask(part) is told of boxes that are clicked, or chosen by Enter if they have a label. */
  constructor(ask) {
    [this.stage, this.overview] = [$("stage"), $("overview")];
    this.pictures = [...this.stage.querySelectorAll("svg")];
    this.chosen = null;  // the scale that the reader zoomed to
    for (const picture of this.pictures) {
      const boxes = [...picture.querySelectorAll("[data-asked]")].sort((a, b) => a.dataset.asked - b.dataset.asked);
      choosable(boxes, (i) => ask(boxes[i].dataset.part), ["Enter"]);
    }
    this.listen(ask);
  }

  /* The picture of a view, and the place of the panel: upright on a tall screen, else either wide with the panel below
     or upright with the panel beside it, whichever shows the graph larger; where neither can be read as a whole,
     whichever leaves more of the stage. Called anew whenever the page has another size. */
  arrange(view) {
    const tried = (innerWidth < innerHeight ? ["under"] : ["below", "beside"]).map((place) => {
      document.body.dataset.place = place;
      this.measure();
      const shape = place === "below" ? ".wide, .only" : ".upright, .only", [width, height] = this.size;
      const picture = this.pictures.find((one) => one.dataset.view === view && one.matches(shape));
      const scale = this.room(whole(picture));
      return { place, picture, worth: scale >= READABLE ? 1e9 + Math.min(scale, NATURAL) : width * height };
    });
    const [{ place, picture }] = tried.sort((a, b) => b.worth - a.worth);
    document.body.dataset.place = place;
    this.show(picture);
  }

  /* Another picture, whose parts say their names; the overview has its boxes, and one path for all edges. The part that
     has the focus keeps it. */
  show(picture) {
    const { part } = document.activeElement.dataset;
    this.undock();
    for (const other of this.stage.children) other.classList.toggle("shown", other === picture);
    [this.picture, this.whole, this.frame] = [picture, whole(picture), svg("rect", { class: "seen" })];
    this.measure();
    const edges = [...picture.querySelectorAll(".edge path")].map((path) => path.getAttribute("d")).join("");
    const nodes = [...picture.querySelectorAll(".node")].map((part) =>
      svg("rect", { "data-part": part.dataset.part, ...sides(boxOf(part)) }));
    this.overview.setAttribute("viewBox", Object.values(sides(this.whole)).join(" "));
    this.overview.replaceChildren(svg("path", { d: edges }), ...nodes, this.frame);
    const parts = document.querySelectorAll("#stage .shown [data-part], #overview [data-part]");
    this.parts = Map.groupBy(parts, (part) => part.dataset.part);
    this.part(part)?.focus({ preventScroll: true });
  }

  part(name) { return this.parts.get(name)?.[0]; }

  /* Marks these parts, and no others, here and in the overview; of what stays as it is nothing is laid out again. */
  mark(mark, names) {
    const marked = new Set(names);
    for (const [name, parts] of this.parts) for (const part of parts) part.classList.toggle(mark, marked.has(name));
  }

  /* What parts say: where the pointer rests on them, and their numbers, which are the last texts in them. */
  write(parts) {
    for (const [name, [hint, ...numbers]] of Object.entries(parts)) {
      const part = this.part(name), fields = [...part.querySelectorAll("text")].slice(-numbers.length);
      for (const link of part.querySelectorAll("a")) change(link, { "xlink:title": hint });
      fields.forEach((field, i) => say(field, numbers[i]));
    }
  }

  /* The stage's size in pixels, kept: to ask for it at each step would have the whole page laid out twice. */
  measure() { this.size = [this.stage.clientWidth, this.stage.clientHeight]; }

  /* The largest scale at which a box is whole in the stage. */
  room(box) {
    const [width, height] = this.size.map((length) => Math.max(length - 2 * MARGIN, 1));
    return Math.min(width / box.width, height / box.height);
  }

  /* What is seen, less a margin of some pixels. */
  seen(margin = 0) { return around(this.at, this.size.map((length) => (length - 2 * margin) / this.scale)); }

  /* Looks at some parts, the first of them above all: together if they can be so and still be read. A part that is too
     far from the others is docked: a copy of it stands at the edge where it lies. Without parts, or where all can be
     read, at everything. */
  look(names) {
    const parts = names.map((name) => this.part(name)), readable = (box) => this.room(box) >= READABLE;
    const all = !names.length || (readable(this.whole) && !this.chosen);
    const box = all ? this.whole : parts.map(boxOf).reduce((some, other) =>
      readable(union(some, other)) ? union(some, other) : some);
    const most = all ? 1.5 * NATURAL : Math.max(this.chosen ?? NATURAL, READABLE);
    const scale = Math.min(most, this.room(box)), [x, y] = middle(box);
    const [width, height] = this.size.map((length) => (length / 2 - MARGIN) / scale);
    const { left, top, right, bottom } = this.whole;
    this.move([clamp(x, left + width, right - width), clamp(y, top + height, bottom - height)], scale);
    this.dock(parts);
  }

  /* Every part that is out of sight gets a copy, as near to it as there is room beside what else is looked at. */
  dock(parts) {
    const seen = this.seen(MARGIN / 2), taken = parts.map(boxOf).filter((box) => meet(seen, box));
    const places = (from, to) => Array.from({ length: 25 }, (_, i) => from + (to - from) * i / 24);
    for (const part of parts) {
      const { x, y, width, height } = boxOf(part);
      if (holds(seen, boxOf(part))) continue;
      const all = places(seen.left, seen.right - width).flatMap((left) =>
        places(seen.top, seen.bottom - height).map((top) => new DOMRect(left, top, width, height)));
      const distance = (place) => Math.hypot(place.x - x, place.y - y);
      all.sort((a, b) => distance(a) - distance(b));
      const place = all.find((one) => !taken.some((other) => meet(one, other))) ?? all[0];
      taken.push(place);
      const copy = this.picture.firstElementChild.appendChild(part.cloneNode(true));
      copy.classList.add("docked");
      copy.setAttribute("transform", `translate(${place.x - x} ${place.y - y})`);
    }
  }

  undock() { for (const copy of this.stage.querySelectorAll(".docked")) copy.remove(); }

  /* The picture's middle is in sight wherever one pans; everything else moves the camera through here. */
  move([x, y], scale = this.scale) {
    const { left, top, right, bottom } = this.whole;
    Object.assign(this, { at: [clamp(x, left, right), clamp(y, top, bottom)], scale });
    this.undock();
    const seen = sides(this.seen());
    this.picture.setAttribute("viewBox", Object.values(seen).join(" "));
    change(this.frame, seen);
    this.overview.classList.toggle("idle", holds(this.seen(-1), this.whole));
  }
  moveBy([right, down]) { this.move([this.at[0] + right, this.at[1] + down]); }

  /* Where in the picture something on the screen is. */
  pointAt({ clientX, clientY }, picture = this.picture) {
    const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(picture.getScreenCTM().inverse());
    return [x, y];
  }

  /* Puts the middle of a part where something else was on the screen, large enough to be read. */
  hold(part, place) {
    const [clientX, clientY] = middle(place);
    this.move(this.at, Math.max(this.scale, READABLE));
    this.moveBy(minus(middle(boxOf(part)), this.pointAt({ clientX, clientY })));
  }

  /* The reader's own zoom, by a factor, about a point of the picture. */
  zoom(factor, [x, y] = this.at) {
    const scale = clamp(this.scale * factor, Math.min(this.room(this.whole), READABLE), LARGEST);
    const share = this.scale / scale;
    this.chosen = scale;
    this.move([x + (this.at[0] - x) * share, y + (this.at[1] - y) * share], scale);
  }

  /* Shows all of the picture; where nothing in it could be made out, one part, and the overview shows the rest. */
  fit(part) {
    this.chosen = part && this.room(this.whole) < LEGIBLE ? READABLE : null;
    this.look(this.chosen ? [part] : []);
  }

  listen(ask) {
    const { stage, overview } = this, fingers = new Map();  // what of the picture each has taken hold of
    const apart = (a, b) => Math.hypot(...minus(a, b));
    let dragged = false;
    stage.onwheel = (event) => {
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), this.pointAt(event));
    };
    stage.onpointerdown = (event) => {
      fingers.set(event.pointerId, this.pointAt(event));
      dragged = fingers.size > 1;
    };
    stage.onpointermove = (event) => {
      const { pointerId } = event, held = fingers.get(pointerId), now = held && this.pointAt(event);
      if (!held || (!dragged && apart(held, now) * this.scale < 4)) return;
      if (!dragged) stage.setPointerCapture(pointerId);
      dragged = true;
      const [, other] = [...fingers].find(([id]) => id !== pointerId) ?? [];
      if (other) this.zoom(apart(now, other) / Math.max(apart(held, other), 1 / LARGEST), other);
      else this.moveBy(minus(held, now));
    };
    window.onpointerup = window.onpointercancel = ({ pointerId }) => fingers.delete(pointerId);
    stage.addEventListener("focusin", ({ target }) => {
      if (target.matches("[data-asked]:focus-visible") && !holds(this.seen(), boxOf(target))) {
        this.look([target.dataset.part]);
      }
    });
    stage.onclick = ({ target }) => {
      const part = target.closest(".node, .cluster[data-part]");
      if (part && !dragged) ask(part.dataset.part);
    };
    overview.onpointerdown = overview.onpointermove = (event) => {
      if (event.buttons) this.move(this.pointAt(event, overview));
    };
    $("larger").onclick = () => this.zoom(1.25);
    $("smaller").onclick = () => this.zoom(0.8);
    $("fit").onclick = stage.ondblclick = () => this.fit();
    document.addEventListener("keydown", (event) => {
      const [right, down] = PANS[shortcut(event).split("Shift+")[1]] ?? [0, 0];
      if (right || down) this.moveBy([right / this.scale, down / this.scale]);
    });
  }
}
