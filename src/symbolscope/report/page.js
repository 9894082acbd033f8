"use strict";
// One explanation per section: its players are shown or hidden, and its numbers follow. Nothing is loaded or sent.

function bytesOf(base64) {
  const text = atob(base64);
  return Uint8Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

function numbersOf(base64, size, read) {
  const bytes = bytesOf(base64);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / size }, (_, index) => view[read](index * size, true));
}

// Decimals below 0 mean so many digits with an exponent, as in Python.
function signed(value, decimals) {
  const size = Math.abs(value);
  const text = decimals >= 0 ? size.toFixed(decimals) : size === 0 ? "0" : size.toExponential(-decimals);
  if (Number(text) === 0) return text;
  return (value < 0 ? "\u2212" : "+") + text;
}

// The And-Or graph: nodes are worked out from the players up, and coalitions fold.
function Graph(figure, data, decimals) {
  const root = data.kinds.length - 1;
  const part = (role) => figure.querySelector(`[data-role="${role}"]`);
  const nodes = Array.from(figure.querySelectorAll("[data-node]"));
  const edges = Array.from(figure.querySelectorAll("[data-edge]"));
  const folded = new Set();

  function fold() {
    const seen = new Set();
    const visit = (node) => {
      if (seen.has(node)) return;
      seen.add(node);
      if (!folded.has(node)) data.children[node].forEach(visit);
    };
    visit(root);
    nodes.forEach((node, index) => {
      node.toggleAttribute("hidden", !seen.has(index));
      if (node.dataset.fold !== undefined) node.setAttribute("aria-expanded", String(!folded.has(index)));
    });
    edges.forEach((edge, index) => {
      const [parent] = data.edges[index];
      edge.toggleAttribute("hidden", !seen.has(parent) || folded.has(parent));
    });
  }

  for (const button of figure.querySelectorAll("[data-fold]")) {
    const flip = () => {
      const node = Number(button.dataset.node);
      if (!folded.delete(node)) folded.add(node);
      fold();
    };
    button.addEventListener("click", flip);
    button.addEventListener("keydown", (event) => {
      if (event.key === " " || event.key === "Enter") { event.preventDefault(); flip(); }
    });
  }

  function follow(present, count) {
    const active = [];
    let sum = data.intercept;
    data.kinds.forEach((kind, node) => {
      const below = data.children[node].map((child) => active[child]);
      const on = kind === "player" ? present[data.players[node]] : kind === "and" ? below.every(Boolean)
        : kind === "or" ? below.some(Boolean) : true;
      active.push(on);
      if (on && data.effects[node] !== null) sum += data.effects[node];
      nodes[node].classList.toggle("aog-off", !on);
    });
    data.edges.forEach(([parent, child], index) => edges[index].classList.toggle("aog-off", !(active[parent] && active[child])));
    part("graph-sum").textContent = signed(sum, decimals);
    part("graph-sum").dataset.value = String(sum);
    part("graph-note").textContent = count === data.count ? "" : `It always draws ${data.count} interaction${data.count === 1 ? "" : "s"}; `
      + `the numbers above now use ${count}.`;
  }

  return { follow };
}

