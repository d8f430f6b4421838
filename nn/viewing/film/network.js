/* The views of a network: its picture, and what is told of the followed sample and neuron. spec.neurons stand in the
   order of the numbers in frames; those with weights say where their bias is, and that weights for "terms" neurons,
   the first of which is "from", come after it. */
function network(plot, spec, ask, { width, height }) {
  const { columns, image, edge: side, pixels } = spec, picture = blank(plot, spec.title, { width, height }), top = 22;
  const [small, large, told] = ["canvas", "canvas", "div"].map((tag) => html(tag));
  const canvas = html("canvas", { "aria-hidden": true }), context = drawing(canvas, width, height);
  const card = html("div", { class: image ? "card image" : "card", hidden: "", "aria-hidden": true }, large, told);
  plot.append(canvas, picture, card);
  const tallest = Math.max(...columns.map(({ count }) => count)), last = columns.length - 1;
  const size = clamp(Math.min((height - top) / tallest * 0.84, width / columns.length * 0.4), 6, 52);
  const whole = image ? Math.min(120, 0.3 * width) : size, gap = Math.min((height - top) / tallest, 1.6 * size);
  const labels = (c) => spec.neurons.filter(({ column, label }) => column === c && label);
  const room = (c) => Math.min(Math.max(0, ...labels(c).map(({ label }) => wide(label))), 0.22 * width);
  const first = Math.max(room(0) + whole / 2, 26), end = width - Math.max(room(last) + size / 2, 26);
  const X = (c) => first + c * (end - first) / last, middle = (top + height) / 2, edges = [];
  const bundles = picture.appendChild(svg("g")), numbers = svg("g", { class: "numbers" });
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
    const ends = { x1: first + whole / 2, y1: middle, x2: to.x - size / 2, y2: to.y };
    if (image && to.column === 1) bundles.append(svg("line", { class: "bundle", ...ends }));
    neurons.slice(to.from, to.from + to.terms).forEach((from, i) => {
      const name = `${to.name}.weights[${from.index}]`, place = to.bias + 1 + i;
      edges.push({ from, to, weight: i, place, name, ...ends, x1: from.x + size / 2, y1: from.y });
    });
  }
  const short = ({ name }) => X(1) - X(0) < wide(name) - 8 ? name.replace(/\D/g, "") || "x" : name;
  const heads = columns.map((column, c) => svg("text", { class: "tick", ...centred(X(c), 12) }, short(column)));
  picture.append(...heads, numbers);
  const marks = neurons.map(({ mark, name }) => { mark.setAttribute("aria-label", name); return mark; });
  choosable(marks, (neuron) => ask({ neuron }));

  let shown = null, looked = null;  // the numbers, and the mark or edge that pointer or focus is on
  const zero = spec.neurons.findIndex(({ column }) => column === 1), area = side * side;
  context.imageSmoothingEnabled = !image;
  /* The edges, as thick as their weights are large; where some are looked at, the others step back. */
  const drawEdges = (seen, { weights, largest }) => {
    const [positive, negative] = ["positive", "negative"].map((sign) => `rgb(${colourOf(sign)})`);
    for (const edge of edges) {
      const { x1, y1, x2, y2, place } = edge, weight = weights[place], share = Math.abs(weight) / (largest[0] || 1);
      context.globalAlpha = !seen.length ? 0.2 + 0.8 * Math.sqrt(share) : seen.includes(edge) ? 1 : 0.1;
      Object.assign(context, { strokeStyle: weight < 0 ? negative : positive, lineWidth: 0.4 + 5 * share });
      context.setLineDash(weight < 0 ? [5, 3] : []);
      context.beginPath();
      context.moveTo(x1, y1);
      context.lineTo(x2, y2);
      context.stroke();
    }
    context.globalAlpha = 1;
  };
  /* The pictures of some neurons, one below the other. */
  const paintNeurons = (target, from, count, { pictures, scale, full }) => {
    const [paper, positive, negative] = ["paper", "positive", "negative"].map(colourOf);
    const shades = scale.pictures.map((most, kind) => Array.from({ length: 256 }, (_, byte) => {
      const share = (byte - 128) / 127 * most / full.pictures[kind];
      return pixel(mix(paper, share < 0 ? negative : positive, Math.min(Math.abs(share), 1) ** 0.8));
    }));
    const kinds = neurons.slice(from, from + count).map(({ column }) => shades[column - 1]);
    paint(target, side, side * count, (i) => kinds[Math.floor(i / area)][pictures[(from - zero) * area + i]]);
  };
  const drawNeurons = (frame, { shade, neuron, followed }) => {
    const put = (row, rows, x, y, d) => context.drawImage(small, 0, row * rows, rows, rows, x - d / 2, y - d / 2, d, d);
    const painted = shade === "picture" ? neurons.filter(({ pictured }) => pictured).length : 0;
    if (painted) paintNeurons(small, zero, painted, frame);
    const [kind, power] = shade === "gradients" ? [shade, 0.25] : ["nodes", 1];  // gradients are of all sizes
    const fullness = (number, most) => (most && number ? Math.min(Math.abs(number) / most, 1) ** power : 0).toFixed(3);
    neurons.forEach(({ column, x, y, mark, fill }, j) => {
      const number = followed[kind][j], drawn = j >= zero && j < zero + painted;
      change(fill, { class: number < 0 && !drawn ? "fill negative" : "fill",
        "fill-opacity": drawn ? 0 : fullness(number, followed.full[kind][column]) });
      change(mark, { "aria-pressed": j === neuron });
      if (drawn) put(j - zero, side, x, y, size);
    });
    if (!image) return;
    const share = (i) => clamp((followed.inputs[i] - pixels[0]) / (pixels[1] - pixels[0] || 1), 0, 1);
    paint(small, image, image, (i) => pixel(mix(colourOf("paper"), colourOf("ink"), share(i))));
    put(0, image, first, middle, whole);
  };
  const facts = (j, { inputs, nodes, gradients }) => [neurons[j].name, ...(neurons[j].column
    ? [`activation ${text(nodes[j])}`] : [`value ${text(inputs[neurons[j].index])}`,
      ...(spec.scaled ? [`to the network ${text(nodes[j])}`] : [])]), `gradient ${text(gradients[j])}`];
  /* Numbers on the edge that is looked at, or on all to the neuron, and a card. */
  const tell = (seen, j, frame, { followed }) => {
    numbers.replaceChildren(...seen.map(({ x1, y1, place }) =>
      svg("text", { x: x1 + 4, y: y1 + 4 }, text(frame.weights[place]))));
    card.hidden = j < 0 && !seen.length;
    if (card.hidden) return;
    const { x, y, pictured, column } = neurons[j] || seen[0].from;
    const said = j < 0 ? [`${seen[0].name} = ${text(frame.weights[seen[0].place])}`] : facts(j, followed);
    large.hidden = j < 0 || !pictured;
    if (!large.hidden) {
      paintNeurons(large, j, 1, frame);
      said.push(`${spec.shows}; full colour ±${text(frame.full.pictures[column - 1])}`);
    }
    list(told, said, () => html("div"));
    if (j >= 0) change(marks[j], { "aria-description": said.slice(1).join(", ") });
    const above = y > height / 2 ? y - size / 2 - 10 - card.offsetHeight : y + size / 2 + 10;
    card.style.left = `${x > width / 2 ? 0 : clamp(x - size / 2, 0, Math.max(width - card.offsetWidth, 0))}px`;
    card.style.top = `${clamp(above, 0, Math.max(height - card.offsetHeight, 0))}px`;
  };
  const draw = (keepsEdges = false, { frame, moment } = shown) => {
    const j = marks.indexOf(looked), seen = edges.filter((edge) => edge === looked || edge.to === neurons[j]);
    if (!keepsEdges) {
      context.clearRect(0, 0, width, height);
      drawEdges(seen, frame);
    }
    drawNeurons(frame, moment);
    tell(seen, j, frame, moment);
  };
  /* The mark or edge that a pointer is on. The plot listens: at a picture that does, Tab would stop. */
  const under = ({ target, clientX, clientY }) => {
    if (marks.includes(target)) return target;
    const { left, top: above } = picture.getBoundingClientRect(), x = clientX - left, y = clientY - above;
    return edges.find(({ x1, y1, x2, y2 }) => x > x1 && x < x2 &&
      Math.abs((y - y1) * (x2 - x1) - (x - x1) * (y2 - y1)) < 4 * Math.hypot(x2 - x1, y2 - y1));
  };
  const looks = { pointermove: under, pointerleave: () => document.activeElement,
    focusin: ({ target }) => target, focusout: () => null };
  for (const [kind, found] of Object.entries(looks)) plot.addEventListener(kind, (event) => {
    const before = looked;
    looked = found(event);
    if (shown && looked !== before) draw();
  });
  picture.addEventListener("click", (event) => {
    const on = under(event);
    if (marks.includes(on)) ask({ neuron: marks.indexOf(on) });
    else if (on) ask({ neuron: neurons.indexOf(on.to), weight: on.weight });
  });
  return (frame, moment) => draw(moment.kept.includes("edges"), shown = { frame, moment });
}

