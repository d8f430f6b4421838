/* Each view has a picture of its own for each shape of stage. A box that stands for a layer opens into its neurons, and its frame closes it
   again: what was a box before is where it was, as far as the stage has room. */
const svgs = [...document.querySelectorAll("#stage > svg")];
const camera = new Camera($("stage"), $("overview"));
const LEGIBLE = 0.45;  // the scale below which a picture is not shown whole: nothing in it could be made out
let shown = null, frame = null;
document.body.classList.toggle("single", data.frames.length === 1);

svgs.forEach((svg) => {
  const { opened, asked } = data.frames[svg.dataset.view], parts = new Map(partsOf(svg).map((part) => [part.dataset.part, part]));
  for (const cluster of svg.querySelectorAll("g.cluster")) {
    const name = cluster.querySelector("text")?.textContent;
    if (opened.includes(name)) { cluster.dataset.layer = name; cluster.classList.add("open"); }
  }
  const boxes = Object.keys(asked).map((part) => parts.get(part)).filter(Boolean);
  for (const box of boxes) {
    const { lines, opens } = asked[box.dataset.part];
    box.setAttribute("aria-label", lines[0] + (opens ? ", closed" : ""));
  }
  camera.attend(boxes, press);
});

const view = (opened) => data.frames.findIndex((frame) => String(frame.opened) === String(opened));

/* The view in which a layer is open, and with it a neighbour that was open, if there is such a view. */
function opening(layer) {
  for (const other of frame.opened) {
    for (const both of [[other, layer], [layer, other]]) if (view(both) >= 0) return view(both);
  }
  return view([layer]);
}

const closing = (layer) => view(frame.opened.filter((other) => other !== layer));

/* Shows another view with the layer where it was. */
function turn(layer, index) {
  if (index < 0) return;
  const before = middleOf(layer);
  player.move(index);
  const place = partOf(layer);
  if (!place) return;
  if (camera.room(camera.whole) < READABLE) camera.hold(place, before);
  (place.matches(".node") ? place : boxOf(layer, false)).focus({ preventScroll: true });
}

/* The first box of a layer: the one that opens it, or one within. */
function boxOf(layer, opens) {
  const part = Object.keys(frame.asked).find((one) => frame.asked[one].layer === layer && frame.asked[one].opens === opens);
  return part && shown.querySelector(`[data-part="${part}"]`);
}
const partOf = (layer) => boxOf(layer, true) || shown.querySelector(`[data-layer="${CSS.escape(layer)}"]`);

function middleOf(layer) {
  const { left, top, width, height } = partOf(layer).getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}

/* A box that can be opened is; of any other is told what is in it. */
function press(box) {
  const said = frame.asked[box.dataset.part];
  if (!said) return;
  if (said.opens) turn(said.layer, opening(said.layer));
  else ask(box.dataset.part);
}

function ask(part) {
  const said = frame.asked[part];
  for (const group of shown.querySelectorAll("g.node")) group.classList.toggle("asked", group.dataset.part === part);
  $("asked").textContent = said ? said.lines[0] : "";
  $("said").replaceChildren(...(said ? said.lines.slice(1) : hints()).map((line) => html("div", {}, line)));
  const layer = said && said.layer;
  $("toggle").hidden = !layer;
  if (layer) {
    $("toggle").textContent = `${said.opens ? "open" : "close"} ${layer}`;
    $("toggle").onclick = () => turn(layer, said.opens ? opening(layer) : closing(layer));
  }
  if (said) $("live").textContent = said.lines.join("; ");
}

function hints() {
  const some = Object.values(frame.asked).some((said) => said.opens);
  return ["Click or Enter on a box says what is in it.", ...(some ? ["On a layer it opens its neurons."] : []),
    ...(frame.opened.length ? [`Open: ${frame.opened.join(", ")}. A click on the frame closes it.`] : [])];
}

$("stage").addEventListener("click", (event) => {
  const box = event.target.closest("g.node"), layer = event.target.closest("g.cluster.open")?.dataset.layer;
  if (box) press(box);
  else if (layer) turn(layer, closing(layer));
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape") ask(null); });

/* Where reading begins: the box that is nearest to the upper left. */
function first() {
  const corner = (box) => { const { x, y } = camera.boxOf(box); return x + y; };
  return [...shown.querySelectorAll("g.node")].reduce((one, other) => corner(other) < corner(one) ? other : one);
}

function show(now, index) {
  for (const svg of svgs) svg.classList.remove("shown");
  const shapes = svgs.filter((svg) => svg.dataset.view === String(index)).map((svg) => [svg.classList[0], svg]);
  [frame, shown] = [now, arrange(camera, Object.fromEntries(shapes))];
  camera.chosen = null;
  camera.look(camera.room(camera.whole) < LEGIBLE ? [first()] : []);
  camera.mark();
  ask(null);
  return frame.opened.length ? `${frame.opened.join(" and ")} open` : "all closed";
}

const player = play(show);
addEventListener("resize", () => player.redraw());
