/* A page that asks nothing: it shows what a training sends, and of it what is chosen here. */
let page = null;
window.receive = (packet) => {
  const { specs, moment, at } = opened(packet);
  page ??= show($("film"), specs, () => page.draw());
  page.build(specs);
  page.draw(moment);
  say($("at"), at);
};
