/* The formula page. What Python is asked hangs on this state alone; what Python says is only put in its place. */
const linked = noted(), state = { formula: "", numbers: {}, wrt: "", room: 0, drawn: "" };
let leaves = {}, rows = "";  // what Python said last of each name, and where it is shown
const camera = new Camera((part) => choose(Object.keys(leaves).find((name) => leaves[name].part === part)));

const wish = conversation((wishes) => (
  { ...state, stage: [$("stage").clientWidth, $("stage").clientHeight], ...wishes }
), (head, wishes) => {
  say($("error"), head.error ?? "");
  $("stage").classList.toggle("stale", Boolean(head.error));
  if (head.error) return;
  const { wrt, room, drawn, numbers, picture } = head;
  const all = "rate" in wishes ? { ...state.numbers, ...numbers } : { ...numbers, ...state.numbers };
  Object.assign(state, { wrt, room, drawn, numbers: all });
  ({ leaves } = head);
  if (picture) {
    $("stage").innerHTML = picture;
    look();
  }
  camera.write(head.texts);
  camera.mark("asked", [leaves[wrt]?.part]);
  if (head.rows !== rows) $("leaves").innerHTML = rows = head.rows;
  for (const row of $("leaves").children) fill(row, leaves[row.dataset.name]);
  for (const id of ["output", "chain"]) say($(id), head[id]);
  readOut(head.said);
  note({ formula: state.formula, numbers });
});

/* ---- the picture: another one only if the formula is; else its texts alone */

function look() {
  camera.show($("stage").firstChild);
  camera.fit(leaves[state.wrt]?.part);
}

/* ---- the names */

function fill(row, { share, gradient, reach }) {
  const [choice, slider, number] = row.querySelectorAll("input"), { name } = row.dataset, value = state.numbers[name];
  if (slider !== document.activeElement || !slider.max) Object.assign(slider, { min: -reach, max: reach });
  slider.value = value;
  if (number !== document.activeElement) number.value = Number(value.toPrecision(6));
  choice.checked = name === state.wrt;
  row.querySelector("i").style.transform = `scaleX(${share})`;
  say(row.querySelector(".gradient"), `grad ${gradient}`);
}

/* ---- what people do */

/* A name for the chain rule, and a number for it if it is given one. */
function choose(name, number) {
  if (!name) return;
  if (Number.isFinite(number)) state.numbers = { ...state.numbers, [name]: number };
  state.wrt = name;
  wish();
}
const nameOf = (field) => field.closest(".leaf").dataset.name;
$("leaves").addEventListener("input", ({ target }) => choose(nameOf(target), target.valueAsNumber), true);
$("leaves").addEventListener("focusout", ({ target }) => { target.value ||= state.numbers[nameOf(target)]; });
function begin(formula, numbers) {
  Object.assign(state, { formula, numbers, wrt: "", room: 0 });
  $("formula").value = formula;
  wish();
}
$("example").onchange = () => {
  begin(...data.examples[$("example").value]);
  $("example").value = "";
};
$("formula").oninput = () => { Object.assign(state, { formula: $("formula").value, room: 0 }); wish(); };
$("down").onclick = () => wish({ rate: $("rate").value ? $("rate").valueAsNumber : "nothing" });
$("play").onclick = () => wish({ play: true });
new ResizeObserver(() => { if (state.drawn) look(); wish(); }).observe($("stage"));
begin(...(typeof linked?.formula === "string" ? [linked.formula, { ...linked.numbers }] : data.first));
