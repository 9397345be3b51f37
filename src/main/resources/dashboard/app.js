// The status page: loads the API's lists as lists.json describes them, renews what the event stream says has changed,
// writes text only (never markup).

const ROWS_AT_ONCE = 500;
const RENEW_MS = 500; // between two renewals of a list
const RETRY_MS = [500, 15_000];
const SILENCE_MS = 40_000; // the stream has a heartbeat every 15 s
const TRAFFIC_SECONDS = 3;
const SAMPLES = 60;
const EVENTS_SHOWN = 300;
const TOKEN = "weft-token";

const $ = id => document.getElementById(id);
const SHAPES = {
  up: ["●", "good"], established: ["●", "good"], composed: ["●", "good"], lost: ["✕", "bad"], punching: ["◐", "wait"], new: ["○", ""],
  ready: ["●", "good"], none: ["●", "good"], info: ["·", ""],
  joining: ["◐", "wait"], connecting: ["◐", "wait"], starting: ["◐", "wait"], healing: ["◐", "wait"], waiting: ["○", "wait"],
  degraded: ["◆", "wait"], warning: ["◆", "wait"],
  failed: ["✕", "bad"], away: ["✕", "bad"], down: ["✕", "bad"], contradiction: ["≠", "bad"], error: ["✕", "bad"],
};

function element(tag, text, className) {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (className) e.className = className;
  return e;
}

/** A state by shape, word and colour. */
function state(word) {
  const [shape, tone] = SHAPES[word] ?? ["?", ""];
  const e = element("span", undefined, `state ${tone}`);
  const icon = element("i", shape);
  icon.setAttribute("aria-hidden", "true");
  e.append(icon, word);
  return e;
}

// ---- asking the node ----

let asking = null;

function headers(extra) {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { ...extra, Authorization: `Bearer ${token}` } : { ...extra };
}

async function ask(path, extra, signal) {
  for (;;) {
    const response = await fetch(path, { headers: headers(extra), signal, cache: "no-store" });
    if (response.status !== 401) return response;
    await token();
  }
}

async function json(path) {
  const response = await ask(path, { Accept: "application/json" }, AbortSignal.timeout(10_000));
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail ?? `status ${response.status}`);
  return body;
}

/** Asks the person once, however many requests wait for it. */
function token() {
  asking ??= new Promise(done => {
    if (sessionStorage.getItem(TOKEN)) {
      $("ask-why").textContent = "The node does not know that token. It is in the file that http.token-file names.";
    }
    $("token").value = "";
    $("ask").showModal();
    $("ask").oncancel = e => e.preventDefault();
    $("ask").querySelector("form").onsubmit = e => {
      e.preventDefault();
      sessionStorage.setItem(TOKEN, $("token").value.trim());
      $("ask").close();
      asking = null;
      done();
    };
  });
  return asking;
}

// ---- a list: its table, what is loaded of it, and its renewal ----

const CLASSES = {
  id: "id", mono: "mono", number: "number", digits: "number", sum: "number", rate: "number", rtt: "number", word: "keep", age: "keep number",
  state: "any", problem: "any", self: "keep",
};
const lists = new Map();
let names = new Map();

/** Rows are kept by key, so focus and selection stay. */
class List {
  constructor(name, description) {
    Object.assign(this, { name, description, rows: new Map(), items: [], parts: 1, unanswered: [] });
    const onPage = description.columns.filter(c => c.only !== "cli");
    this.columns = onPage.filter(c => !c.under).sort((a, b) => (b.as === "state") - (a.as === "state"));
    this.details = c => onPage.filter(d => d.under === c.label);
    this.table = $(name).querySelector("table");
    const head = element("thead");
    head.setAttribute("role", "rowgroup");
    const tr = element("tr");
    tr.setAttribute("role", "row");
    for (const c of this.columns) {
      const th = element("th", c.label, CLASSES[c.as]);
      th.scope = "col";
      th.setAttribute("role", "columnheader");
      tr.append(th);
    }
    head.append(tr);
    this.body = element("tbody");
    this.body.setAttribute("role", "rowgroup");
    this.table.append(head, this.body);
    this.table.setAttribute("aria-labelledby", `h-${name}`);
    this.table.hidden = true;
    this.empty = element("p", "Loading.", "empty");
    this.more = element("p", undefined, "empty");
    this.left = element("span");
    const button = element("button", `Show ${ROWS_AT_ONCE} more`);
    button.type = "button";
    button.onclick = () => {
      this.parts++;
      this.renew();
    };
    this.more.append(this.left, " ", button);
    this.more.hidden = true;
    this.table.after(this.empty, this.more);
  }

