/* The page asks a worker, in which Python runs. */
const worker = new Worker("worker.js", { type: "module" }), waiting = [];
const tell = (where, text) => { document.getElementById(where).textContent = text; };
worker.onmessage = ({ data: packet }) => waiting.shift()(packet);
worker.onerror = ({ message }) => tell("error", `Python did not start: ${message}`);
window.askPython = (question) => new Promise((take) => {
  waiting.push(take);
  worker.postMessage(JSON.stringify(question));
});
addEventListener("DOMContentLoaded", () => tell("output", "Python is starting …"));
