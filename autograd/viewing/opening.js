/* Each view has a picture of its own for each shape of stage. A box that stands for a layer opens into its neurons, and
   its frame closes it again: what was a box before is where it was, as far as the stage has room. */
const LEGIBLE = 0.45;  // the scale below which a picture is not shown whole: nothing in it could be made out
let frame = null;
document.body.classList.toggle("single", data.frames.length === 1);

const camera = new Camera((part) => {
  const { layer, opens } = frame.asked[part] ?? {};
  if (opens) turn(layer);
  else if (part in frame.turns) turn(part);
  else if (layer !== undefined || part === null) tell(part);
});

/* Shows the view in which a layer is the other way, open or closed, with the layer where it was. */
function turn(layer) {
  const place = () => camera.part(layer) ?? camera.part(frame.boxes[layer]);
  const { left, top, width, height } = place().getBoundingClientRect();
  if (frame.turns[layer] < 0) return;
  player.move(frame.turns[layer]);
  const before = { clientX: left + width / 2, clientY: top + height / 2 };
  if (camera.room(camera.whole) < READABLE) camera.hold(place(), before);
  camera.part(frame.boxes[layer]).focus({ preventScroll: true });
}

function tell(part) {
  const { lines: [name, ...lines], layer, opens } = frame.asked[part] ?? { lines: ["", ...frame.hints] };
  camera.mark("asked", [part]);
  say($("asked"), name);
  list($("said"), lines, () => html("div"));
  Object.assign($("toggle"), { hidden: !layer, onclick: () => turn(layer) });
  say($("toggle"), `${opens ? "open" : "close"} ${layer}`);
  if (name) say($("live"), [name, ...lines].join("; "));
}

function show(now, index) {
  frame = now;
  camera.arrange(String(index));
  camera.chosen = null;
  const corner = (box) => camera.boxOf(box).x + camera.boxOf(box).y;  // where reading begins
  const [first] = [...camera.picture.querySelectorAll(".node")].sort((a, b) => corner(a) - corner(b));
  camera.look(camera.room(camera.whole) < LEGIBLE ? [first.dataset.part] : []);
  tell(null);
  return frame.opened.length ? `${frame.opened.join(" and ")} open` : "all closed";
}

const player = play(show);
addEventListener("resize", player.redraw);
