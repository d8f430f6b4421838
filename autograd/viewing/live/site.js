/* The page asks a worker, in which Python runs. */
const worker = new Worker("worker.js", { type: "module" }), waiting = [];
worker.onmessage = ({ data: packet }) => waiting.shift()(packet);
worker.onerror = ({ message }) => { document.getElementById("error").textContent = `Python did not start: ${message}`; };
window.askPython = (question) => new Promise((take) => {
  waiting.push(take);
  worker.postMessage(JSON.stringify(question));
});
addEventListener("DOMContentLoaded", () => { document.getElementById("output").textContent = "Python is starting …"; });
