/* The views of a network: its picture, and what is told of the followed sample and neuron. spec.neurons stand in the
   order of the numbers in frames; those with weights say where their bias is, and that weights for "terms" neurons,
   the first of which is "from", come after it. */
function network(plot, spec, ask) {
  const { columns, image, edge: side, pixels } = spec, { picture, width, height } = blank(plot, spec.title), top = 22;
  const [small, large, told] = ["canvas", "canvas", "div"].map((tag) => html(tag)), ratio = devicePixelRatio;
  const canvas = html("canvas", { "aria-hidden": true, width: width * ratio, height: height * ratio });
  const card = html("div", { class: image ? "card image" : "card", hidden: "", "aria-hidden": true }, large, told);
  plot.append(canvas, picture, card);
  const tallest = Math.max(...columns.map(({ count }) => count)), last = columns.length - 1;
  const size = clamp(Math.min((height - top) / tallest * 0.84, width / columns.length * 0.4), 6, 52);
  const whole = image ? Math.min(120, 0.3 * width) : size, gap = Math.min((height - top) / tallest, 1.6 * size);
  const labels = (c) => spec.neurons.filter(({ column, label }) => column === c && label);
  const room = (c) => Math.min(Math.max(0, ...labels(c).map(({ label }) => wide(label))), 0.22 * width);
  const first = Math.max(room(0) + whole / 2, 26), end = width - Math.max(room(last) + size / 2, 26);
  const X = (c) => first + c * (end - first) / last, middle = (top + height) / 2, edges = [];
  const lines = svg("g"), hits = svg("g"), numbers = svg("g", { class: "numbers" });
  const neurons = spec.neurons.map((neuron) => {
    const { column, row, label } = neuron, x = X(column), y = middle + (row - (columns[column].count - 1) / 2) * gap;
    const pictured = column > 0 && column <= spec.pictured, rx = pictured ? 3 : size / 2;
    const shape = { x: x - size / 2, y: y - size / 2, width: size, height: size, rx };
    const [fill, mark] = ["fill", "neuron"].map((kind) => svg("rect", { ...shape, class: kind }));
    const beside = { x: x + (column ? 1 : -1) * (size / 2 + 5), y: y + 4, "text-anchor": column ? "start" : "end" };
    picture.append(fill, mark, svg("text", beside, shortened(label, room(column))));
    return { ...neuron, x, y, pictured, fill, mark };
  });
  for (const to of neurons) {
    const line = (from, half, kind = "") =>
      svg("line", { class: kind, x1: from.x + half, y1: from.y, x2: to.x - size / 2, y2: to.y });
    if (image && to.column === 1) lines.append(line({ x: first, y: middle }, whole / 2, "bundle"));
    neurons.slice(to.from, to.from + to.terms).forEach((from, i) => {
      const [shown, hit] = [lines.appendChild(line(from, size / 2)), hits.appendChild(line(from, size / 2, "hit"))];
      const name = `${to.name}.weights[${from.index}]`;
      edges.push({ from, to, line: shown, hit, weight: i, place: to.bias + 1 + i, name });
    });
  }
  picture.prepend(lines, hits);
  const short = ({ name }) => X(1) - X(0) < wide(name) - 8 ? name.replace(/\D/g, "") || "x" : name;
  const heads = columns.map((column, c) => svg("text", { class: "tick", ...centred(X(c), 12) }, short(column)));
  picture.append(...heads, numbers);
  const marks = neurons.map(({ mark, name }) => { mark.setAttribute("aria-label", name); return mark; });
  choosable(marks, (neuron) => ask({ neuron }));

  let shown = null, looked = null;  // the element that pointer or focus is on
  const zero = spec.neurons.findIndex(({ column }) => column === 1), area = side * side;
  /* The pictures of some neurons, one below the other. */
  const paintNeurons = (target, from, count) => {
    const { pictures, scale, full } = shown.frame;
    const shades = scale.pictures.map((most, kind) => Array.from({ length: 256 }, (_, byte) => {
      const share = (byte - 128) / 127 * most / full.pictures[kind], sign = share < 0 ? "negative" : "positive";
      return pixel(mix(colourOf("paper"), colourOf(sign), Math.min(Math.abs(share), 1) ** 0.8));
    }));
    const kinds = neurons.slice(from, from + count).map(({ column }) => shades[column - 1]);
    paint(target, side, side * count, (i) => kinds[Math.floor(i / area)][pictures[(from - zero) * area + i]]);
  };
  const facts = (j, { followed: { inputs, nodes, gradients } }) => [neurons[j].name, ...(neurons[j].column
    ? [`activation ${text(nodes[j])}`] : [`value ${text(inputs[neurons[j].index])}`,
      ...(spec.scaled ? [`to the network ${text(nodes[j])}`] : [])]), `gradient ${text(gradients[j])}`];

  /* Numbers on the edge that is looked at, or on all to the neuron, and a card. */
  const look = () => {
    const { frame, moment } = shown, j = marks.indexOf(looked);
    const seen = edges.filter(({ hit, to }) => hit === looked || to === neurons[j]);
    lines.classList.toggle("dim", seen.length > 0);
    numbers.replaceChildren(...seen.flatMap(({ from, place, line }) => [line.cloneNode(),
      svg("text", { x: from.x + size / 2 + 4, y: from.y + 4 }, text(frame.weights[place]))]));
    card.hidden = j < 0 && !seen.length;
    if (card.hidden) return;
    const { x, y, pictured, column } = neurons[j] || seen[0].from;
    const said = j < 0 ? [`${seen[0].name} = ${text(frame.weights[seen[0].place])}`] : facts(j, moment);
    large.hidden = j < 0 || !pictured;
    if (!large.hidden) {
      paintNeurons(large, j, 1);
      said.push(`${spec.shows}; full colour ±${text(frame.full.pictures[column - 1])}`);
    }
    list(told, said, () => html("div"));
    if (j >= 0) change(marks[j], { "aria-description": said.slice(1).join(", ") });
    const above = y > height / 2 ? y - size / 2 - 10 - card.offsetHeight : y + size / 2 + 10;
    card.style.left = `${x > width / 2 ? 0 : clamp(x - size / 2, 0, Math.max(width - card.offsetWidth, 0))}px`;
    card.style.top = `${clamp(above, 0, Math.max(height - card.offsetHeight, 0))}px`;
  };
  const looks = { pointerover: ({ target }) => target, pointerleave: () => document.activeElement,
    focusin: ({ target }) => target, focusout: () => null };
  for (const [kind, target] of Object.entries(looks)) {  // of the plot: at a picture that listens, Tab would stop
    plot.addEventListener(kind, (event) => { looked = target(event); if (shown) look(); });
  }
  picture.addEventListener("click", ({ target }) => {
    const edge = edges.find(({ hit }) => hit === target);
    if (edge) ask({ neuron: neurons.indexOf(edge.to), weight: edge.weight });
    else if (marks.includes(target)) ask({ neuron: marks.indexOf(target) });
  });

  return (frame, moment) => {
    shown = { frame, moment };
    const context = canvas.getContext("2d"), { shade, followed: { full } } = moment, pictured = shade === "picture";
    const put = (row, rows, x, y, d) =>
      context.drawImage(small, 0, row * rows, rows, rows, ...[x - d / 2, y - d / 2, d, d].map((z) => z * ratio));
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = !image;
    for (const { line, place } of edges) {
      const weight = frame.weights[place], share = frame.largest[0] ? Math.abs(weight) / frame.largest[0] : 0;
      change(line, { class: weight < 0 ? "negative" : "positive", "stroke-width": (0.4 + 5 * share).toFixed(1),
        "stroke-opacity": (0.2 + 0.8 * Math.sqrt(share)).toFixed(2) });
    }
    const painted = pictured ? neurons.filter(({ pictured }) => pictured).length : 0;
    if (painted) paintNeurons(small, zero, painted);
    const [kind, power] = shade === "gradients" ? [shade, 0.25] : ["nodes", 1];  // gradients are of all sizes
    const fullness = (number, most) => (most && number ? Math.min(Math.abs(number) / most, 1) ** power : 0).toFixed(3);
    neurons.forEach(({ column, x, y, mark, fill }, j) => {
      const number = moment.followed[kind][j], drawn = j >= zero && j < zero + painted;
      change(fill, { class: number < 0 && !drawn ? "fill negative" : "fill",
        "fill-opacity": drawn ? 0 : fullness(number, full[kind][column]) });
      change(mark, { "aria-pressed": j === moment.neuron });
      if (drawn) put(j - zero, side, x, y, size);
    });
    if (image) {
      const share = (i) => clamp((moment.followed.inputs[i] - pixels[0]) / (pixels[1] - pixels[0] || 1), 0, 1);
      paint(small, image, image, (i) => pixel(mix(colourOf("paper"), colourOf("ink"), share(i))));
      put(0, image, first, middle, whole);
    }
    look();
  };
}

