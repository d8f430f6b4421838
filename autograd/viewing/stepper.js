/* The steps of a graph: what each makes known stands in the picture, and a box that is asked opens its ledger. */
let asked = "", frame = null, step = 0;
const camera = new Camera((part) => { if (part in data.ledgers) ask(part); });

function ask(part) {
  asked = part;
  tell();
  $("panel").scrollTop = 0;
  if (part) say($("live"), $("told").innerText);
}
$("panel").onclick = ({ target }) => {
  if (!target.matches("button")) return;
  if (target.value) camera.look([target.value]);
  ask(target.value);
};

/* Of what is asked its ledger, each piece as it is at this step; or else the step. */
function tell() {
  const ledger = data.ledgers[asked], now = (piece) => piece.findLast(([from]) => from <= step)[1];
  camera.mark("asked", [asked]);
  $("told").innerHTML = ledger ? ledger.map(now).join("") : frame.told;
}

/* A frame, whichever was shown before: the picture is what all frames up to it have made of it. */
function show(now, index) {
  const frames = data.frames.slice(0, index + 1), all = (kind) => frames.flatMap((one) => one[kind]);
  const marks = { current: now.current, changed: now.changed, known: all("known"), passed: all("passed") };
  for (const [mark, parts] of Object.entries(marks)) camera.mark(mark, parts);
  camera.write(Object.assign({}, ...frames.map(({ texts }) => texts)));
  camera.look(now.focus);
  [frame, step] = [now, index];
  tell();
  return frame.said;
}

camera.arrange();
const player = play(show);
addEventListener("resize", () => { camera.arrange(); player.redraw(); });
