"use strict";
// Draws lanes of spans on a canvas: what is in view and wide enough to be seen, so that a hundred thousand open at once.
{
const data = JSON.parse(document.getElementById("data").textContent);
const $ = id => document.getElementById(id);
const canvas = $("canvas"), view = $("view"), told = $("told"), find = $("find"), clock = $("clock");
const ctx = canvas.getContext("2d");
const N = data.name.length, ROW = 20, GAP = 10, AXIS = 24, HEAD = 17;
let starts, ends, lanes, total, from, to, top = 0, height = 0, picked = -1, hits = [], hit = -1, drag = null, wide = 1, high = 1;
let colours = {}, queued = false;

function time(ns) {
  const minus = ns < 0 ? "-" : ""; ns = Math.abs(ns);
  for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["us", 1e3]])
    if (ns >= size) return minus + +(ns / size).toPrecision(4) + unit;
  return ns < 0.5 ? "0" : minus + Math.round(ns) + "ns";
}

// Each lane is packed into rows: a span goes into the first row that is free when it begins, below what holds it.
function pack(real) {
  starts = real ? data.realStart : data.start;
  const took = real ? data.real : data.virtual;
  ends = starts.map((s, i) => s + took[i]);
  total = Math.max(1, real ? data.realTotal : data.virtualTotal);
  from = 0; to = total * 1.02; top = 0;
  let y = AXIS;
  lanes = data.lanes.map((name, lane) => ({ name, lane, rows: [], y: 0, height: 0 }));
  for (let i = 0; i < N; i++) {
    if (!real && data.kind[i] === 4) continue;
    const rows = lanes[data.lane[i]].rows, depth = data.depth[i];
    let row = depth;
    while (rows[row] && rows[row].length && ends[rows[row][rows[row].length - 1]] > starts[i] && row < depth + 12) row++;
    while (rows.length <= row) rows.push([]);
    rows[row].push(i);
  }
  lanes = lanes.filter(lane => lane.rows.some(row => row && row.length));
  for (const lane of lanes) {
    lane.rows = lane.rows.filter(row => row.length);
    for (const row of lane.rows) row.sort((a, b) => starts[a] - starts[b] || a - b);
    lane.y = y; lane.height = HEAD + lane.rows.length * ROW + GAP; y += lane.height;
  }
  height = y;
}

function first(row, at) { // the first span of a row that may reach `at`
  let low = 0, up = row.length;
  while (low < up) { const mid = (low + up) >> 1; if (starts[row[mid]] < at) low = mid + 1; else up = mid; }
  return Math.max(0, low - 1);
}

const X = ns => (ns - from) / (to - from) * wide;
const at = x => from + x / wide * (to - from);

function axis() {
  const step = 10 ** Math.floor(Math.log10((to - from) / Math.max(2, wide / 110)));
  const size = [1, 2, 5, 10].map(f => f * step).find(s => wide * s / (to - from) > 80) || step * 10;
  ctx.fillStyle = colours.raised; ctx.fillRect(0, 0, wide, AXIS - 2);
  ctx.fillStyle = colours.soft; ctx.strokeStyle = colours.line; ctx.textBaseline = "middle";
  for (let ns = Math.ceil(from / size) * size; ns <= to; ns += size) {
    const x = X(ns);
    ctx.fillRect(x, 0, 1, 6); ctx.fillText(time(ns), x + 4, AXIS / 2 - 1);
  }
}

function draw() {
  queued = false;
  ctx.fillStyle = colours.paper; ctx.fillRect(0, 0, wide, high);
  ctx.font = "12px " + colours.mono; ctx.textBaseline = "middle";
  for (const lane of lanes) {
    const y = lane.y - top;
    if (y > high || y + lane.height < AXIS) continue;
    ctx.fillStyle = colours.line; ctx.fillRect(0, y - GAP / 2, wide, 1);
    lane.rows.forEach((row, number) => {
      const ry = y + HEAD + number * ROW;
      if (ry > high || ry + ROW < AXIS) return;
      let painted = -1;
      for (let k = first(row, from); k < row.length; k++) {
        const i = row[k];
        if (starts[i] > to) break;
        const x = Math.max(-2, X(starts[i])), end = Math.min(wide + 2, Math.max(X(ends[i]), x + 1.5));
        if (end <= painted && i !== picked) continue; // nothing of it would be seen
        painted = Math.max(painted, Math.floor(end));
        box(i, x, ry, end - x);
      }
    });
    ctx.font = "600 12px system-ui, sans-serif";
    const label = lane.name, room = ctx.measureText(label).width + 12;
    ctx.fillStyle = colours.paper; ctx.fillRect(0, y - 1, room, HEAD - 1);
    ctx.fillStyle = colours.soft; ctx.fillText(label, 6, y + HEAD / 2 - 2);
    ctx.font = "12px " + colours.mono;
  }
  axis();
}