  /** Loads what is shown again, at once or after what is under way. */
  renew() {
    this.stale = true;
    this.renewing ??= this.#renew().finally(() => (this.renewing = null));
  }

  async #renew() {
    for (let [wait, longest] = RETRY_MS; this.stale; ) {
      this.stale = false;
      try {
        await this.#load();
        wait = RETRY_MS[0];
        await pause(RENEW_MS);
      } catch (e) {
        this.stale = true;
        console.info(`${this.name}:`, e.message);
        await pause(jitter(wait));
        wait = Math.min(wait * 2, longest);
      }
    }
  }

  async #load() {
    const items = [];
    const unanswered = new Map();
    let answer = { next: "" };
    for (let part = 0; part < this.parts && answer.next !== undefined; part++) {
      const query = new URLSearchParams({ scope: "cluster", limit: ROWS_AT_ONCE });
      if (answer.next) query.set("after", answer.next);
      answer = await json(`${this.description.path}?${query}`);
      items.push(...answer.items);
      answer.unanswered.forEach(u => unanswered.set(u.node, u));
    }
    Object.assign(this, { items, unanswered: [...unanswered.values()], total: answer.total, states: answer.states ?? {} });
    this.left.textContent = `and ${count(answer.total - items.length)} more`;
    this.more.hidden = answer.next === undefined;
    this.show();
    onLoaded(this);
  }

  show() {
    const { rows: field, key } = this.description;
    const shown = field ? this.items.flatMap(item => item[field]) : this.items;
    const seen = new Set();
    let before = this.body.firstElementChild;
    for (const row of shown) {
      const id = key.map(path => valueOf(row, path) ?? "").join(" ");
      seen.add(id);
      const tr = this.rows.get(id) ?? this.#add(id);
      this.columns.forEach((c, i) => this.#fill(tr.children[i], cell(c, row, this.details(c))));
      if (tr === before) before = before.nextElementSibling;
      else this.body.insertBefore(tr, before);
    }
    for (const [id, tr] of this.rows) {
      if (!seen.has(id)) {
        tr.remove();
        this.rows.delete(id);
      }
    }
    this.table.hidden = shown.length === 0;
    this.empty.textContent = this.description.empty;
    this.empty.hidden = shown.length > 0;
  }

  #add(id) {
    const tr = element("tr");
    tr.setAttribute("role", "row");
    for (const c of this.columns) {
      const td = element("td", undefined, CLASSES[c.as]);
      td.dataset.label = c.label;
      td.setAttribute("role", "cell");
      tr.append(td);
    }
    this.rows.set(id, tr);
    return tr;
  }

  #fill(td, content) {
    const parts = [content].flat().filter(p => p !== undefined && p !== null && p !== "");
    const nodes = parts.map(p => (p instanceof Node ? p : element("span", String(p))));
    td.classList.toggle("blank", nodes.length === 0);
    const same = nodes.length === td.childNodes.length && nodes.every((n, i) => n.isEqualNode(td.childNodes[i]));
    if (!same) td.replaceChildren(...nodes);
  }
}

// ---- cells ----

const small = text => (text ? element("small", text) : "");
const nodeName = id => names.get(id) ?? id;
const valueOf = (row, path) => path.split(".").reduce((value, field) => value?.[field], row);
const AS_TEXT = {
  end: values => values.join(" "),
  path: values => values.join("/"),
  list: values => values.flat().join(", "),
  hops: values => values.flat().map(h => `${h.service} by ${h.provider}${h.state === "up" ? "" : ` (${h.state})`}`).join(" → "),
  texts: values => values.flat().map(v => v.text).join("; "),
  node: values => values.map(nodeName).join(""),
  nodes: values => values.flat().map(nodeName).join(", "),
  rtt: values => values.map(micros => `${(micros / 1000).toFixed(3)} ms`).join(""),
  sum: values => count(values.reduce((a, b) => a + b, 0)),
  number: values => values.map(count).join(""),
  bytes: values => values.map(v => bytes(v)).join(""),
  age: values => values.map(v => duration((Date.now() - Date.parse(v)) / 1000)).join(""),
};

function text(column, row) {
  const values = column.of.map(path => valueOf(row, path)).filter(v => v !== undefined && v !== null && v !== "");
  const plain = (AS_TEXT[column.as] ?? (v => v.join("")))(values);
  const word = column.words?.[plain] ?? plain;
  return word === "" ? (column.none ?? "") : word;
}

function cell(column, row, details) {
  const said = text(column, row);
  const detail = small(details.map(d => text(d, row)).filter(Boolean).join(" · "));
  switch (column.as) {
    case "state": return [state(said || "no answer"), detail];
    case "problem": return [state(said ? "failed" : "none"), small(said)];
    case "self": return [said, small(row.self ? "this node" : "")];
    case "rate": return rate(row);
    default: return [column.sign ? element("span", `${column.sign} ${said}`, "stack") : said, detail];
  }
}

