/* A page that asks nothing: it shows what a training sends. */
let page = null;
window.receive = (packet) => {
  const head = unpacked(...opened(packet));
  if (page) page.build(head.specs);
  else page = show($("film"), head.specs, () => {});
  page.draw(head.moment);
  $("at").textContent = head.at;
};
