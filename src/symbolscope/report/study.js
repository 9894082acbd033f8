// One study per section: every swap between two steps was worked out beforehand and is looked up here.
function Study(section) {
  const data = JSON.parse(document.getElementById(`${section.id}-data`).textContent);
  const variables = Object.keys(data.network);
  const part = (role) => section.querySelector(`[data-role="${role}"]`);
  const chosen = { variable: variables[0], target: 0, source: 0 };
  const placeOf = (trial, step) => data.places.findIndex((place) => place[0] === trial && place[1] === step);

  function describe(trial, step) {
    return Object.entries(data.values).map(([name, runs]) => `${name.replaceAll("_", " ")} ${Number(runs[trial][step].toFixed(2))}`).join(", ");
  }

  function draw(side) {
    const [trial, step] = data.places[chosen[side]];
    section.querySelector(`[data-trial="${side}"]`).value = String(trial);
    const row = section.querySelector(`[data-tokens="${side}"]`);
    const focused = row.contains(document.activeElement);
    row.replaceChildren(...data.tokens[trial].map((word, index) => {
      const button = document.createElement("button");
      const place = placeOf(trial, index);
      const value = document.createElement("small");
      button.type = "button";
      button.className = "token";
      button.id = `${section.id}-${side}-${index}`;
      button.textContent = word;
      value.textContent = String(Number(data.values[chosen.variable][trial][index].toFixed(2)));
      button.append(value);
      button.setAttribute("aria-label", `step ${index}, ${word}, ${describe(trial, index)}`);
      button.setAttribute("aria-pressed", String(index === step));
      button.disabled = place < 0;
      button.tabIndex = index === step ? 0 : -1;
      button.addEventListener("click", () => choose(side, place));
      button.addEventListener("keydown", (event) => {
        const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        const next = place + by;
        if (data.places[next] !== undefined && data.places[next][0] === trial) choose(side, next);
      });
      return button;
    }));
    if (focused) row.querySelector('[aria-pressed="true"]').focus();
  }

  function answer() {
    const { variable, target, source } = chosen;
    const said = data.program[variable][target][source];
    const done = data.network[variable][target][source];
    const agree = said === done;
    part("program").textContent = data.continuations[said];
    part("network").textContent = data.continuations[done];
    part("unswapped").textContent = data.continuations[data.unswapped[target]];
    part("what").textContent = `${data.featurizers[variable]} that carry the ${variable.replaceAll("_", " ")}`;
    part("verdict").dataset.agree = String(agree);
    part("verdict").textContent = agree ? "The network does what the program says." : "The network does something else.";
  }

  function choose(side, place) {
    chosen[side] = place;
    draw(side);
    answer();
  }

  for (const side of ["target", "source"]) {
    section.querySelector(`[data-trial="${side}"]`).addEventListener("change", (event) => {
      choose(side, data.places.findIndex((place) => place[0] === Number(event.target.value)));
    });
  }
  for (const button of section.querySelectorAll("[data-variable]")) {
    button.addEventListener("click", () => {
      chosen.variable = button.dataset.variable;
      section.querySelectorAll("[data-variable]").forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      draw("target");
      draw("source");
      answer();
    });
  }
  // Begin with a swap that changes something: the middle of one trial, an early step of the last.
  const last = data.places[data.places.length - 1][0];
  chosen.target = Math.floor(data.places.length / 3);
  chosen.source = data.places.findIndex((place) => place[0] === last) + 1;
  draw("target");
  draw("source");
  answer();
}