/* The panel: the followed sample, the sum of the followed neuron, and all neurons. */
function followed(panel, spec, ask) {
  const { features, samples, neurons } = spec, heading = html("h2", { id: "heading" });
  const facts = html("dl", { id: "facts" }), sum = html("div", { id: "sum" }), table = html("tbody", { id: "neurons" });
  const head = ["Neuron", "Activation", "Gradient"].map((name) => html("th", { scope: "col" }, name));
  const names = samples.map(({ label }, i) => [i, label]);
  const broken = (name) => name.split(/(?<=\.)/).flatMap((part) => [part, html("wbr")]);
  const cells = neurons.map(({ name }) => {
    const pair = [html("td"), html("td")];
    table.append(html("tr", {}, html("th", { scope: "row" }, ...broken(name)), ...pair));
    return pair;
  });
  panel.append(...choice("sample", "Follow the sample", names, ask), heading, facts, sum, html("details", { open: "" },
    html("summary", {}, "Its neurons"), html("table", {}, html("thead", {}, html("tr", {}, ...head)), table)));

  return (frame, moment) => {
    const { inputs, outputs, words, losses, nodes, gradients } = frame, [training, heldOut] = moment.loss.values;
    pick($("sample"), moment.sample);
    say(heading, moment.epoch ? `Epoch ${moment.epoch}` : moment.step ? "Within epoch 1" : "Before training");
    const values = features.map((name, i) => `${name} = ${text(inputs[i])}`);
    const listed = (all) => all.length > 4 ? `${all.length} numbers` : all.join(", ");
    const told = [["Mean loss", text(training)], ["… held out", heldOut === undefined ? "" : text(heldOut)],
      ["Input", listed(values)], ["Target", samples[moment.sample].target], ["Output", listed(outputs.map(text))],
      ["… read as", words[0]], [spec.scaledTarget ? "Its loss, scaled" : "Its loss", text(losses[0])],
    ].filter(([, fact]) => fact);
    list(facts, told.flat(), (i) => html(i % 2 ? "dd" : "dt"));
    list(sum, moment.network ? written(spec, frame, moment) : [""], (i) => html(i ? "p" : "h3"));
    neurons.forEach(({ column, index }, j) => {
      say(cells[j][0], text(column ? nodes[j] : inputs[index]));
      say(cells[j][1], text(gradients[j]));
    });
    return `${heading.textContent}. ${told.map(([name, fact]) => `${name} ${fact}`).join("; ")}`;
  };
}

