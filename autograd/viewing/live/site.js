/* The page asks a worker, in which Python runs. */
const worker = new Worker("worker.js", { type: "module" });
worker.onerror = ({ message }) => say($("error"), `Python did not start: ${message}`);
window.askPython = (question) => new Promise((take) => {  // a page asks one at a time
  worker.onmessage = ({ data: packet }) => take(packet);
  worker.postMessage(JSON.stringify(question));
});
addEventListener("DOMContentLoaded", () => say($("output"), "Python is starting …"));
