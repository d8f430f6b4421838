/* The training page: what people choose goes to Python, and what it says is drawn by the film's views. */
const tab = String(Math.random()).slice(2), chosen = { sample: 0, neuron: null, shade: "picture" };
const PACES = { step: { steps: 1 }, epoch: { epochs: 1 }, all: { steps: 1e6, seconds: 0.022 } };
let begun = noted() ?? {}, page = null, moment = null, settings = {}, neurons = [], isTraining = false;
let unsent = {}, byHand = {};  // settings and weights that go with the next question
let counted = { step: 0, at: 0 };

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
  readOut(page.draw({ ...moment, ...chosen }));
  showWeights(head.weights ?? []);
  const now = performance.now(), rate = (head.step - counted.step) / (now - counted.at) * 1000;
  [$("epochs").textContent, $("steps").textContent] = [head.epoch, head.step].map((n) => n.toLocaleString("en"));
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

/* ---- the settings: for each kind of control its elements, and what shows a value in them */
function set(changes) {
  unsent = { ...unsent, ...changes };
  wish({ settings: unsent });
}
function select(options, change) {
  const made = html("select", {}, ...options.map((option) => html("option", {}, option)));
  made.onchange = change;
  return made;
}
const KINDS = {
  choices(name, options) {
    const made = select(options, () => set({ [name]: made.value }));
    return [[made], (value) => { made.value = value; }];
  },
  pair(name, options) {
    const both = [0, 1].map(() => select(options, () => set({ [name]: both.map(({ value }) => value) })));
    return [both, (value) => both.forEach((made, i) => { made.value = value[i]; })];
  },
  range(name, [min, max, step]) {
    const input = html("input", { type: "range", min, max, step }), told = html("output");
    input.oninput = () => set({ [name]: input.valueAsNumber });
    return [[input, told], (value) => {
      told.textContent = value;
      if (input !== document.activeElement) input.value = value;
    }];
  },
  number(name, step) {
    const input = html("input", { type: "number", min: 0, step });
    input.onchange = () => set({ [name]: input.valueAsNumber });
    return [[input], (value) => { input.value = value; }];
  },
  several(name, options) {
    const boxes = options.map((option) => html("input", { type: "checkbox", value: option }));
    const change = () => set({ [name]: boxes.filter(({ checked }) => checked).map(({ value }) => value) });
    for (const box of boxes) box.onchange = change;
    const rows = boxes.map((box, i) => html("label", {}, box, options[i]));
    return [rows, (value) => { for (const box of boxes) box.checked = value.includes(box.value); }];
  },
  sizes(name) {
    const host = html("span", { class: "sizes" });
    const button = (sign, label, sizes) => {
      const made = html("button", { type: "button", "aria-label": label, title: label }, sign);
      made.onclick = () => set({ [name]: sizes });
      return made;
    };
    return [[host], (value) => {
      const inputs = value.map((size, i) => {
        const attributes = { min: 1, max: data.neurons, value: size, "aria-label": `Neurons of layer ${i}` };
        const input = html("input", { type: "number", ...attributes });
        input.onchange = () => set({ [name]: inputs.map((other) => other.valueAsNumber) });
        return input;
      });
      const at = [...host.children].indexOf(document.activeElement);
      host.replaceChildren(...inputs, ...(value.length ? [button("−", "A layer less", value.slice(0, -1))] : []),
        ...(value.length < data.layers ? [button("+", "A layer more", [...value, value.at(-1) ?? 4])] : []));
      if (at >= 0) host.children[Math.min(at, host.children.length - 1)].focus();
    }];
  },
};
const shown = data.controls.map(({ name, label, ...kind }) => {
  const [[key, value]] = Object.entries(kind), [elements, showValue] = KINDS[key](name, value);
  const group = html(elements.length > 1 || key === "sizes" ? "fieldset" : "label", { "data-name": name });
  group.append(html(group.tagName === "LABEL" ? "span" : "legend", {}, label), ...elements);
  $("settings").append(group);
  return { name, group, showValue };
});
let off = {};
function showSettings(reasons = off) {
  off = reasons;
  for (const { name, group, showValue } of shown) {
    showValue(settings[name]);
    group.title = off[name] ?? "";
    for (const input of group.querySelectorAll("input, select, button")) input.disabled = name in off;
  }
}
$("settings").onsubmit = (event) => event.preventDefault();

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
