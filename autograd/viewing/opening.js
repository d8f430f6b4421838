/* Each view has a picture of its own for each shape of stage. A box that stands for a layer opens into its neurons, and
   its frame closes it again: what was a box before is where it was, as far as the stage has room. */
const LEGIBLE = 0.45;  // the scale below which a picture is not shown whole: nothing in it could be made out
let frame = null;
const camera = new Camera(ask);
$("panel").onclick = ({ target }) => { if (target.matches("button")) ask(target.value); };

function ask(part) {
  if (part in frame.turns) turn(part);
  else if (part in frame.told || !part) tell(part);
}

/* Shows the view in which a layer is the other way, open or closed, with the layer where it was. */
function turn(part) {
  const { view, held, focused } = frame.turns[part], before = camera.part(part).getBoundingClientRect();
  player.move(view);
  if (camera.room(camera.whole) < READABLE) camera.hold(camera.part(held), before);
  camera.part(focused).focus({ preventScroll: true });
}

function tell(part) {
  camera.mark("asked", [part]);
  $("told").innerHTML = frame.told[part] ?? frame.hints;
  if (part) say($("live"), $("told").innerText);
}

function show(now, index) {
  frame = now;
  camera.arrange(String(index));
  const corner = (box) => boxOf(box).x + boxOf(box).y;  // where reading begins
  const [first] = [...camera.picture.querySelectorAll(".node")].sort((a, b) => corner(a) - corner(b));
  camera.fit(first.dataset.part, LEGIBLE);
  tell("");
  return frame.said;
}

const player = play(show);
addEventListener("resize", player.redraw);
