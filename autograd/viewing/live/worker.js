/* Python, with the engine, and Graphviz: started once, then asked one question at a time. */
import { loadPyodide } from "./pyodide/pyodide.mjs";
import { instance } from "./viz.js";

async function start() {
  const engine = fetch("engine.zip").then((reply) => reply.arrayBuffer());
  const [python, graphviz] = await Promise.all([loadPyodide({ indexURL: "./pyodide/" }), instance()]);
  globalThis.renderDot = (dot, format) => graphviz.renderString(dot, { format });
  python.unpackArchive(await engine, "zip");
  return python.pyimport("autograd.viewing.live.browser").answer;
}
const started = start();
onmessage = async ({ data: question }) => {
  const packet = (await started)(question);
  postMessage(packet.toJs());
  packet.destroy();
};
