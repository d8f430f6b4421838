/* Each view is a picture of its own. A box that stands for a layer opens into its neurons, and its frame closes it
   again: what was a box before is where it was, as far as the stage has room. */
const views = [...document.querySelectorAll("#stage > svg")];
const camera = new Camera($("stage"), $("overview"));
const LEGIBLE = 0.45;  // the scale below which a picture is not shown whole: nothing in it could be made out
let shown = null, asked = null;
document.body.classList.toggle("single", views.length === 1);

views.forEach((svg, i) => {
  for (const group of svg.querySelectorAll("g.node, g.edge")) group.dataset.part = group.querySelector("title").textContent;
  for (const title of svg.querySelectorAll("title")) title.remove();  // they would show where the pointer rests
  for (const cluster of svg.querySelectorAll("g.cluster")) {
    const name = cluster.querySelector("text")?.textContent;
    if (data.frames[i].opened.includes(name)) { cluster.dataset.layer = name; cluster.classList.add("open"); }
  }
  const boxes = Object.keys(data.frames[i].asked).map((part) => svg.querySelector(`[data-part="${part}"]`)).filter(Boolean);
  boxes.forEach((box, at) => {
    const said = data.frames[i].asked[box.dataset.part];
    box.setAttribute("tabindex", at ? "-1" : "0");
    box.setAttribute("role", "button");
    box.setAttribute("aria-label", said.lines[0] + (said.opens ? ", closed" : ""));
    box.addEventListener("focus", () => {
      for (const other of boxes) other.setAttribute("tabindex", other === box ? "0" : "-1");
      if (box.matches(":focus-visible") && !holds(camera.seen(), camera.boxOf(box))) camera.look([box]);
    });
    box.addEventListener("keydown", (event) => {
      const to = { ArrowDown: at + 1, ArrowUp: at - 1 }[event.key];
      if (event.key === "Enter") { event.stopPropagation(); press(box); }
      if (to !== undefined && !event.shiftKey) { event.preventDefault(); boxes[to]?.focus(); }
    });
  });
});

const openNow = () => data.frames[views.indexOf(shown)].opened;
const view = (opened) => data.frames.findIndex((frame) => String(frame.opened) === String(opened));

/* The view in which a layer is open, and with it a neighbour that was open, if there is such a view. */
function opening(layer) {
  for (const other of openNow()) {
    for (const both of [[other, layer], [layer, other]]) if (view(both) >= 0) return view(both);
  }
  return view([layer]);
}

const closing = (layer) => view(openNow().filter((other) => other !== layer));

/* Shows another view with the layer where it was. */
function turn(layer, index) {
  if (index < 0) return;
  const before = middleOf(layer);
  player.move(index);
  const place = partOf(layer);
  if (!place) return;
  if (camera.room(camera.whole) < READABLE) camera.hold(place, before);
  (place.matches(".node") ? place : firstWithin(layer)).focus({ preventScroll: true });
}

function partOf(layer) {
  const frame = data.frames[views.indexOf(shown)];
  const closed = Object.keys(frame.asked).find((part) => frame.asked[part].opens && frame.asked[part].layer === layer);
  return closed ? shown.querySelector(`[data-part="${closed}"]`) : shown.querySelector(`[data-layer="${CSS.escape(layer)}"]`);
}

function firstWithin(layer) {
  const frame = data.frames[views.indexOf(shown)];
  const part = Object.keys(frame.asked).find((one) => !frame.asked[one].opens && frame.asked[one].layer === layer);
  return part && shown.querySelector(`[data-part="${part}"]`);
}

function middleOf(layer) {
  const { left, top, width, height } = partOf(layer).getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}

/* A box that can be opened is; of any other is told what is in it. */
function press(box) {
  const said = data.frames[views.indexOf(shown)].asked[box.dataset.part];
  if (!said) return;
  if (said.opens) turn(said.layer, opening(said.layer));
  else ask(box.dataset.part);
}

function ask(part) {
  asked = part;
  const frame = data.frames[views.indexOf(shown)], said = frame.asked[part];
  for (const group of shown.querySelectorAll("g.node")) group.classList.toggle("asked", group.dataset.part === part);
  $("asked").textContent = said ? said.lines[0] : "";
  $("said").replaceChildren(...(said ? said.lines.slice(1) : hints(frame)).map((line) => {
    const made = document.createElement("div");
    made.textContent = line;
    return made;
  }));
  const layer = said && said.layer;
  $("toggle").hidden = !layer;
  if (layer) {
    $("toggle").textContent = `${said.opens ? "open" : "close"} ${layer}`;
    $("toggle").onclick = () => turn(layer, said.opens ? opening(layer) : closing(layer));
  }
  if (said) $("live").textContent = said.lines.join("; ");
}

function hints(frame) {
  const some = Object.values(frame.asked).some((said) => said.opens);
  return ["Click or Enter on a box says what is in it.", ...(some ? ["On a layer it opens its neurons."] : []),
    ...(frame.opened.length ? [`Open: ${frame.opened.join(", ")}. A click on the frame closes it.`] : [])];
}

$("stage").addEventListener("click", (event) => {
  const box = event.target.closest("g.node"), frame = event.target.closest("g.cluster.open");
  if (box) press(box);
  else if (frame) turn(frame.dataset.layer, closing(frame.dataset.layer));
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") ask(null); });

/* Where reading begins: the box that is nearest to the upper left. */
function first() {
  const corner = (box) => { const { x, y } = camera.boxOf(box); return x + y; };
  return [...shown.querySelectorAll("g.node")].reduce((one, other) => corner(other) < corner(one) ? other : one);
}

function show(frame, index) {
  shown = views[index];
  for (const svg of views) svg.classList.remove("shown");
  arrange(camera, { only: shown });
  camera.chosen = null;
  camera.look(camera.room(camera.whole) < LEGIBLE ? [first()] : []);
  camera.mark();
  ask(null);
  return frame.opened.length ? `${frame.opened.join(" and ")} open` : "all closed";
}

const player = play(show);
addEventListener("resize", () => player.redraw());
