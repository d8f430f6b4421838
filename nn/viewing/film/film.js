/* The film: a source of moments that has all of them, which the player shows one after another. */
const page = show($("film"), data.specs, () => player.redraw(), data.full);
const player = play((moment) => page.draw(moment));
