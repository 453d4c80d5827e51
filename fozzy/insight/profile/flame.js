"use strict";
// Zooms into a box, and finds boxes by their name. The picture is whole without it.
const PAD = 10, ROOM = 1180, CHAR = 6.6;
const boxes = [...document.querySelectorAll("g.b")].map(g => ({
  g, rect: g.querySelector("rect"), text: g.querySelector("text"),
  x: +g.dataset.x, w: +g.dataset.w, row: +g.dataset.r, name: g.dataset.n,
}));
const said = document.getElementById("said");
const first = said.textContent;

function zoom(to) {
  const scale = ROOM / to.w;
  for (const b of boxes) {
    const around = b.row < to.row && b.x <= to.x + 1e-3 && b.x + b.w >= to.x + to.w - 1e-3;
    const x = around ? PAD : PAD + (b.x - to.x) * scale;
    const w = around ? ROOM : b.w * scale;
    const seen = around || (x >= PAD - 0.01 && x + w <= PAD + ROOM + 0.01 && b.row >= to.row);
    b.g.style.display = seen && w >= 0.2 ? "" : "none";
    b.g.classList.toggle("off", around && to.row > 0);
    if (!seen) continue;
    b.rect.setAttribute("x", x);
    b.rect.setAttribute("width", w);
    b.text.setAttribute("x", x + 3);
    const letters = Math.floor((w - 6) / CHAR);
    b.text.textContent = b.name.length <= letters ? b.name : letters > 2 ? b.name.slice(0, letters - 1) + "…" : "";
  }
}

function find(word) {
  let hits = 0;
  for (const b of boxes) {
    const hit = word !== "" && b.name.toLowerCase().includes(word.toLowerCase());
    b.g.classList.toggle("hit", hit);
    hits += hit;
  }
  said.textContent = word ? hits + " boxes have \"" + word + "\"" : first;
}

for (const b of boxes) {
  b.g.addEventListener("click", () => zoom(b));
  b.g.addEventListener("keydown", event => { if (event.key === "Enter") zoom(b); });
}
addEventListener("keydown", event => {
  if (event.key === "Escape") { zoom(boxes[0]); find(""); }
  if (event.key === "/") { event.preventDefault(); find(prompt("Find") || ""); }
});
