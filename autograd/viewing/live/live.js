const data = parsed($("data").textContent);
const nonce = document.currentScript.nonce;

/* One question to Python; its answer is JSON, and bytes beside it. A host that is no server brings an askPython. */
const askPython = window.askPython ?? (async (question) => {
  const headers = { "Content-Type": "application/json" };
  const reply = await fetch("ask", { method: "POST", headers, body: JSON.stringify(question) });
  if (!reply.ok) throw new Error(await reply.text());
  return new Uint8Array(await reply.arrayBuffer());
});

/* What Python sends: JSON, and bytes beside it, in which its arrays are. */
function opened(packet) {
  const end = 4 + new DataView(packet.buffer, packet.byteOffset).getUint32(0, true);
  return parsed(new TextDecoder().decode(packet.subarray(4, end)), packet.slice(end));
}

/* One question at a time: what is wished while Python computes goes into the next. compose(wishes) makes a question,
   take(head, wishes) shows its answer, and may wish again; as long as goesOn(head), the next is asked before. */
function conversation(compose, take, goesOn = () => false) {
  let wishes = null, isAsking = false;
  const ask = () => {
    const asked = wishes, ended = { error: "The program that this page belongs to has ended: start it again." };
    wishes = null;
    return askPython(compose(asked)).then((packet) => [asked, opened(packet)], () => [asked, ended]);
  };
  return async function wish(more = {}) {  // names and values, or a function of what is wished already
    wishes = { ...wishes, ...(typeof more === "function" ? more(wishes ?? {}) : more) };
    if (isAsking) return;
    isAsking = true;
    try {
      for (let answer = ask(); answer;) {
        const [asked, head] = await answer;
        if (goesOn(head)) wishes ??= {};
        answer = wishes && ask();  // so that Python computes while this is drawn
        if (head.html) play(head.html);
        else take(head, asked);
        if (answer) await new Promise(requestAnimationFrame);
        else answer = wishes && ask();
      }
    } finally { isAsking = false; }
  };
}

/* Another page over this one: what step_through made of the present numbers. */
function play(page) {
  const shown = page.replaceAll("<script>", `<script nonce="${nonce}">`);
  $("player").querySelector("iframe").srcdoc = nonce ? shown : page;
  $("player").showModal();
}

/* What is done once nothing else was to be done in its place for a while. */
function settled(delay, act) {
  let waiting = 0;
  return (...all) => {
    clearTimeout(waiting);
    waiting = setTimeout(act, delay, ...all);
  };
}
const readOut = settled(700, (text) => say($("live"), text));  // not each of the numbers that a drag passes

/* What a link to this page as it is holds. */
const note = settled(300, (state) => {
  const written = `#${encodeURIComponent(JSON.stringify(state))}`;
  if (location.protocol.startsWith("http")) history.replaceState(null, "", written);
});
function noted() {
  try { return JSON.parse(decodeURIComponent(location.hash.slice(1))); } catch { return null; }
}
addEventListener("hashchange", () => location.reload());  // another link's end was put behind this address

/* The program ends a while after the last page that holds this request open is closed. */
if (!window.askPython) fetch("alive").then((reply) => reply.body.getReader().read()).catch(() => {});
