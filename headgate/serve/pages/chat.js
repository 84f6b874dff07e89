// The chat page: asks POST /v1/answers as a stream and shows pieces, citations and refusals. Everything from the service goes
// through textContent, so that no document and no answer can become markup.
"use strict";

const view = {
  conversation: document.getElementById("conversation"),
  welcome: document.getElementById("welcome"),
  state: document.getElementById("state"),
  form: document.getElementById("ask"),
  question: document.getElementById("question"),
  send: document.getElementById("send"),
  restart: document.getElementById("restart"),
};
const REASONS = {
  no_evidence: "Not covered by the documents",
  model: "Not covered by the passages found",
  "guard:injection": "Declined: it tries to change the assistant's instructions",
  "guard:too_long": "Declined: the question is too long",
};
const REFRESH_MS = 5000;
let turns = [];

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

async function showState() {
  let text = "The service does not answer.";
  let ready = false;
  try {
    const state = await (await fetch("/readyz")).json();
    ready = state.ready;
    text = ready ? `Release ${state.release} · bundle ${state.bundle_id.slice(0, 12)}` : `Not ready: ${state.reason}`;
    if (ready && state.not_in_service) text += ` · release ${state.not_in_service.release} can't be put in service`;
  } catch (error) {
    text = `The service does not answer (${error.message}).`;
  }
  view.state.textContent = text;
  view.state.classList.toggle("bad", !ready);
}

// Server-sent events of a response body, one {name, content} at a time.
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value;
    for (let end = held.indexOf("\n\n"); end >= 0; end = held.indexOf("\n\n")) {
      const lines = held.slice(0, end).split("\n");
      held = held.slice(end + 2);
      const name = lines.find((line) => line.startsWith("event: "));
      const content = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
      yield { name: name ? name.slice(7) : "message", content: JSON.parse(content) };
    }
  }
}

function showAnswer(reply, answer) {
  const text = reply.querySelector(".text");
  const sources = new Map(answer.citations.map((citation) => [citation.number, source(citation)]));
  text.replaceChildren();
  for (const part of answer.answer.split(/(\[\d{1,2}\])/)) {
    const number = /^\[\d{1,2}\]$/.test(part) ? Number(part.slice(1, -1)) : 0;
    if (!sources.has(number)) {
      text.append(part);
      continue;
    }
    const button = element("button", "number", String(number));
    button.type = "button";
    button.title = sources.get(number).title;
    button.addEventListener("click", () => point(sources.get(number).item));
    text.append(button);
  }
  if (answer.refused) {
    reply.classList.add("refused");
    reply.prepend(element("span", "label", REASONS[answer.refusal_reason] || "Declined"));
  }
  if (sources.size) {
    const list = element("ul", "sources");
    for (const { item } of sources.values()) list.append(item);
    reply.append(list);
  }
  const seconds = answer.timings.total.toFixed(2);
  reply.after(element("p", "facts", `${seconds} s · release ${answer.release} · bundle ${answer.bundle_id.slice(0, 12)} · interaction ${answer.interaction_id}`));
}

function source(citation) {
  const item = element("li");
  const body = element("div");
  body.append(element("div", "heading", citation.heading || citation.title));
  body.append(element("div", "place", `${citation.doc_id}, ${citation.location}`));
  if (citation.quote) body.append(element("blockquote", "", citation.quote));
  item.append(element("b", "", String(citation.number)), body);
  return { item, title: `${citation.heading || citation.title} (${citation.doc_id})` };
}

function point(item) {
  for (const other of view.conversation.querySelectorAll(".shown")) other.classList.remove("shown");
  item.classList.add("shown");
  item.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

function showFailure(reply, message) {
  reply.classList.add("broken");
  reply.prepend(element("span", "label", "No answer"));
  const text = reply.querySelector(".text");
  text.textContent = text.textContent ? `${text.textContent}\n\n${message}` : message;
}

async function ask(question) {
  view.welcome.hidden = true;
  const reply = element("article", "reply waiting");
  reply.append(element("p", "text", ""));
  view.conversation.append(element("p", "asked", question), reply);
  reply.scrollIntoView({ block: "end" });
  try {
    const response = await fetch("/v1/answers", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ question, conversation: turns, stream: true }),
    });
    if (!response.ok) throw new Error((await response.json()).error.message);
    let answer = null;
    for await (const event of events(response)) {
      if (event.name === "token") reply.querySelector(".text").append(event.content.text);
      if (event.name === "error") throw new Error(event.content.error.message);
      if (event.name === "answer") answer = event.content;
    }
    if (answer === null) throw new Error("The connection ended before the answer did.");
    showAnswer(reply, answer);
    turns = [...turns, { role: "user", content: question }, { role: "assistant", content: answer.answer }].slice(-20);
  } catch (error) {
    showFailure(reply, error.message);
  } finally {
    reply.classList.remove("waiting");
    window.scrollTo({ top: document.body.scrollHeight });
  }
}

function fit() {
  view.question.style.height = "auto";
  const borders = view.question.offsetHeight - view.question.clientHeight;
  view.question.style.height = `${view.question.scrollHeight + borders}px`;
}

view.form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const question = view.question.value.trim();
  if (!question || view.send.disabled) return;
  view.question.value = "";
  fit();
  view.send.disabled = true;
  await ask(question);
  view.send.disabled = false;
  view.question.focus();
});
view.question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    view.form.requestSubmit();
  }
});
view.question.addEventListener("input", fit);
view.restart.addEventListener("click", () => {
  turns = [];
  view.conversation.replaceChildren(view.welcome);
  view.welcome.hidden = false;
  view.question.focus();
});
fit();
showState();
setInterval(showState, REFRESH_MS);
view.question.focus();
