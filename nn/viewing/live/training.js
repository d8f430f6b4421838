/* The training page: what people choose goes to Python, and what it says is drawn by the film's views. */
const tab = String(Math.random()).slice(2);
let page = null, settings = {}, off = {}, isTraining = false, counted = { step: 0, at: 0 }, told = 0, refused = "";

const wish = conversation((wishes) => {
  const pace = isTraining ? JSON.parse($("pace").selectedOptions[0].dataset.ask) : { rests: true };
  if (!page) return { tab, begin: noted() ?? {}, ...pace, ...wishes };
  const { sample, neuron } = page.chosen, { column, index } = page.specs.followed.neurons[neuron] ?? {};
  return { tab, sample, neuron: column ? [column - 1, index] : null, ...pace, ...wishes };
}, ({ error = "", stopped = "", code, ...head }, asked) => {
  say($("error"), error || stopped || refused);
  refused = isTraining || Object.keys(asked).length ? error : "";
  if (refused) wish();  // Python trained on: with the next answer, where it is
  if (error || stopped) train(false);
  if (code) { say($("listing").firstChild, code); $("listing").showModal(); }
  if (error && page) showSettings();
  if (head.moment) take(head);
  if (head.isWithin && !isTraining && Object.keys(asked).join() === "epochs") wish(asked);  // that takes longer
}, ({ error, stopped }) => isTraining && !error && !stopped);

function take({ specs = {}, moment, epoch, step, sample, weights = [], ...head }) {
  if (head.settings) {
    ({ settings, off } = head);
    showSettings();
    $("whole").disabled = Boolean(head.whole);
    say($("why"), head.whole);
    note(settings);
  }
  page ??= show($("film"), specs, (choice) => "shade" in choice ? page.draw() : wish());
  page.build(specs);
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
  const box = $("weights"), inputs = box.getElementsByTagName("input");
  box.hidden = $("neuron").disabled = !weights.length;
  if (Array.from(inputs, ({ name }) => name).join() !== weights.map(([place]) => place).join()) {
    const field = (name) => html("input", { type: "number", step: "any", name });
    box.replaceChildren(box.firstElementChild, ...weights.map(([at, name]) => html("label", {}, name, field(at))));
  }
  const six = (title) => String(Number(Number(title).toPrecision(6)));
  const isWritten = (input) => input === document.activeElement && input.value !== six(input.title);
  weights.forEach(([, , title], i) =>
    Object.assign(inputs[i], { title }, isWritten(inputs[i]) ? {} : { value: six(title) }));
  if (!weights.length) return;
  inputs[page.chosen.weight]?.focus();
  page.chosen.weight = null;
}
$("weights").addEventListener("change", ({ target: { name, valueAsNumber } }) =>
  wish(({ set = [] }) => ({ set: [...set, [Number(name), valueAsNumber]] })), true);

/* ---- the settings: fields that have their names; those of a fieldset make a list of what is checked, or not hidden */
const form = $("settings"), fields = (name) => [...form.querySelectorAll(`[name=${name}]`)], layers = fields("hidden");
function set(name) {
  const given = fields(name).filter((field) => !field.matches("[hidden], [type=checkbox]:not(:checked)"));
  const values = given.map(({ type, value, valueAsNumber }) => /number|range/.test(type) ? valueAsNumber : value);
  const value = form.querySelector(`fieldset [name=${name}]`) ? values : values[0];
  wish(({ settings: wished }) => ({ settings: { ...wished, [name]: value } }));
}
for (const kind of ["input", "change"]) form.addEventListener(kind, ({ target: { name, type } }) => {
  if ((kind === "input") === (type === "range")) set(name);
}, true);
function showSettings() {
  layers.forEach((field, i) => { field.hidden = i >= settings.hidden.length; });
  for (const group of form.children) {
    const { name } = group.dataset, values = [settings[name]].flat(), told = group.querySelector("output");
    group.title = off[name] ?? "";
    if (told) say(told, String(values));
    fields(name).forEach((field, i) => {
      field.disabled = name in off;
      if (field.type === "checkbox") field.checked = values.includes(field.value);
      else if (field.type !== "range" || field !== document.activeElement) field.value = values[i] ?? "";
    });
  }
}
$("less").onclick = () => {
  layers.findLast(({ hidden }) => !hidden)?.setAttribute("hidden", "");
  if (page) set("hidden");
};
$("more").onclick = () => {
  const i = layers.findIndex(({ hidden }) => hidden);
  if (i >= 0) Object.assign(layers[i], { hidden: false, value: layers[i - 1]?.value || 4 });
  if (page) set("hidden");
};

/* ---- what people do: a button says what it asks, and whether it ends a training that goes on */
function train(goesOn) {
  isTraining = goesOn;
  say($("train"), goesOn ? "Pause" : "Train");
}
$("train").onclick = () => { train(!isTraining); wish(); };
for (const button of document.querySelectorAll("button[data-ask]")) button.onclick = () => {
  if ("pauses" in button.dataset) train(false);
  wish(JSON.parse(button.dataset.ask));
};
$("player").addEventListener("close", () => wish());  // to be played, it was paused, and told of nothing else
$("copy").onclick = () => navigator.clipboard.writeText($("listing").firstChild.textContent);
$("setup").open = innerWidth > 720;
wish();
