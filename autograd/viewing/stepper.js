/* The steps of a graph: what each makes known stands in the picture, and a box that is asked opens its ledger. */
let asked = null, step = 0;
const camera = new Camera((part) => { if (part === null || part in data.ledgers) ask(part); });

/* The picture after some frames, whichever was shown before. */
function paint(frames) {
  const { current, changed } = frames.at(-1), all = (kind) => frames.flatMap((frame) => frame[kind]);
  const marks = { current, changed, known: all("known"), passed: all("passed") };
  for (const [mark, parts] of Object.entries(marks)) camera.mark(mark, parts);
  const [values, gradients] = ["values", "gradients"].map((kind) => Object.assign({}, ...all(kind)));
  for (const part of Object.keys(data.ledgers)) {
    const fields = [...camera.part(part).querySelectorAll("text")].slice(-2);
    [values[part] ?? ["data ?", ""], gradients[part] ?? ["grad –", ""]].forEach(([text, exact], i) => {
      say(fields[i], text);
      change(fields[i], { "data-exact": exact });
    });
  }
}

function ask(part, look = false) {
  asked = part;
  if (look) camera.look([part]);
  tell();
  $("panel").scrollTop = 0;
  if (part) $("live").textContent = $("ledger").innerText;
}

/* The ledger of what is asked; a contribution is told from the step on in which it is made. */
function tell() {
  const ledger = data.ledgers[asked], row = (...contents) => html("li", {}, ...contents);
  const link = (part) => html("button", { class: "name", onclick: () => ask(part, true) }, data.ledgers[part].name);
  $("ledger").hidden = !ledger;
  $("step").hidden = Boolean(ledger);
  camera.mark("asked", [asked]);
  if (!ledger) return;
  say($("kind"), ledger.kind);
  say($("asked"), ledger.name);
  list($("made"), ledger.lines, () => html("div"));
  $("sources").replaceChildren(...ledger.parents.map((part) => row("made from ", link(part))));
  $("contributions").replaceChildren(...ledger.contributions.map((entry) => entry.step <= step ?
    row(`${entry.amount} from `, link(entry.child), ` = ${entry.product}`, html("div", {}, entry.rule)) :
    row("from ", link(entry.child), ` in step ${entry.step}`)));
  say($("together"), ledger.together.findLast(([from]) => from <= step)?.[1] ?? "");
}
$("close").onclick = () => ask(null);

function show(frame, index) {
  step = index;
  paint(data.frames.slice(0, index + 1));
  camera.look(frame.focus);
  tell();
  say($("phase"), frame.phase);
  say($("heading"), frame.heading);
  $("lines").replaceChildren(...frame.lines.map(([kind, text]) => html("div", { class: kind }, text)));
  $("rules-heading").hidden = !frame.rules.length;
  list($("rules"), frame.rules, () => html("li"));
  return `${frame.phase}. ${frame.heading}. ${frame.lines.map(([, text]) => text).join("; ")}`;
}

camera.arrange();
const player = play(show);
addEventListener("resize", () => { camera.arrange(); player.redraw(); });
