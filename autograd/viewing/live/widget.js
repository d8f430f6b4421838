/* The page in a frame, and its questions over the notebook's connection. */
function render({ model, el }) {
  el.insertAdjacentHTML("beforeend", model.get("frame"));
  const frame = el.lastElementChild, waiting = new Map();
  let told = null;  // the latest of what nobody asked for, which is a whole state: it may be here before the page is
  const tell = () => told && frame.contentWindow?.receive?.(told);
  frame.onload = tell;
  frame.askPython = (question) => new Promise((take) => {
    const number = Math.random();
    waiting.set(number, take);
    model.send({ number, question });
  });
  const answered = ({ number }, [buffer]) => {
    const packet = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    if (number === undefined) { told = packet; tell(); }
    else { waiting.get(number)?.(packet); waiting.delete(number); }
  };
  model.on("msg:custom", answered);
  return () => model.off("msg:custom", answered);
}
export default { render };
