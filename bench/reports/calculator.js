"use strict";
// Fills the calculator's table and names the winner whenever something in its form changes.

const form = document.querySelector(".calculator");
const costsTable = document.getElementById("costs");
const winner = document.getElementById("winner");
const digits = new Intl.NumberFormat("en", {maximumSignificantDigits: 3});
const whole = new Intl.NumberFormat("en", {maximumFractionDigits: 0});

function entry(id) {
  const field = document.getElementById(id);
  return field.value !== "" && field.validity.valid ? Number(field.value) : undefined;
}

function demand() {
  return {
    requestsPerSecond: entry("requests"), writeShare: entry("writes") / 100, loadShare: entry("loads") / 100,
    megabitsPerSecond: entry("bandwidth"), roundTrip: entry("round-trip") / 1e3, cpus: entry("cpus"),
    sessionBytes: entry("size"),
  };
}

function name(combination) {
  return combination.compressor ? `${combination.label} with ${combination.compressor}` : combination.label;
}

function rate(value) {
  return Number.isFinite(value) ? whole.format(value) : "unlimited";
}

function say(found, asked) {
  const first = found[0];
  if (!first) return "No serializer has figures on this workload.";
  const others = found.slice(1).map((each) => name(each.combination));
  const near = others.length ? ` About the same: ${others.join(", ")}.` : "";
  const carries = first.carries
    ? `adds ${digits.format(first.latency * 1e3)} ms a request and could carry ${rate(first.capacity)} requests per second`
    : `carries most, ${rate(first.capacity)} requests per second of the ${rate(asked.requestsPerSecond)} asked for`;
  return `Best: ${name(first.combination)} ${carries}; the limit is ${first.limit === "CPU" ? "the CPU" : "the network"}.${near}`;
}

function fill(costs, found) {
  const body = costsTable.tBodies[0];
  body.replaceChildren();
  const order = (each) => (each.carries ? [0, each.latency] : [1, -each.capacity]);
  costs.sort((one, other) => order(one)[0] - order(other)[0] || order(one)[1] - order(other)[1]);
  for (const each of costs) {
    const row = body.insertRow();
    if (each.combination.reference) row.classList.add("reference");
    if (found.includes(each)) row.classList.add("best");
    const heading = document.createElement("th");
    heading.scope = "row";
    heading.textContent = each.combination.label;
    row.append(heading);
    const cells = [
      [each.combination.compressor || "none"],
      [digits.format(each.latency * 1e3), each.latency],
      [digits.format(each.cpu * 1e6), each.cpu],
      [whole.format(each.bytes), each.bytes],
      [rate(each.cpuLimit), each.cpuLimit],
      [rate(each.networkLimit), each.networkLimit],
      [each.limit],
      [each.carries ? "yes" : "no"],
    ];
    for (const [text, value] of cells) {
      const cell = row.insertCell();
      cell.textContent = text;
      if (value !== undefined) {
        cell.className = "figure";
        cell.dataset.value = value;
      }
    }
  }
}

function calculate() {
  const asked = demand();
  const {sessionBytes, ...demanded} = asked;
  if (Object.values(demanded).some(Number.isNaN) || Object.values(demanded).includes(undefined)
      || !document.getElementById("size").validity.valid) {
    winner.textContent = "Something in the form is no number in its range.";
    return;
  }
  const combinations = window.sessionBench.combinations[document.getElementById("model-workload").value] ?? [];
  const costs = combinations.map((each) => window.sessionBench.cost(each, asked));
  const found = window.sessionBench.best(costs);
  for (const heading of costsTable.tHead.rows[0].cells) heading.setAttribute("aria-sort", "none");
  fill(costs, found);
  winner.textContent = say(found, asked);
}

form.hidden = false;
costsTable.closest("[hidden]").hidden = false;
form.addEventListener("input", calculate);
form.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("filtered", () => {
  if (chosenWorkload.value) document.getElementById("model-workload").value = chosenWorkload.value;
  calculate();
});
document.getElementById("model-workload").value = chosenWorkload.value || document.getElementById("model-workload").value;
calculate();
