/* The formula page. What Python is asked hangs on this state alone; what Python says is only put in its place. */
const linked = noted(), state = { wrt: "", room: 0, drawn: "", numbers: {} };
const camera = new Camera($("stage"), $("overview"));
const parts = new Map();  // of the picture, by Graphviz's titles

const wish = conversation((wishes) => {
  const { formula, numbers, wrt, room, drawn } = state;
  return { formula, numbers, wrt, room, drawn, stage: [$("stage").clientWidth, $("stage").clientHeight], ...wishes };
}, (head, _, wishes) => {
  $("error").textContent = head.error ?? "";
  $("stage").classList.toggle("stale", Boolean(head.error));
  if (head.error) return;
  const names = Object.keys(head.leaves);
  for (const name of names) {
    if (!(name in state.numbers) || "rate" in wishes) state.numbers[name] = head.leaves[name].number;
  }
  Object.assign(state, { wrt: head.wrt, room: head.room, drawn: head.drawn, part: head.leaves[head.wrt]?.part });
  if (head.picture) show(head.picture);
  for (const [title, found] of Object.entries(head.texts)) {
    found.forEach((texts, i) => put(parts.get(title)?.[i], texts));
  }
  if (names.join() !== [...$("leaves").children].map((row) => row.dataset.name).join()) {
    $("leaves").replaceChildren(...names.map(leafRow));
  }
  for (const row of $("leaves").children) showLeaf(row, head.leaves[row.dataset.name]);
  $("output").textContent = head.output;
  $("chain").textContent = head.chain;
  const chosen = head.leaves[head.wrt];
  readOut(chosen ? `${head.output}, gradient by ${head.wrt} ${chosen.gradient}` : head.output);
  note({ formula: state.formula, numbers: Object.fromEntries(names.map((name) => [name, state.numbers[name]])) });
});

/* ---- the picture: another one only if the formula is; else its texts alone */

function show(picture) {
  const svg = document.importNode(new DOMParser().parseFromString(picture, "image/svg+xml").documentElement, true);
  svg.classList.add("shown");
  $("stage").replaceChildren(svg);
  parts.clear();
  for (const group of svg.querySelectorAll("g.node, g.edge")) {
    const title = group.querySelector("title").textContent;
    parts.set(title, [...(parts.get(title) ?? []), group]);
  }
  for (const title of svg.querySelectorAll("title")) title.remove();
  look();
}
/* At all of it; where that could not be read, at the chosen name, and the overview shows the rest. */
function look() {
  const svg = $("stage").firstChild, chosen = parts.get(state.part)?.[0];
  if (!svg) return;
  camera.measure();
  camera.show(svg);
  camera.fit();
  if (camera.scale < 0.6 && chosen) { camera.chosen = READABLE; camera.look([chosen]); }
}
/* The last texts of a part are its numbers; the hint is what is shown where the pointer rests. */
function put(group, texts) {
  const hint = texts.at(-1), numbers = texts.slice(0, -1);
  const fields = [...(group?.querySelectorAll("text") ?? [])].slice(-numbers.length);
  fields.forEach((field, i) => { if (field.textContent !== numbers[i]) field.textContent = numbers[i]; });
  group?.querySelector("a")?.setAttribute("xlink:title", hint);
}

/* ---- the names */

function leafRow(name) {
  const choice = html("input", { type: "radio", name: "wrt", "aria-label": `Chain rule of ${name}` });
  const slider = html("input", { type: "range", step: "any", "aria-label": name });
  const number = html("input", { type: "number", step: "0.1", "aria-label": `${name}, exactly` });
  const bar = html("span", { class: "bar", "aria-hidden": "true" }, html("i"));
  choice.onchange = () => { state.wrt = name; wish(); };
  for (const input of [slider, number]) input.oninput = () => {
    if (!Number.isFinite(input.valueAsNumber)) return;
    Object.assign(state.numbers, { [name]: input.valueAsNumber });
    state.wrt = name;
    wish();
  };
  const label = html("label", {}, choice, html("b", {}, name)), gradient = html("span", { class: "gradient" });
  return html("div", { class: "leaf", "data-name": name }, label, slider, number, bar, gradient);
}
function showLeaf(row, { share, gradient, part }) {
  const [choice, slider, number] = row.querySelectorAll("input"), value = state.numbers[row.dataset.name];
  if (slider !== document.activeElement || !slider.max) {
    const reach = Math.max(4, 2 ** Math.ceil(Math.log2(Math.abs(value) || 1)));
    Object.assign(slider, { min: -reach, max: reach });
  }
  slider.value = value;
  if (number !== document.activeElement) number.value = Number(value.toPrecision(6));
  choice.checked = row.dataset.name === state.wrt;
  const box = parts.get(part)?.[0];
  box?.classList.toggle("asked", choice.checked);
  if (box && !box.dataset.leaf) box.dataset.leaf = row.dataset.name;
  row.querySelector("i").style.transform = `scaleX(${share})`;
  row.querySelector(".gradient").textContent = `grad ${gradient}`;
}

/* ---- what people do */

function begin({ formula, numbers }) {
  Object.assign(state, { formula, numbers: { ...numbers }, wrt: "", room: 0 });
  $("formula").value = formula;
  wish();
}
for (const name of Object.keys(data.examples)) $("example").append(html("option", {}, name));
$("example").onchange = () => {
  const [formula, numbers] = data.examples[$("example").value];
  begin({ formula, numbers });
  $("example").value = "";
};
$("formula").oninput = () => { Object.assign(state, { formula: $("formula").value, room: 0 }); wish(); };
$("down").onclick = () => wish({ rate: $("rate").value ? $("rate").valueAsNumber : "nothing" });
$("play").onclick = () => wish({ play: true });
$("stage").addEventListener("click", (event) => {
  const leaf = event.target.closest("g.leaf")?.dataset.leaf;
  if (leaf) { state.wrt = leaf; wish(); }
});
for (const id of ["controls", "player"]) {  // their keys are not the camera's
  $(id).addEventListener("keydown", (event) => event.stopPropagation());
}
new ResizeObserver(() => { look(); wish(); }).observe($("stage"));
begin(typeof linked?.formula === "string" ? linked : data.first);
