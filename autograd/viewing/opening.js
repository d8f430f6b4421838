/* Each view has a picture of its own for each shape of stage. A box that stands for a layer opens into its neurons, and
   its frame closes it again: what was a box before is where it was, as far as the stage has room. */
let frame = null;
const ask = (part) => Object.hasOwn(frame.turns, part) ? turn(part) : tell(part);
const camera = new Camera(ask);
$("panel").onclick = ({ target }) => { if (target.matches("button")) ask(target.value); };

/* Shows the view in which a layer is the other way, open or closed, with the layer where it was. */
function turn(part) {
  const { view, held, focused } = frame.turns[part], before = camera.part(part).getBoundingClientRect();
  player.move(view);
  if (camera.room(camera.whole) < READABLE) camera.hold(camera.part(held), before);
  camera.part(focused).focus({ preventScroll: true });
}

function tell(part) {
  const told = part ? frame.told[part] : frame.hints;
  if (!told) return;
  camera.mark("asked", [part]);
  $("told").innerHTML = told;
  if (part) say($("live"), $("told").innerText);
}

function show(now, index) {
  frame = now;
  camera.arrange(String(index));
  const corner = (box) => boxOf(box).x + boxOf(box).y;  // where reading begins
  const [first] = [...camera.picture.querySelectorAll(".node")].sort((a, b) => corner(a) - corner(b));
  camera.fit(first.dataset.part);
  tell("");
  return frame.said;
}

const player = play(show);
addEventListener("resize", player.redraw);
