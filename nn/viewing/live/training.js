/* The training page: what people choose goes to Python, and what it says is drawn by the film's views. */
const tab = String(Math.random()).slice(2), chosen = { sample: 0, neuron: null, shade: "picture" };
const PACES = { step: { steps: 1 }, epoch: { epochs: 1 }, all: { steps: 1e6, seconds: 0.026 } };
let begun = noted() ?? {}, page = null, moment = null, settings = {}, neurons = [], isTraining = false;
let unsent = {}, byHand = {};  // settings and weights that go with the next question
let counted = { step: 0, at: 0 }, told = 0;

function place() {
  const { column, index } = neurons[chosen.neuron] ?? {};
  return column ? [column - 1, index] : null;
}
const wish = conversation((wishes) => {
  unsent = byHand = {};
  const begin = page ? {} : { begin: begun };
  const pace = isTraining ? PACES[$("pace").value] : {};
  return { tab, ...begin, sample: chosen.sample, neuron: place(), ...pace, ...wishes };
}, (packed, bytes, wishes) => {
  $("error").textContent = packed.error || packed.stopped || "";
  if ($("error").textContent) pause();
  if (packed.code) { $("listing").firstChild.textContent = packed.code; $("listing").showModal(); }
  if (packed.error && !page && Object.keys(begun).length) { begun = {}; wish(); }  // an address of other settings
  if (packed.error && page) showSettings();
  if (packed.moment) take(unpacked(packed, bytes));
}, ({ error, stopped }) => isTraining && !error && !stopped);

function take(head) {
  Object.assign(chosen, { sample: head.sample });
  if (head.settings) {
    ({ settings } = head);
    neurons = head.specs.followed?.neurons ?? neurons;
    if (chosen.neuron >= neurons.length) chosen.neuron = null;
    showSettings(head.off);
    $("whole").disabled = Boolean(head.whole);
    $("why").textContent = head.whole;
    note(settings);
  }
  if (!page) page = show($("film"), head.specs, choose);
  else if (head.specs) page.build(head.specs);
  moment = { ...head.moment, epoch: head.epoch };
  const now = performance.now(), rate = (head.step - counted.step) / (now - counted.at) * 1000;
  const isRead = !isTraining || now - told > 200;  // words are read more slowly than pictures are seen
  const said = page.draw({ ...moment, ...chosen }, isRead ? "" : "followed");
  if (!isRead) return;
  told = now;
  readOut(said);
  showWeights(head.weights ?? []);
  [["epochs", head.epoch], ["steps", head.step]].forEach(([id, n]) => say($(id), n.toLocaleString("en")));
  if (now - counted.at > 500) {
    $("rate").textContent = isTraining && rate > 0 ? Math.round(rate).toLocaleString("en") : "–";
    counted = { step: head.step, at: now };
  }
}

/* What is chosen in a picture. */
function choose(question) {
  Object.assign(chosen, question);
  if ("shade" in question) page.draw({ ...moment, ...chosen });
  else wish();
}

/* ---- the weights of the chosen neuron */
function showWeights(weights) {
  const box = $("weights"), rows = [...box.querySelectorAll("label")];
  box.hidden = $("neuron").disabled = !weights.length;
  if (rows.map((row) => row.dataset.place).join() !== weights.map(([at]) => at).join()) {
    rows.splice(0).forEach((row) => row.remove());
    for (const [at, name] of weights) {
      const input = html("input", { type: "number", step: "any" });
      input.onchange = () => {
        byHand = { ...byHand, [at]: input.valueAsNumber };
        wish({ set: Object.entries(byHand).map(([place, number]) => [Number(place), number]) });
      };
      rows.push(html("label", { "data-place": at }, name, input));
    }
    box.append(...rows);
  }
  if (wanted >= 0 && rows.length) rows[wanted]?.querySelector("input").focus();
  wanted = -1;
  weights.forEach(([, , number], i) => {
    const input = rows[i].querySelector("input");
    const shown = { value: Number(Number(number).toPrecision(6)), title: number };
    if (input !== document.activeElement) Object.assign(input, shown);
  });
}

/* A click on an edge leads to its weight. */
let wanted = -1;
$("film").addEventListener("click", ({ target }) => {
  if (!target.matches("line.hit")) return;
  let i = [...target.parentNode.children].indexOf(target);
  choose({ neuron: neurons.findIndex(({ column, terms }) => column && (i -= terms) < 0) });
  wanted = i + neurons[chosen.neuron].terms;
});

/* ---- the settings: a form, whose fields have the names of settings; those of a fieldset make a list */
const form = $("settings"), fields = (name) => [...form.elements].filter((field) => field.name === name);
let off = {};
function set(changes) {
  unsent = { ...unsent, ...changes };
  wish({ settings: unsent });
}
function valueOf(name) {
  const all = fields(name), values = all.filter(({ type, checked }) => type !== "checkbox" || checked)
    .map((field) => ["number", "range"].includes(field.type) ? field.valueAsNumber : field.value);
  return all[0].closest("fieldset") ? values : values[0];
}
for (const kind of ["input", "change"]) form.addEventListener(kind, ({ target: { name, type } }) => {
  if ((kind === "input") === (type === "range")) set({ [name]: valueOf(name) });
}, true);
function showSettings(reasons = off) {
  off = reasons;
  const label = (i) => html("input", { type: "number", name: "hidden", min: 1, "aria-label": `Neurons of layer ${i}` });
  list($("sizes"), settings.hidden.map(() => ""), label);
  $("less").hidden = !settings.hidden.length;
  $("more").hidden = settings.hidden.length === data.layers;
  for (const group of form.children) {
    const { name } = group.dataset, value = settings[name], told = group.querySelector("output");
    group.title = off[name] ?? "";
    if (told) say(told, String(value));
    fields(name).forEach((field, i) => {
      field.disabled = name in off;
      if (field.type === "checkbox") field.checked = value.includes(field.value);
      else if (field.type !== "range" || field !== document.activeElement) field.value = [value].flat()[i];
    });
  }
}
$("less").onclick = () => set({ hidden: settings.hidden.slice(0, -1) });
$("more").onclick = () => set({ hidden: [...settings.hidden, settings.hidden.at(-1) ?? 4] });
form.onsubmit = (event) => event.preventDefault();

/* ---- what people do */
function pause() {
  isTraining = false;
  $("train").textContent = "Train";
}
function toggle() {
  if (isTraining) return pause();
  isTraining = true;
  $("train").textContent = "Pause";
  wish();
}
$("train").onclick = toggle;
$("restart").onclick = () => wish({ restart: true });
$("step").onclick = () => { pause(); wish({ steps: 1 }); };
$("epoch").onclick = () => { pause(); wish({ epochs: 1 }); };
$("neuron").onclick = () => { pause(); wish({ play: "neuron" }); };
$("whole").onclick = () => { pause(); wish({ play: "sample" }); };
$("code").onclick = () => wish({ code: true });
$("copy").onclick = () => navigator.clipboard.writeText($("listing").firstChild.textContent);
$("hide").onclick = () => $("listing").close();
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.target.closest("input, select, button, dialog, summary")) return;
  const action = { " ": toggle, ArrowRight: $("step").onclick, r: $("restart").onclick }[event.key];
  if (action) { event.preventDefault(); action(); }
});
$("setup").open = innerWidth > 720;
wish();
