// The status page: polls the API, follows the event stream, writes text only (never markup).

const POLL_MS = 2000;
const SAMPLES = 60;
const EVENTS_SHOWN = 300;
const ROWS_SHOWN = 500;
const TOKEN = "weft-token";

const $ = id => document.getElementById(id);
const SHAPES = {
  up: ["●", "good"], ready: ["●", "good"], info: ["·", ""],
  joining: ["◐", "wait"], starting: ["◐", "wait"], healing: ["◐", "wait"], waiting: ["○", "wait"],
  degraded: ["◆", "wait"], warning: ["◆", "wait"],
  failed: ["✕", "bad"], contradiction: ["≠", "bad"], error: ["✕", "bad"],
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

// ---- tables ----

/** Columns are [label, class, item => text or element]; rows are kept by key, so focus and selection stay. */
class Table {
  constructor(section, empty, columns) {
    this.table = $(section).querySelector("table");
    this.columns = columns;
    this.rows = new Map();
    const head = element("thead");
    head.setAttribute("role", "rowgroup");
    const tr = element("tr");
    tr.setAttribute("role", "row");
    for (const [label, className] of columns) {
      const th = element("th", label, className);
      th.scope = "col";
      th.setAttribute("role", "columnheader");
      tr.append(th);
    }
    head.append(tr);
    this.body = element("tbody");
    this.body.setAttribute("role", "rowgroup");
    this.table.append(head, this.body);
    this.table.setAttribute("aria-labelledby", `h-${section}`);
    this.empty = element("p", empty, "empty");
    this.more = element("p", "", "empty");
    this.table.after(this.empty, this.more);
  }

  show(items, key) {
    const seen = new Set();
    let before = this.body.firstElementChild;
    for (const item of items.slice(0, ROWS_SHOWN)) {
      const id = key(item);
      seen.add(id);
      const tr = this.rows.get(id) ?? this.#add(id);
      this.columns.forEach(([, , content], i) => this.#fill(tr.children[i], content(item)));
      if (tr === before) before = before.nextElementSibling;
      else this.body.insertBefore(tr, before);
    }
    for (const [id, tr] of this.rows) {
      if (!seen.has(id)) {
        tr.remove();
        this.rows.delete(id);
      }
    }
    this.table.hidden = items.length === 0;
    this.empty.hidden = items.length > 0;
    this.more.hidden = items.length <= ROWS_SHOWN;
    this.more.textContent = `and ${count(items.length - ROWS_SHOWN)} more`;
  }

  #add(id) {
    const tr = element("tr");
    tr.setAttribute("role", "row");
    for (const [label, className] of this.columns) {
      const td = element("td", undefined, className);
      td.dataset.label = label;
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

const small = text => (text ? element("small", text) : "");
const nodeName = id => names.get(id) ?? id ?? "";
const end = e => [`${e.pod} ${e.intf ?? ""}`, small([nodeName(e.node), e.address].filter(Boolean).join(" · "))];
const why = item => [state(item.state), small(item.reason)];

let names = new Map();
const rates = new Map();

const tables = {
  wires: new Table("wires", "No wires: apply a topology, or add one with weft wire add.", [
    ["State", "any", why],
    ["One end", "", w => end(w.local)],
    ["Other end", "", w => end(w.peer)],
    ["Kind", "keep", w => w.kind],
    ["MTU", "number", w => w.mtu],
    ["Frames", "number", w => [arrow("→", count(w.forth.frames)), arrow("←", count(w.back.frames))]],
    ["Bytes", "number", w => [arrow("→", bytes(w.forth.bytes)), arrow("←", bytes(w.back.bytes))]],
    ["Rate", "number", w => rate(w)],
    ["Drops", "number", w => count(w.drops)],
    ["Wire", "id", w => w.id],
  ]),
  links: new Table("links", "No topologies: weft topology apply -f FILE brings them.", [
    ["State", "any", why],
    ["One end", "", l => end({ pod: l.pod, intf: l.localIntf, node: l.node, address: l.localIp })],
    ["Other end", "", l => end({ pod: l.peer ?? "?", intf: l.peerIntf, node: l.peerNode, address: l.peerIp })],
    ["Uid", "number", l => l.uid],
    ["Kind", "keep", l => l.kind],
    ["MTU", "number", l => l.mtu],
  ]),
  nodes: new Table("nodes", "No members.", [
    ["State", "", n => [state(n.state ?? "unanswered"), small((n.warnings ?? []).map(w => w.text).join("; "))]],
    ["Name", "", n => [n.name, small(n.self ? "this node" : "")]],
    ["Id", "id", n => n.id],
    ["Version", "keep", n => n.version],
    ["gRPC", "mono", n => n.grpc],
    ["API", "mono", n => n.http],
    ["Up", "keep number", n => duration((Date.now() - Date.parse(n.startedAt)) / 1000)],
  ]),
  pods: new Table("pods", "No pods: weft pod add NAME --netns NAMESPACE registers one.", [
    ["Pod", "", p => p.ref],
    ["Node", "", p => nodeName(p.node)],
    ["Namespace", "mono", p => p.netns],
    ["State", "", p => [state(p.problem ? "failed" : "ready"), small(p.problem)]],
  ]),
  connections: new Table("connections", "No connections: weft service request SERVICE --pod POD makes one.", [
    ["State", "any", why],
    ["Service", "", c => c.service],
    ["Client", "", c => end({ pod: c.clientPod, intf: c.clientInterface, node: c.clientNode, address: c.clientAddress })],
    ["Provider", "", c => end({ pod: c.provider, node: c.endpointNode, address: c.endpointAddress })],
    ["By", "keep", c => c.carrier],
    ["MTU", "number", c => c.mtu],
    ["Reaches", "mono", c => c.routes.map(r => element("span", r, "stack"))],
    ["Connection", "id", c => c.id],
  ]),
  services: new Table("services", "Nobody advertises a service: weft service advertise plays an endpoint.", [
    ["Service", "", s => s.service],
    ["Provider", "", s => s.name],
    ["Node", "", s => nodeName(s.node)],
    ["Interfaces", "", s => s.interfaces.join(", ") || "any"],
    ["Connections", "number", s => count(s.connections)],
  ]),
  subnets: new Table("subnets", "No leases yet.", [
    ["Subnet", "mono", s => s.subnet],
    ["Holder", "", s => [s.name, small(s.self ? "this node" : "")]],
    ["State", "", s => [state(s.live ? "ready" : "waiting"), small(s.live ? "" : "not a member now; the lease is kept")]],
    ["Underlay", "mono", s => s.endpoint],
    ["MTU", "number", s => s.mtu || ""],
  ]),
  routes: new Table("routes", "No routes: they come with other members' subnets, or by weft routes add.", [
    ["State", "any", r => [state(r.up ? "up" : "waiting"), small(r.reason)]],
    ["Node", "", r => nodeName(r.node)],
    ["Destination", "mono", r => r.destination],
    ["Device", "mono", r => r.via],
    ["Leads to", "", r => nodeName(r.member)],
  ]),
};

function arrow(sign, text) {
  return element("span", `${sign} ${text}`, "stack");
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

/** What is not up comes first; then by name. */
function worstFirst(items, name) {
  return [...items].sort((a, b) => (a.state === "up") - (b.state === "up") || name(a).localeCompare(name(b)));
}

const ofPod = x => `${x.local?.pod ?? x.pod} ${String(x.uid).padStart(16, "0")}`;

/** Keeps the worse of two descriptions of the same thing. */
function keepWorse(known, key, item) {
  const other = known.get(key);
  if (!other || (other.state === "up" && item.state !== "up")) known.set(key, item);
}

// ---- wires: both nodes tell of the same wire; it is one row ----

function merge(views) {
  const wires = new Map();
  for (const v of views) {
    const w = wires.get(v.id);
    const drops = v.sent.drops + v.received.drops;
    if (!w) {
      wires.set(v.id, { ...v, forth: v.sent, back: v.received, drops });
      continue;
    }
    // The sender's count of each direction; the worse of the two states.
    w.back = v.sent;
    w.drops += drops;
    if (w.state === "up" && v.state !== "up") Object.assign(w, { state: v.state, reason: v.reason });
  }
  return worstFirst(wires.values(), ofPod);
}

function sample(wires) {
  const now = performance.now();
  for (const w of wires) {
    const total = w.forth.bytes + w.back.bytes;
    const r = rates.get(w.id) ?? { history: [] };
    if (r.at) {
      // A node that was started anew counts from zero.
      r.history.push(Math.max(0, ((total - r.total) * 8000) / (now - r.at)));
      if (r.history.length > SAMPLES) r.history.shift();
    }
    rates.set(w.id, { ...r, total, at: now });
  }
  for (const id of rates.keys()) {
    if (!wires.some(w => w.id === id)) rates.delete(id);
  }
}

function rate(wire) {
  const history = rates.get(wire.id)?.history ?? [];
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

/** Both pods describe a link; it is one row, the worse description first. */
function links(topologies) {
  const byEnds = new Map();
  for (const t of topologies) {
    for (const l of t.links) {
      const ends = [`${l.pod} ${l.localIntf}`, `${l.peer} ${l.peerIntf}`].sort();
      const key = l.wire ?? `${l.uid} ${ends.join(" ")}`;
      keepWorse(byEnds, key, { ...l, key });
    }
  }
  return worstFirst(byEnds.values(), ofPod);
}

/** Both nodes tell of a connection between them; it is one row. */
function connections(views) {
  const byId = new Map();
  for (const v of views) keepWorse(byId, v.id, v);
  return worstFirst(byId.values(), c => `${c.clientPod} ${c.service} ${c.id}`);
}

/** A row for each endpoint. */
function endpoints(services, all) {
  const key = (service, node, provider) => [service, node, provider].join(" ");
  const used = new Map();
  for (const c of all) {
    const k = key(c.service, c.endpointNode, c.provider);
    used.set(k, (used.get(k) ?? 0) + 1);
  }
  return services.flatMap(s => s.endpoints).map(e => {
    const name = [e.namespace, e.provider].filter(Boolean).join("/");
    const k = key(e.service, e.node, name);
    return { ...e, name, key: k, connections: used.get(k) ?? 0 };
  });
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

// ---- polling ----

function showSelf(node) {
  document.title = `${node.name} · Weft`;
  $("node-name").textContent = node.name;
  $("node-id").textContent = node.id;
  $("node-version").textContent = node.version;
  $("node-up").textContent = duration((Date.now() - Date.parse(node.startedAt)) / 1000);
  const shown = state(node.state);
  $("node-state").className = shown.className;
  $("node-state").replaceChildren(...shown.childNodes);
}

async function poll() {
  const [self, nodes, wires, topologies, pods, services, asked, subnets, routes] = await Promise.all([
    json("/api/v1/node"),
    json("/api/v1/nodes?scope=cluster"),
    json("/api/v1/wires?scope=cluster"),
    json("/api/v1/topologies"),
    json("/api/v1/pods?scope=cluster"),
    json("/api/v1/services"),
    json("/api/v1/connections?scope=cluster"),
    json("/api/v1/subnets"),
    json("/api/v1/routes?scope=cluster"),
  ]);
  names = new Map(nodes.items.map(n => [n.id, n.name]));
  showSelf(self);
  const silent = new Map([nodes, wires, pods, asked, routes].flatMap(list => list.unanswered).map(u => [u.node, u]));
  banner(troubles(nodes.items, silent.values()));
  const merged = merge(wires.items);
  sample(merged);
  tables.wires.show(merged, w => w.id);
  tables.links.show(links([...topologies.items, topologies]), l => l.key);
  tables.nodes.show(nodes.items, n => n.id);
  tables.pods.show(pods.items, p => `${p.node} ${p.ref}`);
  const made = connections(asked.items);
  tables.connections.show(made, c => c.id);
  tables.services.show(endpoints(services.items, made), e => e.key);
  tables.subnets.show(subnets.items, s => s.subnet);
  tables.routes.show(routes.items, r => `${r.node} ${r.destination}`);
  $("count-nodes").textContent = nodes.items.length;
  $("count-pods").textContent = pods.items.length;
  $("count-wires").textContent = `${merged.filter(w => w.state === "up").length} of ${merged.length}`;
}

const pause = ms => new Promise(done => setTimeout(done, ms));

async function keepPolling() {
  for (;;) {
    if (!document.hidden) {
      try {
        await poll();
      } catch (e) {
        banner([notice("This page has lost the node", [e.message, "It asks again by itself; the tables show what was last known."], true)]);
      }
    }
    await pause(POLL_MS);
  }
}

// ---- events: read with fetch, since EventSource cannot send a token ----

let lastId = null;

function showEvent(name, event) {
  const li = element("li", undefined, "new");
  if (name === "gap") {
    li.append(element("time", ""), state("warning"), element("span", "gap", "kind"),
      element("span", `${event.missed} events were missed: ${event.reason}`, "text"));
  } else {
    const time = element("time", new Date(event.time).toLocaleTimeString());
    time.dateTime = event.time;
    time.title = event.time;
    li.append(time, state(event.severity), element("span", event.kind, "kind"), element("span", event.text, "text"));
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
  let name = "message", data = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("id: ")) lastId = line.slice(4);
    else if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
  }
  if (data) showEvent(name, JSON.parse(data));
}

async function readEvents() {
  const extra = { Accept: "text/event-stream" };
  if (lastId) extra["Last-Event-ID"] = lastId;
  const response = await ask("/api/v1/events", extra);
  if (!response.ok) throw new Error(`status ${response.status}`);
  $("stream-state").textContent = "Live.";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    blocks.forEach(onBlock);
  }
}

async function keepReading() {
  for (let wait = 1000; ; wait = Math.min(wait * 2, 15_000)) {
    const before = lastId;
    try {
      await readEvents();
    } catch (e) {
      console.info("event stream:", e.message);
    }
    $("stream-state").textContent = "Not live: connecting again.";
    if (lastId !== before) wait = 1000;
    await pause(wait);
  }
}

$("event-filter").addEventListener("input", () => [...$("event-list").children].forEach(filterEvent));
keepPolling();
keepReading();