function box(i, x, y, width) {
  const found = hits.length > 0 && !isHit[i];
  ctx.globalAlpha = found ? 0.25 : 1;
  ctx.fillStyle = colours[data.capabilities[data.capability[i]]] || colours.engine;
  ctx.fillRect(x, y, width > 4 ? width - 1 : width, ROW - 2);
  if (data.failed[i]) { ctx.fillStyle = colours.fail; ctx.fillRect(x, y + ROW - 5, width, 3); }
  if (width > 26) {
    const text = data.texts[data.name[i]], letters = Math.floor((width - 6) / 7.25);
    ctx.fillStyle = colours.on;
    ctx.fillText(text.length <= letters ? text : text.slice(0, Math.max(1, letters - 1)) + "…", x + 3, y + ROW / 2 - 1);
  }
  ctx.globalAlpha = 1;
  if (i === picked) { ctx.strokeStyle = colours.link; ctx.lineWidth = 2; ctx.strokeRect(x + 1, y + 1, Math.max(2, width - 2), ROW - 4); }
}

function redraw() { if (!queued) { queued = true; requestAnimationFrame(draw); } }

function size() {
  const scale = devicePixelRatio || 1;
  wide = view.clientWidth; high = view.clientHeight;
  canvas.width = wide * scale; canvas.height = high * scale;
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  top = Math.max(0, Math.min(top, height - high));
  redraw();
}

function zoom(factor, x = wide / 2) {
  const middle = at(x), span = Math.max(20, Math.min(total * 1.1, (to - from) * factor));
  from = middle - x / wide * span; to = from + span; keep();
}
function pan(share) { const by = (to - from) * share; from += by; to += by; keep(); }
function keep() {
  const span = to - from, edge = total * 0.05;
  if (from < -edge) { from = -edge; to = from + span; }
  if (to > total * 1.02 + edge) { to = total * 1.02 + edge; from = to - span; }
  redraw();
}
function scroll(by) { top = Math.max(0, Math.min(top + by, Math.max(0, height - high))); redraw(); }

function under(x, y) {
  for (const lane of lanes) {
    const row = Math.floor((y + top - lane.y - HEAD) / ROW);
    if (row < 0 || row >= lane.rows.length || y + top >= lane.y + lane.height) continue;
    let best = -1;
    for (let k = first(lane.rows[row], at(x - 2)); k < lane.rows[row].length; k++) {
      const i = lane.rows[row][k];
      if (X(starts[i]) > x + 2) break;
      if (Math.max(X(ends[i]), X(starts[i]) + 1.5) >= x - 2) best = i;
    }
    return best;
  }
  return -1;
}

function line(...parts) {
  const p = document.createElement("p");
  for (const part of parts) p.append(part);
  told.append(p);
}
function strong(text, name = "b") { const e = document.createElement("b"); e.textContent = text; if (name !== "b") e.className = name; return e; }

function pick(i, move = false) {
  picked = i;
  told.replaceChildren();
  if (i < 0) { help(); redraw(); return; }
  line(strong(data.texts[data.name[i]]), data.at[i] >= 0 ? "  " + data.texts[data.at[i]] : "", data.failed[i] ? strong("  failed", "bad") : "");
  const isFunction = data.kind[i] === 4;
  const parts = [];
  if (!isFunction) parts.push("virtual " + time(data.virtual[i]) + " from " + time(data.start[i]));
  if (data.timed) parts.push("real " + time(data.real[i]) + " from " + time(data.realStart[i]));
  if (data.calls[i] > 1) parts.push(data.calls[i] + " calls together");
  line(parts.join("   "));
  if (data.note[i] >= 0) line(data.texts[data.note[i]]);
  if (isFunction) { const s = document.createElement("span"); s.className = "soft"; s.textContent = "Functions are counted, not timed one by one: they stand one after the other."; line(s); }
  if (move) show(i);
  redraw();
}

function show(i) {
  const span = to - from;
  if (starts[i] < from || ends[i] > to) {
    const wanted = Math.max(span, (ends[i] - starts[i]) * 1.2);
    const middle = (starts[i] + ends[i]) / 2; from = middle - wanted / 2; to = from + wanted; keep();
  }
  for (const lane of lanes) lane.rows.forEach((row, number) => {
    if (lane.lane !== data.lane[i] || !row.includes(i)) return;
    const y = lane.y + HEAD + number * ROW;
    if (y - top < AXIS + HEAD) top = Math.max(0, y - AXIS - HEAD); else if (y + ROW - top > high) top = y + ROW - high + GAP;
  });
}