/* The panel: the followed sample, the sum of the followed neuron, and all neurons. */
function followed(plot, spec) {
  plot.innerHTML = spec.panel;
  const { neurons } = spec, [heading, facts, sum] = plot.children, cells = plot.querySelectorAll("td");
  return (frame, moment) => {
    const { inputs, outputs, words, losses, nodes, gradients } = frame, [training, heldOut] = moment.loss.values;
    say(heading, moment.epoch ? `Epoch ${moment.epoch}` : moment.step ? "Within epoch 1" : "Before training");
    const values = spec.features.map((name, i) => `${name} = ${text(inputs[i])}`);
    const listed = (all) => all.length > 4 ? `${all.length} numbers` : all.join(", ");
    const told = [["Mean loss", text(training)], ["… held out", heldOut === undefined ? "" : text(heldOut)],
      ["Input", listed(values)], ["Target", spec.targets[moment.sample]], ["Output", listed(outputs.map(text))],
      ["… read as", words[0]], [spec.scaledTarget ? "Its loss, scaled" : "Its loss", text(losses[0])],
    ].filter(([, fact]) => fact);
    list(facts, told.flat(), (i) => html(i % 2 ? "dd" : "dt"));
    list(sum, moment.network ? written(spec, frame, moment) : [""], (i) => html(i ? "p" : "h3"));
    neurons.forEach(({ column, index }, j) => {
      say(cells[2 * j], text(column ? nodes[j] : inputs[index]));
      say(cells[2 * j + 1], text(gradients[j]));
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
