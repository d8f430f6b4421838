/* What every page is made of: elements, those of a picture that can be chosen, and the numbers that Python wrote. */
const $ = (id) => document.getElementById(id);

/* Makes an element with its attributes and children; strings among these are texts. */
const maker = (space) => (tag, attributes = {}, ...children) => {
  const element = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
const html = maker("http://www.w3.org/1999/xhtml"), svg = maker("http://www.w3.org/2000/svg");

/* What is as it should be is left alone: with whatever is set begin style, layout and painting. */
function change(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
}
function say(element, text) { if (element.textContent !== text) element.textContent = text; }
/* So many children, made by make(i), that say these texts. */
function list(host, texts, make) {
  while (host.children.length > texts.length) host.lastChild.remove();
  while (host.children.length < texts.length) host.append(make(host.children.length));
  texts.forEach((text, i) => say(host.children[i], text));
}
const clamp = (x, low, high) => low > high ? (low + high) / 2 : Math.min(Math.max(x, low), high);

/* Marks that can be chosen: Tab reaches one of them, arrows up and down the others, the keys that choose it choose. */
function choosable(marks, choose, keys = ["Enter", " "]) {
  const reach = (one) => marks.forEach((mark) => change(mark, { role: "button", tabindex: mark === one ? 0 : -1 }));
  const host = marks[0]?.closest("svg").parentElement;  // no part of a picture: Tab would stop at one that listens
  reach(marks[0]);
  host?.addEventListener("focusin", ({ target }) => { if (marks.includes(target)) reach(target); });
  host?.addEventListener("keydown", (event) => {
    const i = marks.indexOf(event.target), chooses = keys.includes(event.key);
    const next = marks[i + { ArrowUp: -1, ArrowDown: 1 }[event.key]];
    if (i < 0 || event.shiftKey || !(next || chooses)) return;
    event.preventDefault();
    event.stopPropagation();
    if (chooses) choose(i); else next.focus();
  });
}

/* What a key that is pressed is called in aria-keyshortcuts, unless what has the focus takes it itself. */
function shortcut({ key, shiftKey, altKey, ctrlKey, metaKey, target }) {
  const taking = `input:not(#slider), textarea, select, dialog${key === " " ? ", button, summary" : ""}`;
  if (altKey || ctrlKey || metaKey || target.closest(taking)) return "";
  return (shiftKey && key.length > 1 ? "Shift+" : "") + ({ " ": "Space", "+": "Plus" }[key] ?? key);
}
/* Keys press the buttons that name them. */
document.addEventListener("keydown", (event) => {
  const button = document.querySelector(`[aria-keyshortcuts~="${CSS.escape(shortcut(event))}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

/* JSON, in which an array of numbers is its kind and its bytes: as text, or so many from a place on in the body. */
const KINDS = {
  f8: (...place) => Array.from(new Float64Array(...place), (x) => Number.isFinite(x) ? x : null),
  u1: (...place) => new Uint8Array(...place),
  u2: (...place) => new Uint16Array(...place),
  d3: (buffer) => Array.from({ length: buffer.byteLength / 3 }, (_, i) => decimal(new Uint8Array(buffer, 3 * i, 3))),
};
function parsed(text, body) {
  return JSON.parse(text, (_, value) => {
    const { kind, base64, at, count } = value ?? {};
    if (!(kind in KINDS) || (base64 ?? at) === undefined) return value;
    const bytes = base64 === undefined ? body : Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    return KINDS[kind](bytes.buffer, at, count);
  });
}
/* Four digits, a sign and an exponent in three bytes. */
function decimal([low, middle, high]) {
  const code = low | middle << 8 | high << 16, signs = Math.floor(code / 9000);
  if (code >= 2 ** 24 - 2) return code % 2 ? null : 0;
  return Number(`${signs % 2 ? "-" : ""}${code % 9000 + 1000}e${(signs >> 1) - 327}`);
}
