/* What the steps change in one picture, found by the titles Graphviz gives its parts: node i is "v<i>", its operation
   "v<i>_op", and the edges from a parent to it are in the order of its parents. An edge into a part of a network is two
   lines: one to a pin at the border of the part, "v<i>_pin<j>", and one from there. */
class Picture {
  constructor(svg) {
    this.svg = svg;
    this.groups = partsOf(svg);
    this.titled = new Map();
    for (const group of this.groups) {
      const title = group.dataset.part.replace(/:[nesw]/g, "");  // whatever side a line begins and ends on
      for (const ends of new Set([title, title.replace(/_pin\d+->/, "->")])) {
        this.titled.set(ends, [...(this.titled.get(ends) || []), group]);
      }
    }
    this.kinds = new Map(this.groups.map((group) => [group, group.getAttribute("class")]));
    this.edges = new Map();
    for (const [child, parents] of data.parents) parents.forEach((parent, i) => {
      const nth = parents.slice(0, i).filter((other) => other === parent).length;
      this.edges.set(`${child},${i}`, this.titled.get(`v${parent}->v${child}_op`)[nth]);
    });
    this.fields = { values: new Map(), gradients: new Map() };
    for (const node of Object.keys(data.ledgers)) {
      const [value, gradient] = [...this.value(node).querySelectorAll("text")].slice(-2);
      this.fields.values.set(node, value);
      this.fields.gradients.set(node, gradient);
    }
  }

  part(title) { return (this.titled.get(title) || [])[0]; }
  value(node) { return this.part(`v${node}`); }
  operation(node) { return this.part(`v${node}_op`); }
  edge(edge) {
    const line = this.edges.get(String(edge)), [pin, tail] = line.dataset.part.match(/^(v\d+)_pin\d+/) || [];
    return pin ? [this.part(`${tail}->${pin}`), line] : [line];
  }

  /* As it stands after a frame, whichever was shown before; what stays as it is is left alone, as layout takes time. */
  paint(index) {
    const state = { values: new Map(), gradients: new Map(), marks: new Map(this.groups.map((group) => [group, new Set()])) };
    for (const past of data.frames.slice(0, index + 1)) this.learn(past, state);
    this.point(data.frames[index], state.marks);
    for (const [group, marks] of state.marks) {
      const names = [this.kinds.get(group), ...marks].join(" ");
      if (group.getAttribute("class") !== names) group.setAttribute("class", names);
    }
    for (const kind of ["values", "gradients"]) {
      for (const [node, field] of this.fields[kind]) {
        const [text, exact = ""] = state[kind].get(node) || [UNKNOWN[kind]];
        if (field.textContent !== text) field.textContent = text;
        field.dataset.exact = exact;
      }
    }
  }

  /* What is known after a frame that was not before. */
  learn(past, { values, gradients, marks }) {
    const know = (group, ...also) => { for (const mark of ["known", ...also]) if (group) marks.get(group).add(mark); };
    for (const [kind, known] of [["values", values], ["gradients", gradients]]) {
      for (const [node, texts] of Object.entries(past[kind])) {
        known.set(node, texts);
        know(this.value(node));
      }
    }
    if (past.node !== null) {
      know(this.operation(past.node));
      know(this.part(`v${past.node}_op->v${past.node}`));
    }
    for (const line of past.edges.flatMap((edge) => this.edge(edge))) {
      know(line, ...(past.phase === "Backward" ? ["passed"] : []));
    }
  }

  /* What this step is about. */
  point(frame, marks) {
    if (frame.node === null) return;
    for (const group of [this.value(frame.node), this.operation(frame.node), ...frame.edges.flatMap((edge) => this.edge(edge))]) {
      if (group) marks.get(group).add("current");
    }
    for (const node of Object.keys(frame.gradients)) marks.get(this.value(node)).add("changed");
  }