/* The sum of the followed neuron, with the numbers of the followed sample: its name, then line by line. */
function written({ neurons, scaled }, { nodes, sums, gradients }, { neuron, network: { weights } }) {
  if (neuron === null) return ["", "A click on a neuron, or Enter, writes its sum out here."];
  const { name, column, bias, from, terms, more, activation } = neurons[neuron], here = text(nodes[neuron]);
  const slope = `Gradient of its loss by it: ${text(gradients[neuron])}`;
  if (!column) return [name, ...(scaled ? [`To the network it is ${here}.`] : []), slope];
  const signed = (x) => x < 0 ? `−\u00a0${text(-x)}` : `+\u00a0${text(x)}`;
  const product = (weight, x) => `${signed(weight)}\u00a0·\u00a0${x < 0 ? `(${text(x)})` : text(x)}`;
  const parts = Array.from({ length: terms }, (_, i) => product(weights[bias + 1 + i], nodes[from + i]));
  const all = [text(weights[bias]), ...parts, ...(more ? [`+ … (${more} more)`] : [])].join(" ");
  const sum = text(sums[neuron - neurons.findIndex(({ column }) => column)]);
  return [name, `z = ${all} = ${sum}`, `a = ${activation === "linear" ? "z" : `${activation}(z)`} = ${here}`, slope,
    ...(scaled && column === 1 ? ["The network sees the inputs scaled."] : [])];
}