function Explanation(section) {
  const data = JSON.parse(document.getElementById(`${section.id}-data`).textContent);
  const members = bytesOf(data.members);
  const disjunctions = bytesOf(data.disjunctions);
  const effects = numbersOf(data.effects, 8, "getFloat64");
  const values = data.values === null ? null : numbersOf(data.values, 8, "getFloat64");
  const curve = data.r2 === null ? null : {
    counts: numbersOf(data.r2.counts, 4, "getUint32"),
    r2: numbersOf(data.r2.r2, 4, "getFloat32"),
  };
  const part = (role) => section.querySelector(`[data-role="${role}"]`);
  const all = (selector) => Array.from(section.querySelectorAll(selector));
  const toggles = all("[data-player]");
  const rows = all("[data-interaction]");
  const present = data.players.map(() => true);
  const graph = data.graph === null ? null : Graph(part("graph"), data.graph, data.decimals);
  let count = data.chosen;

  function packed() {
    const bytes = new Uint8Array(Math.max(data.bytes, 1));
    present.forEach((here, player) => { if (here) bytes[player >> 3] |= 1 << (player & 7); });
    return bytes;
  }

  // An AND is on while none of its players is hidden, an OR while one of them is shown.
  function isOn(interaction, shown) {
    const start = interaction * data.bytes;
    for (let byte = 0; byte < data.bytes; byte += 1) {
      const some = members[start + byte];
      if (disjunctions[interaction] === 1) {
        if (some & shown[byte]) return true;
      } else if (some & ~shown[byte]) return false;
    }
    return disjunctions[interaction] === 0;
  }

  function write(role, value) {
    const place = part(role);
    place.textContent = signed(value, data.decimals);
    place.dataset.value = String(value);
  }

  function place(value) {
    const [low, high] = data.range;
    const share = high > low ? (value - low) / (high - low) : 0.5;
    return 10 + 380 * Math.min(1, Math.max(0, share));
  }

  function drawGauge(network, symbols) {
    const diamond = part("symbols-mark");
    diamond.removeAttribute("hidden");
    diamond.setAttribute("transform", `translate(${place(symbols)} 16)`);
    if (data.range[0] < 0 && data.range[1] > 0) {
      part("zero").removeAttribute("hidden");
      part("zero").setAttribute("transform", `translate(${place(0)} 0)`);
    }
    if (network === null) return;
    const circle = part("network-mark");
    circle.removeAttribute("hidden");
    circle.setAttribute("cx", place(network));
    part("between").setAttribute("d", `M${place(network)} 16H${place(symbols)}`);
  }

  function describe(network, symbols, on) {
    const hidden = data.players.filter((_, player) => !present[player]);
    const off = count - on;
    const what = hidden.length === 0 ? "Everything is shown."
      : hidden.length === data.players.length ? "Everything is hidden."
        : `Hidden: ${hidden.slice(0, 24).join(", ")}${hidden.length > 24 ? `, ${hidden.length - 24} more` : ""}.`;
    part("state").textContent = off === 0 ? what : `${what} ${off} of ${count} interactions ${off === 1 ? "is" : "are"} off.`;
    const real = network === null ? "" : `Network ${signed(network, data.decimals)}, `;
    part("spoken").textContent = `${real}symbols ${signed(symbols, data.decimals)}.`;
  }

  function update() {
    const shown = packed();
    let symbols = data.intercept;
    let on = 0;
    for (let interaction = 0; interaction < count; interaction += 1) {
      if (isOn(interaction, shown)) { symbols += effects[interaction]; on += 1; }
    }
    const network = values === null ? null : values[present.reduce((sum, here, player) => sum + (here ? 2 ** player : 0), 0)];
    write("symbols", symbols);
    if (network !== null) { write("network", network); write("difference", symbols - network); }
    part("used-text").textContent = `${count} interaction${count === 1 ? "" : "s"}`;
    part("sum").textContent = `Symbols = intercept ${signed(data.intercept, data.decimals)} (every player hidden) `
      + `+ the ${on} effect${on === 1 ? "" : "s"} that ${on === 1 ? "is" : "are"} on.`
      + (count > rows.length ? ` ${count - rows.length} of those in use are not drawn.` : "");
    for (const toggle of toggles) toggle.setAttribute("aria-pressed", String(present[Number(toggle.dataset.player)]));
    for (const row of all("[data-row]")) row.classList.toggle("off", !present[Number(row.dataset.row)]);
    for (const name of all("[data-member]")) name.classList.toggle("gone", !present[Number(name.dataset.member)]);
    rows.forEach((row, interaction) => {
      const lit = isOn(interaction, shown);
      const used = interaction < count;
      row.classList.toggle("off", !lit);
      row.classList.toggle("unused", !used);
      row.classList.toggle("edge", interaction === count && interaction > 0);
      row.querySelector('[data-role="on"]').textContent = used ? (lit ? "on" : "off") : "unused";
    });
    if (graph !== null) graph.follow(present, count);
    drawGauge(network, symbols);
    describe(network, symbols, on);
  }

  // Python sends R^2 for the counts on the slider; a count typed in between is worked out here, mask by mask.
  function accuracy() {
    const point = curve.counts.indexOf(count);
    if (point >= 0 || values === null) return point >= 0 ? curve.r2[point] : NaN;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const shown = new Uint8Array(Math.max(data.bytes, 1));
    let error = 0;
    let spread = 0;
    values.forEach((value, index) => {
      shown.forEach((_, byte) => { shown[byte] = (index >> (8 * byte)) & 255; });
      let symbols = data.intercept;
      for (let interaction = 0; interaction < count; interaction += 1) {
        if (isOn(interaction, shown)) symbols += effects[interaction];
      }
      error += (value - symbols) ** 2;
      spread += (value - mean) ** 2;
    });
    return 1 - error / spread;
  }

  function showAccuracy() {
    if (curve === null) return;
    // Rounded down, so that less than everything never reads as 100 %.
    const r2 = accuracy();
    const share = r2 >= 1 ? 100 : Math.floor(r2 * 1000) / 10;
    part("r2").textContent = Number.isFinite(r2) ? `R² = ${String(share).replace("-", "\u2212")}\u00a0% (mean output: 0\u00a0%)` : "";
  }

  function moveMarkers() {
    for (const mark of all(".here")) {
      const { low, high, start, end, kind } = mark.dataset;
      const stretch = kind === "log1p" ? Math.log1p : (value) => value;
      const share = (stretch(count) - stretch(Number(low))) / (stretch(Number(high)) - stretch(Number(low)));
      mark.setAttribute("transform", `translate(${Number(start) + share * (Number(end) - Number(start))} 0)`);
    }
  }

  function use(wanted, typing) {
    count = Math.min(data.count, Math.max(0, Math.round(wanted) || 0));
    if (!typing) part("count").value = String(count);
    const slider = part("slider");
    let stop = 0;
    while (stop + 1 < data.stops.length && data.stops[stop + 1] <= count) stop += 1;
    slider.value = String(stop);
    slider.setAttribute("aria-valuetext", `${count} interactions`);
    showAccuracy();
    moveMarkers();
    update();
  }

  function set(wanted) {
    present.forEach((_, player) => { present[player] = wanted(player); });
    update();
  }

  for (const toggle of toggles) {
    const flip = () => { const player = Number(toggle.dataset.player); present[player] = !present[player]; update(); };
    toggle.addEventListener("click", flip);
    // Patches of an image are not HTML buttons, so Space and Enter are theirs to handle.
    if (toggle.tagName.toLowerCase() !== "button") {
      toggle.addEventListener("keydown", (event) => {
        if (event.key === " " || event.key === "Enter") { event.preventDefault(); flip(); }
      });
    }
  }
  section.querySelector('[data-action="show-all"]').addEventListener("click", () => set(() => true));
  section.querySelector('[data-action="hide-all"]').addEventListener("click", () => set(() => false));
  for (const button of all("[data-only]")) {
    const start = Number(button.dataset.only) * data.bytes;
    button.addEventListener("click", () => set((player) => Boolean(members[start + (player >> 3)] & (1 << (player & 7)))));
  }
  for (const button of all("[data-scale]")) {
    button.addEventListener("click", () => {
      const figure = button.closest("figure");
      figure.querySelectorAll("[data-scale]").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      figure.querySelectorAll("svg.chart").forEach((chart, index) => {
        if (index === Number(button.dataset.scale)) chart.removeAttribute("hidden"); else chart.setAttribute("hidden", "");
      });
    });
  }
  if (part("slider") === null) { update(); return; }
  part("slider").max = String(data.stops.length - 1);
  part("slider").addEventListener("input", () => use(data.stops[Number(part("slider").value)], false));
  part("count").addEventListener("input", () => use(Number(part("count").value), true));
  part("count").addEventListener("change", () => use(Number(part("count").value), false));
  use(count, false);
}