function count(n) {
  return n.toLocaleString("en");
}

function bytes(n, unit = "B") {
  const steps = ["", "k", "M", "G", "T"];
  let i = 0;
  while (n >= 1000 && i < steps.length - 1) {
    n /= 1000;
    i++;
  }
  return `${i === 0 ? Math.round(n) : n.toPrecision(3)} ${steps[i]}${unit}`;
}

function duration(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  const d = Math.floor(s / 86400), h = Math.floor((s % 86400) / 3600), m = Math.floor((s % 3600) / 60);
  return d ? `${d} d ${h} h` : h ? `${h} h ${m} min` : m ? `${m} min` : `${s} s`;
}

// ---- rates: the stream tells the counters of wires and of the mesh's links ----

const rates = new Map();
const rowKey = (id, node) => `${id} ${node}`;

function onTraffic({ seconds, items }) {
  const told = new Map(items.map(t => [rowKey(t.id, t.node), t]));
  for (const [key, t] of told) {
    const total = t.sent.bytes + t.received.bytes;
    const r = rates.get(key) ?? { history: [] };
    // A node that was started anew counts from zero.
    if (r.total !== undefined) r.history.push(Math.max(0, ((total - r.total) * 8) / seconds));
    if (r.history.length > SAMPLES) r.history.shift();
    rates.set(key, { ...r, total });
  }
  for (const key of rates.keys()) {
    if (!told.has(key)) rates.delete(key);
  }
  const wires = lists.get("wires");
  for (const w of wires.items) {
    const { sent, received, peerDrops } = told.get(rowKey(w.id, w.local.node)) ?? w;
    Object.assign(w, { sent, received, peerDrops });
  }
  wires.show();
}

function onLinks({ items }) {
  const told = new Map(items.map(t => [rowKey(t.id, t.node), t]));
  const links = lists.get("mesh-links");
  for (const link of links.items) Object.assign(link, told.get(rowKey(link.id, link.node)));
  links.show();
}

function rate(wire) {
  const history = rates.get(rowKey(wire.id, wire.local.node))?.history ?? [];
  if (history.length === 0) return "–";
  return [element("span", bytes(history.at(-1), "bit/s"), "stack"), history.length > 1 ? spark(history) : ""];
}

