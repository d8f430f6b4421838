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
   take(head, wishes) shows its answer, and may wish again; as long as goesOn(head), it is asked again thirty times a
   second, and Python has the time between. */
function conversation(compose, take, goesOn = () => false) {
  let wishes = null, isAsking = false, due = 0;
  const ended = { error: "The program that this page belongs to has ended: start it again." };
  const frame = () => new Promise(requestAnimationFrame);
  return async function wish(more = {}) {  // names and values, or a function of what is wished already
    wishes = { ...wishes, ...(typeof more === "function" ? more(wishes ?? {}) : more) };
    if (isAsking) return;
    isAsking = true;
    try {
      while (wishes) {
        const asked = wishes;
        wishes = null;
        due = clamp(due + 33, performance.now(), performance.now() + 33);  // however much was wished before
        const head = await askPython(compose(asked)).then(opened, () => ended);
        if (head.html) play(head.html);
        else take(head, asked);
        if (wishes || goesOn(head)) await frame();
        while (!wishes && goesOn(head) && performance.now() < due) await frame();
        if (goesOn(head)) wishes ??= {};
      }
    } finally { isAsking = false; }
  };
}

/* Another page over this one: what step_through made of the present numbers. */
function play(page) {
  $("player").querySelector("iframe").srcdoc = page.replaceAll("<script>", `<script nonce="${nonce}">`);
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