function help() {
  const keys = document.createElement("p");
  for (const name of data.capabilities) {
    const key = document.createElement("span"); key.className = "key";
    const colour = document.createElement("i"); colour.style.background = colours[name] || colours.engine;
    key.append(colour, name); keys.append(key);
  }
  told.append(keys);
  const text = document.createElement("p"); text.className = "soft";
  text.textContent = "Drag or ← → to move, wheel or + − to zoom, ↑ ↓ to scroll, 0 for all, / to find, N and P for the next and the one before, Enter to zoom into it, Escape to let go.";
  told.append(text);
}

let isHit = new Uint8Array(N);
function search(word) {
  word = word.toLowerCase(); hits = []; hit = -1; isHit = new Uint8Array(N);
  if (word) {
    const match = data.texts.map(text => text.toLowerCase().includes(word));
    for (let i = 0; i < N; i++) if (match[data.name[i]] || (data.note[i] >= 0 && match[data.note[i]]) || (data.at[i] >= 0 && match[data.at[i]])) { hits.push(i); isHit[i] = 1; }
  }
  $("hits").textContent = word ? hits.length.toLocaleString("en") + (hits.length === 1 ? " hit" : " hits") : "";
  redraw();
}
function next(by) {
  if (hits.length) { hit = (hit + by + hits.length) % hits.length; pick(hits[hit], true); return; }
  pick(((picked < 0 ? (by > 0 ? -1 : N) : picked) + by + N) % N, true);
}

function look() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ["paper", "raised", "soft", "line", "link", "fail", "mono", "on", ...data.capabilities]) colours[name] = style.getPropertyValue("--" + name).trim();
}

canvas.addEventListener("wheel", event => {
  event.preventDefault();
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan((event.deltaX || event.deltaY) / wide);
  else if (event.altKey) scroll(event.deltaY);
  else zoom(Math.exp(event.deltaY * 0.0015), event.offsetX);
}, { passive: false });
canvas.addEventListener("pointerdown", event => { drag = { x: event.offsetX, y: event.offsetY, moved: false }; canvas.setPointerCapture(event.pointerId); });
canvas.addEventListener("pointermove", event => {
  if (!drag) { const i = under(event.offsetX, event.offsetY); canvas.title = i < 0 ? "" : data.texts[data.name[i]]; return; }
  const dx = event.offsetX - drag.x, dy = event.offsetY - drag.y;
  if (!drag.moved && Math.abs(dx) + Math.abs(dy) < 4) return;
  drag.moved = true; pan(-dx / wide); scroll(-dy); drag.x = event.offsetX; drag.y = event.offsetY;
});
canvas.addEventListener("pointerup", event => { if (drag && !drag.moved) { pick(under(event.offsetX, event.offsetY)); canvas.focus(); } drag = null; });
canvas.addEventListener("dblclick", () => { if (picked >= 0) into(); });
function into() { const span = Math.max(20, (ends[picked] - starts[picked]) * 1.2); from = (starts[picked] + ends[picked]) / 2 - span / 2; to = from + span; keep(); }
function all() { from = 0; to = total * 1.02; top = 0; redraw(); }

addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === find) { if (event.key === "Enter") { next(event.shiftKey ? -1 : 1); event.preventDefault(); } else if (event.key === "Escape") { find.value = ""; search(""); canvas.focus(); } return; }
  if (event.target === clock || (event.target.tagName === "BUTTON" && event.key === "Enter")) return;
  const act = {
    ArrowLeft: () => pan(-0.15), ArrowRight: () => pan(0.15), ArrowUp: () => scroll(-ROW * 3), ArrowDown: () => scroll(ROW * 3),
    PageUp: () => scroll(-high * 0.8), PageDown: () => scroll(high * 0.8), Home: all, "0": all, "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1.4),
    "/": () => find.focus(), n: () => next(1), p: () => next(-1), N: () => next(1), P: () => next(-1), Enter: () => { if (picked >= 0) into(); }, Escape: () => { pick(-1); search(""); find.value = ""; },
  }[event.key];
  if (act) { act(); event.preventDefault(); }
});
find.addEventListener("input", () => search(find.value));
$("in").addEventListener("click", () => zoom(0.6));
$("out").addEventListener("click", () => zoom(1.6));
$("all").addEventListener("click", all);
clock.addEventListener("change", () => { pack(clock.value === "real"); size(); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { look(); redraw(); });
new ResizeObserver(size).observe(view);
look(); pack(data.timed); help(); size();
document.documentElement.dataset.ready = "yes";
}
