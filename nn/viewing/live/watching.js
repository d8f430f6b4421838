/* A page that asks nothing: it shows what a training sends, and of it what is chosen here. */
const built = {};
let page = null;
window.receive = (packet) => {
  const { specs, moment, at } = opened(packet);
  const other = Object.entries(specs).filter(([name, spec]) => built[name] !== JSON.stringify(spec));
  for (const [name, spec] of other) built[name] = JSON.stringify(spec);
  if (page) page.build(Object.fromEntries(other));
  else page = show($("film"), specs, () => page.draw());
  page.draw(moment);
  say($("at"), at);
};