function Tabs(list, sections) {
  const tabs = Array.from(list.querySelectorAll("a"));
  list.setAttribute("role", "tablist");
  function choose(chosen, focus) {
    tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === chosen));
      tab.tabIndex = index === chosen ? 0 : -1;
      sections[index].hidden = index !== chosen;
    });
    if (focus) tabs[chosen].focus();
  }
  tabs.forEach((tab, index) => {
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", sections[index].id);
    sections[index].setAttribute("role", "tabpanel");
    sections[index].setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", (event) => { event.preventDefault(); choose(index, true); });
    tab.addEventListener("keydown", (event) => {
      const last = tabs.length - 1;
      const next = { ArrowRight: index === last ? 0 : index + 1, ArrowLeft: index === 0 ? last : index - 1, Home: 0, End: last }[event.key];
      if (event.key === " ") { event.preventDefault(); choose(index, true); }
      if (next !== undefined) { event.preventDefault(); choose(next, true); }
    });
  });
  const named = sections.findIndex((section) => `#${section.id}` === window.location.hash);
  choose(Math.max(0, named), false);
}

function Theme(button) {
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : window.matchMedia("(prefers-color-scheme: dark)").matches);
  const label = () => { button.textContent = dark() ? "Light" : "Dark"; button.setAttribute("aria-label", `Use ${dark() ? "light" : "dark"} colours`); };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; label(); });
  label();
}

document.querySelectorAll("section.model").forEach((section) => Explanation(section));
document.querySelectorAll("section.study").forEach((section) => Study(section));
const tabList = document.querySelector(".tabs");
if (tabList !== null) Tabs(tabList, Array.from(document.querySelectorAll("section.model, section.study, section.figures-only")));
Theme(document.getElementById("theme"));
document.documentElement.dataset.ready = "true";
