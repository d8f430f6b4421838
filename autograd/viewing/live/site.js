/* The page asks a worker, in which Python runs. */
const worker = new Worker("worker.js", { type: "module" });
const tell = (where, text) => { document.getElementById(where).textContent = text; };
worker.onerror = ({ message }) => tell("error", `Python did not start: ${message}`);
window.askPython = (question) => new Promise((take) => {  // a page asks one at a time
  worker.onmessage = ({ data: packet }) => take(packet);
  worker.postMessage(JSON.stringify(question));
});
addEventListener("DOMContentLoaded", () => tell("output", "Python is starting …"));
