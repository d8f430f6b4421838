/* The page asks a worker, in which Python runs. */
const worker = new Worker("worker.js", { type: "module" }), waiting = [];
const say = (where, text) => { document.getElementById(where).textContent = text; };
worker.onmessage = ({ data: packet }) => waiting.shift()(packet);
worker.onerror = ({ message }) => say("error", `Python did not start: ${message}`);
window.askPython = (question) => new Promise((take) => {
  waiting.push(take);
  worker.postMessage(JSON.stringify(question));
});
addEventListener("DOMContentLoaded", () => say("output", "Python is starting …"));