  /* What changed in a step and then what caused it: what the camera looks at. */
  inFocus(frame) {
    if (frame.node === null) return [];
    const nodes = [...Object.keys(frame.values), ...Object.keys(frame.gradients), String(frame.node)];
    for (const [child, i] of frame.edges) nodes.push(String(parentsOf.get(child)[i]));
    const [changed, ...causes] = [...new Set(nodes)].map((node) => this.value(node));
    const operation = frame.edges.length ? [this.operation(frame.node)] : [];
    return [changed, ...operation, ...causes];
  }
}

const UNKNOWN = { values: "data ?", gradients: "grad –" };
const parentsOf = new Map(data.parents);
const svgs = Object.fromEntries([...document.querySelectorAll("#stage > svg")].map((svg) => [svg.classList[0], svg]));
const pictures = new Map(Object.values(svgs).map((svg) => [svg, new Picture(svg)]));
const camera = new Camera($("stage"), $("overview"));
let picture = pictures.get(arrange(camera, svgs));

/* ---- the ledger of a box that is asked */

let asked = null, shownStep = 0;

function link(node) {
  const button = html("button", { class: "name" }, data.ledgers[node].name);
  button.onclick = () => ask(String(node), true);
  return button;
}

const row = (...contents) => html("li", {}, ...contents);

function ask(node, look) {
  asked = node;
  if (look) camera.look([picture.value(node)]);
  showLedger();
  $("panel").scrollTop = 0;
  if (node !== null) $("live").textContent = $("ledger").innerText;
}

/* A contribution is told from the step on in which it is made. */
function showLedger() {
  const ledger = data.ledgers[asked];
  $("ledger").hidden = !ledger;
  $("step").hidden = Boolean(ledger);
  for (const group of picture.groups) group.classList.toggle("asked", group.dataset.part === `v${asked}`);
  if (!ledger) return;
  $("kind").textContent = ledger.kind;
  $("asked").textContent = ledger.name;
  $("made").replaceChildren(...[...ledger.lines, ledger.rule].map((line, i) => html("div", { class: i ? "continued" : "" }, line)));
  $("sources").replaceChildren(...ledger.parents.map((node) => row("made from ", link(node))));
  const known = ledger.contributions.filter((entry) => entry.step <= shownStep);
  $("contributions").replaceChildren(...ledger.contributions.map((entry) => entry.step <= shownStep ?
    row(`${entry.amount} from `, link(entry.child), ` = ${entry.product}`, html("div", {}, entry.rule)) :
    row("from ", link(entry.child), ` in step ${entry.step}`)));
  const isRoot = asked === rootNode;
  $("together").textContent = isRoot ? "1, where backward begins" : !ledger.contributions.length ? "0: nothing reaches it" :
    known.length > 1 ? `${known.length === ledger.contributions.length ? "together" : "so far"} ${known.at(-1).together}` : "";
}

const rootNode = Object.keys(data.ledgers).at(-1);
const nodeOf = (box) => box.dataset.part.match(/\d+/)[0];
for (const one of pictures.values()) {
  const boxes = Object.keys(data.ledgers).map((node) => one.value(node));
  for (const box of boxes) box.setAttribute("aria-label", data.ledgers[nodeOf(box)].name);
  camera.attend(boxes, (box) => ask(nodeOf(box)));
}
$("stage").addEventListener("click", (event) => {
  const box = event.target.closest("g.node");
  if (box && nodeOf(box) in data.ledgers) ask(nodeOf(box));
});
$("close").onclick = () => ask(null);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") ask(null); });

function show(frame, index) {
  shownStep = index;
  picture.paint(index);
  camera.look(picture.inFocus(frame));
  camera.mark();
  showLedger();
  $("phase").textContent = frame.phase;
  $("heading").textContent = frame.heading;
  $("lines").replaceChildren(...frame.lines.map(([kind, text]) => html("div", { class: kind }, text)));
  $("rules-heading").hidden = !frame.rules.length;
  $("rules").replaceChildren(...frame.rules.map((rule) => html("li", {}, rule)));
  return `${frame.phase}. ${frame.heading}. ${frame.lines.map(([, text]) => text).join("; ")}`;
}

const player = play(show);
addEventListener("resize", () => { picture = pictures.get(arrange(camera, svgs)); player.redraw(); });
