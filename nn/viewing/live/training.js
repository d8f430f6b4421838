/* The training page: what people choose goes to Python, and what it says is drawn by the film's views. */
const tab = String(Math.random()).slice(2);
const PACES = { step: { steps: 1 }, epoch: { epochs: 1 }, all: { steps: 1e6, seconds: 0.05 } };
let begun = noted() ?? {}, page = null, settings = {}, off = {}, neurons = [], isTraining = false;
let counted = { step: 0, at: 0 }, told = 0, refused = "";

const wish = conversation((wishes) => {
  const { sample = 0, neuron = null } = page?.chosen ?? {}, { column, index } = neurons[neuron] ?? {};
  const begin = page ? {} : { begin: begun }, pace = isTraining ? PACES[$("pace").value] : { rests: true };
  return { tab, ...begin, sample, neuron: column ? [column - 1, index] : null, ...pace, ...wishes };
}, ({ error = "", stopped = "", code, ...head }, asked) => {
  say($("error"), error || stopped || refused); refused = "";
  if (error || stopped) train(false);
  if (code) { say($("listing").firstChild, code); $("listing").showModal(); }
  if (error && page) showSettings();
  else if (error && Object.keys(begun).length) {
    [begun, refused] = [{}, `These are other settings than in the address: ${error}`];
    wish();
  }
  if (head.moment) take(head);
  if (head.isWithin && !isTraining && Object.keys(asked).join() === "epochs") wish(asked);  // that takes longer
}, ({ error, stopped }) => isTraining && !error && !stopped);

function take({ specs = {}, moment, epoch, step, sample, weights = [], ...head }) {
  if (head.settings) {
    const { column, index } = neurons[page?.chosen.neuron] ?? {};
    ({ settings, off } = head);
    neurons = specs.followed?.neurons ?? neurons;
    const at = neurons.findIndex((other) => other.column === column && other.index === index);
    if (page) page.chosen.neuron = at < 0 ? null : at;  // it stands elsewhere where there are other inputs
    showSettings();
    $("whole").disabled = Boolean(head.whole);
    say($("why"), head.whole);
    note(settings);
  }
  if (page) page.build(specs);
  else page = show($("film"), specs, (choice) => "shade" in choice ? page.draw() : wish());
  page.chosen.sample = sample;
  const now = performance.now(), rate = (step - counted.step) / (now - counted.at) * 1000;
  const isRead = !isTraining || now - told > 200 || Object.keys(specs).length;  // numbers are read slowly
  const said = page.draw({ ...moment, epoch, step }, isRead ? [] : ["followed", "loss", "flow", "edges"]);
  if (!isRead) return;
  told = now;
  readOut(said);
  showWeights(page.chosen.neuron === null ? [] : weights);
  [["epochs", epoch], ["steps", step]].forEach(([id, n]) => say($(id), n.toLocaleString("en")));
  if (now - counted.at > 500 || !isTraining) {
    say($("rate"), isTraining && rate > 0 ? Math.round(rate).toLocaleString("en") : "–");
    counted = { step, at: now };
  }
}

/* ---- the weights of the chosen neuron; a click on an edge leads to its own */
function showWeights(weights) {
  const box = $("weights"), inputs = () => [...box.querySelectorAll("input")];
  box.hidden = $("neuron").disabled = !weights.length;
  if (inputs().map(({ name }) => name).join() !== weights.map(([place]) => place).join()) {
    const field = (place) => html("input", { type: "number", step: "any", name: place });
    const rows = weights.map(([place, name]) => html("label", {}, name, field(place)));
    box.replaceChildren(box.firstElementChild, ...rows);
  }
  inputs().forEach((input, i) => {
    const shown = { value: Number(Number(weights[i][2]).toPrecision(6)), title: weights[i][2] };
    if (input !== document.activeElement) Object.assign(input, shown);
  });
  if (!weights.length) return;
  inputs()[page.chosen.weight]?.focus();
  page.chosen.weight = null;
}
$("weights").addEventListener("change", ({ target: { name, valueAsNumber } }) => {
  wish(({ set = [] }) => ({ set: [...set, [Number(name), valueAsNumber]] }));
}, true);

/* ---- the settings: a form, whose fields have the names of settings; those of a fieldset make a list */
const form = $("settings"), fields = (name) => [...form.elements].filter((field) => field.name === name);
function set(changes) { wish((wished) => ({ settings: { ...wished.settings, ...changes } })); }
function valueOf(name) {
  const all = fields(name), values = all.filter(({ type, checked }) => type !== "checkbox" || checked)
    .map((field) => ["number", "range"].includes(field.type) ? field.valueAsNumber : field.value);
  return all[0].closest("fieldset") ? values : values[0];
}
for (const kind of ["input", "change"]) form.addEventListener(kind, ({ target: { name, type } }) => {
  if ((kind === "input") === (type === "range")) set({ [name]: valueOf(name) });
}, true);
function showSettings() {
  list($("sizes"), settings.hidden.map(() => ""), layer);
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
const layer = (i, value = "") =>
  html("input", { type: "number", name: "hidden", min: 1, value, "aria-label": `Neurons of layer ${i}` });
const layers = () => fields("hidden").map(({ valueAsNumber }) => valueAsNumber);  // those asked for among them
const setLayers = () => page && set({ hidden: layers() });
$("less").onclick = () => { $("sizes").lastChild?.remove(); setLayers(); };
$("more").onclick = () => {
  const { length: i, [i - 1]: last = 4 } = layers();
  if (i < data.layers) $("sizes").append(layer(i, last));
  setLayers();
};
form.onsubmit = (event) => event.preventDefault();

/* ---- what people do: a button says what it asks, and whether it ends a training that goes on */
function train(goesOn) {
  isTraining = goesOn;
  say($("train"), goesOn ? "Pause" : "Train");
}
$("train").onclick = () => { train(!isTraining); wish(); };
for (const button of document.querySelectorAll("[data-ask]")) button.onclick = () => {
  if ("pauses" in button.dataset) train(false);
  wish(JSON.parse(button.dataset.ask));
};
$("copy").onclick = () => navigator.clipboard.writeText($("listing").firstChild.textContent);
$("setup").open = innerWidth > 720;
wish();
