/* The picture's parts, found by the titles Graphviz gives them: node i is "v<i>", its operation "v<i>_op". */
const titled = new Map();
for (const group of document.querySelectorAll("#stage g.node, #stage g.edge")) {
  const title = group.querySelector("title").textContent;
  if (!titled.has(title)) titled.set(title, []);
  titled.get(title).push(group);
  group.querySelector("title").remove();  // it would show as a hint where the pointer rests
}
const part = (title) => (titled.get(title) || [])[0];

const UNKNOWN = { values: "data ?", gradients: "grad –" };
const fields = { values: new Map(), gradients: new Map() };
for (const [title, [group]] of titled) {
  const texts = group.querySelectorAll("text");
  if (/^v\d+$/.test(title) && texts.length > 1) {
    fields.values.set(title.slice(1), texts[texts.length - 2]);
    fields.gradients.set(title.slice(1), texts[texts.length - 1]);
  }
}

/* Edges, in the order of the child's parents. */
const used = new Map();
const edges = new Map();
for (const [child, parents] of data.parents) {
  parents.forEach((parent, i) => {
    const title = `v${parent}->v${child}_op`;
    const nth = used.get(title) || 0;
    used.set(title, nth + 1);
    edges.set(`${child},${i}`, titled.get(title)[nth]);
  });
}

function element(tag, text, kind) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function show(frame, index) {
  for (const group of document.querySelectorAll("#stage g.node, #stage g.edge")) {
    group.classList.remove("current", "changed", "known", "passed");
  }
  for (const kind of ["values", "gradients"]) {
    for (const text of fields[kind].values()) { text.textContent = UNKNOWN[kind]; delete text.dataset.exact; }
  }
  for (const past of data.frames.slice(0, index + 1)) {
    for (const kind of ["values", "gradients"]) {
      for (const [node, [text, exact]] of Object.entries(past[kind])) {
        part(`v${node}`).classList.add("known");
        const field = fields[kind].get(node);
        if (field) { field.textContent = text; field.dataset.exact = exact; }
      }
    }
    if (past.node !== null) {
      for (const title of [`v${past.node}_op`, `v${past.node}_op->v${past.node}`]) part(title)?.classList.add("known");
    }
    for (const edge of past.edges) {
      edges.get(String(edge)).classList.add("known", ...(past.phase === "Backward" ? ["passed"] : []));
    }
  }
  if (frame.node !== null) {
    for (const title of [`v${frame.node}`, `v${frame.node}_op`]) part(title)?.classList.add("current");
    part(`v${frame.node}`).scrollIntoView({ block: "nearest", inline: "center" });
  }
  for (const edge of frame.edges) edges.get(String(edge)).classList.add("current");
  if (frame.phase === "Backward") {
    for (const node of Object.keys(frame.gradients)) part(`v${node}`).classList.add("changed");
  }

  $("phase").textContent = frame.phase;
  $("heading").textContent = frame.heading;
  $("lines").replaceChildren(...frame.lines.map(([kind, text]) => element("div", text, kind)));
  $("rules-heading").hidden = !frame.rules.length;
  $("rules").replaceChildren(...frame.rules.map((rule) => element("li", rule)));
  return `${frame.phase}. ${frame.heading}. ${frame.lines.map(([, text]) => text).join("; ")}`;
}
play(show);