function spark(history) {
  const SVG = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "spark");
  svg.setAttribute("viewBox", `0 0 ${SAMPLES - 1} 20`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const top = Math.max(...history, 1);
  const left = SAMPLES - history.length;
  const points = history.map((v, i) => `${left + i} ${(19 - (18 * v) / top).toFixed(1)}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", `M${points.join("L")}`);
  svg.append(path);
  return svg;
}

// ---- health ----

function notice(title, lines, bad) {
  const p = element("p", undefined, bad ? "notice bad" : "notice");
  p.append(element("strong", title));
  for (const line of lines) p.append(element("span", line));
  return p;
}

function banner(notices) {
  const box = $("banner");
  const same = notices.length === box.children.length && notices.every((n, i) => n.isEqualNode(box.children[i]));
  if (!same) box.replaceChildren(...notices);
  box.hidden = notices.length === 0;
}

function troubles(nodes, unanswered) {
  const notices = [];
  for (const n of nodes) {
    for (const w of n.warnings ?? []) {
      const place = n.self ? w.room : `${n.name}, ${w.room}`;
      notices.push(notice(`${place}: ${w.text}`, [`Affects: ${w.affects}`, `What to do: ${w.action}`], n.state === "failed"));
    }
    if (n.state === "failed" && !(n.warnings ?? []).length) {
      notices.push(notice(`Node ${n.name} has failed`, [`weft status and its log say why`], true));
    }
  }
  for (const u of unanswered) {
    notices.push(notice(`Node ${u.name} did not answer`, [`Affects: what it carries is not shown below`, u.reason], true));
  }
  return notices;
}

// ---- what follows from a list ----

let self = null;

function showSelf(node) {
  self = node;
  document.title = `${node.name} · Weft`;
  $("node-name").textContent = node.name;
  $("node-id").textContent = node.id;
  $("node-version").textContent = node.version;
  showAge();
  const shown = state(node.state);
  $("node-state").className = shown.className;
  $("node-state").replaceChildren(...shown.childNodes);
}

function showAge() {
  if (self) $("node-up").textContent = duration((Date.now() - Date.parse(self.startedAt)) / 1000);
}

function onLoaded(list) {
  const { name, items, total, states } = list;
  if (name === "nodes") {
    const now = new Map(items.map(n => [n.id, n.name]));
    const same = now.size === names.size && [...now].every(([id, node]) => names.get(id) === node);
    names = now;
    if (!same) lists.forEach(other => other.items.length && other.show());
    items.filter(n => n.self).forEach(showSelf);
  }
  if (name === "nodes" || name === "pods") $(`count-${name}`).textContent = count(total);
  if (name === "wires") $("count-wires").textContent = `${count(states.up ?? 0)} of ${count(total)}`;
  showBanner();
}

function showBanner() {
  if (lost) {
    banner([notice("This page has lost the node", [lost, "It connects again by itself; the tables show what was last known."], true)]);
    return;
  }
  const silent = new Map([...lists.values()].flatMap(l => l.unanswered).map(u => [u.node, u]));
  banner(troubles(lists.get("nodes").items, silent.values()));
}

const pause = ms => new Promise(done => setTimeout(done, ms));
const jitter = ms => ms * (0.8 + 0.2 * Math.random());

// ---- events: read with fetch, since EventSource cannot send a token ----

let lastId = null;
let lost = null;
let live = false;

function showEvent(name, event) {
  const li = element("li", undefined, "new");
  if (name === "gap") {
    li.append(element("time", ""), state("warning"), element("span", "gap", "kind"),
      element("span", event.missed ? `${event.missed} events were missed: ${event.reason}` : event.reason, "text"));
  } else {
    const time = element("time", new Date(event.time).toLocaleTimeString());
    time.dateTime = event.time;
    time.title = event.time;
    const where = event.node === self?.id ? "" : `${nodeName(event.node)}: `;
    li.append(time, state(event.severity), element("span", event.kind, "kind"), element("span", where + event.text, "text"));
  }
  const list = $("event-list");
  list.prepend(li);
  while (list.children.length > EVENTS_SHOWN) list.lastElementChild.remove();
  filterEvent(li);
  $("event-empty").hidden = true;
}

function filterEvent(li) {
  li.hidden = !li.textContent.toLowerCase().includes($("event-filter").value.trim().toLowerCase());
}

function onBlock(block) {
  if (block === ": live") onLive();
  let name = "message", data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("id: ")) lastId = line.slice(4);
    else if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (!data) return;
  if (name === "traffic") onTraffic(JSON.parse(data));
  else if (name === "links") onLinks(JSON.parse(data));
  else {
    showEvent(name, JSON.parse(data));
    // Until the stream is live it tells what the lists, which are not loaded before, contain.
    if (live) lists.forEach(list => (name === "gap" || list.description.facts.includes(name)) && list.renew());
  }
}

/** Reads until the stream ends; one that is silent, or that nobody looks at, is ended here. */
async function readEvents() {
  const given = new AbortController();
  const end = () => given.abort();
  const onHidden = () => document.hidden && end();
  document.addEventListener("visibilitychange", onHidden);
  let silence;
  try {
    if (!self) showSelf(await json("/api/v1/node"));
    const extra = { Accept: "text/event-stream" };
    if (lastId) extra["Last-Event-ID"] = lastId;
    const response = await ask(`/api/v1/events?scope=cluster&traffic=${TRAFFIC_SECONDS}`, extra, given.signal);
    if (!response.ok) throw new Error(`status ${response.status}`);
    silence = setTimeout(end, SILENCE_MS);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(silence);
      silence = setTimeout(end, SILENCE_MS);
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      blocks.forEach(onBlock);
    }
  } finally {
    clearTimeout(silence);
    document.removeEventListener("visibilitychange", onHidden);
  }
}

/** All lists are loaded: events of other members are not told again after a time without a stream. */
function onLive() {
  lost = null;
  live = true;
  $("stream-state").textContent = "Live.";
  lists.forEach(list => list.renew());
}

function visible() {
  return document.hidden
    ? new Promise(done => document.addEventListener("visibilitychange", done, { once: true })).then(visible)
    : Promise.resolve();
}

async function keepReading() {
  for (let [wait, longest] = RETRY_MS; ; ) {
    await visible();
    live = false;
    let why = "The node ended the connection.";
    try {
      await readEvents();
    } catch (e) {
      why = e.message;
      console.info("event stream:", why);
    }
    $("stream-state").textContent = "Not live: connecting again.";
    if (live) wait = RETRY_MS[0];
    else {
      lost = why;
      showBanner();
    }
    await pause(jitter(wait));
    wait = Math.min(wait * 2, longest);
  }
}

async function start() {
  for (const [name, description] of Object.entries(await json("/lists.json"))) {
    if ($(name)) lists.set(name, new List(name, description));
  }
  $("event-filter").addEventListener("input", () => [...$("event-list").children].forEach(filterEvent));
  setInterval(showAge, 60_000);
  await keepReading();
}

start();
