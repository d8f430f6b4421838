/* A page that asks nothing: it shows what a training sends, and of it what is chosen here. */
const chosen = { sample: 0, neuron: null, shade: "picture" }, built = {};
let page = null, sent = null;
function redraw(choice) {
  Object.assign(chosen, choice);
  page.draw(ofSample(sent.moment, chosen, sent.specs));
}
window.receive = (packet) => {
  sent = unpacked(...opened(packet));
  const other = Object.entries(sent.specs).filter(([name, spec]) => built[name] !== JSON.stringify(spec));
  for (const [name, spec] of other) built[name] = JSON.stringify(spec);
  if (page) page.build(Object.fromEntries(other));
  else page = show($("film"), { ...sent.specs }, redraw);
  redraw({ shade: sent.specs.network?.pictured ? chosen.shade : chosen.shade.replace("picture", "nodes") });
  say($("at"), sent.at);
};
