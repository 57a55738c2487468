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

function rest() {
  const [request, load, save] = ["rest-request", "rest-load", "rest-save"].map(entry);
  return [request, load, save].includes(undefined)
    ? undefined : {request: request / 1e6, load: load / 1e6, save: save / 1e6};
}

function demand() {
  return {
    requestsPerSecond: entry("requests"), writeShare: entry("writes") / 100, loadShare: entry("loads") / 100,
    megabitsPerSecond: entry("bandwidth"), roundTrip: entry("round-trip") / 1e3, cpus: entry("cpus"),
    sessionBytes: entry("size"), rest: rest(),
  };
}

function name(combination) {
  const safety = combination.safe ? "" : " (not safe)";
  return `${combination.label}${combination.compressor ? ` with ${combination.compressor}` : ""}${safety}`;
}

function rate(value) {
  return Number.isFinite(value) ? whole.format(value) : "unlimited";
}

// Names each serializer once, however many of its forms are as near.
function near(first, found) {
  const others = found.filter((each) => each !== first).map((each) => each.combination);
  const forms = others.filter((each) => each.serializer === first.combination.serializer).length;
  const names = others.filter((each, at) => each.serializer !== first.combination.serializer
    && others.findIndex((other) => other.serializer === each.serializer) === at).map(name);
  if (forms) names.push(`${forms} other ${forms === 1 ? "form" : "forms"} of ${first.combination.serializer}`);
  return names.length ? ` About the same: ${names.join(", ")}.` : "";
}

function say(found, asked) {
  const first = found.find((each) => each.combination.safe) ?? found[0];
  if (!first) return "No serializer has figures on this workload.";
  const {load_around: around} = first.combination;
  const missing = around === null ? " What is around the payload on the line was not measured, and is not counted." : "";
  const latency = `adds ${digits.format(first.latency * 1e3)} ms a request`;
  if (!asked.rest) {
    return `The serializer's share only, as the rest of a request is not known: ${name(first.combination)} is best, `
      + `and ${latency}.${near(first, found)}${missing}`;
  }
  const carries = first.carries
    ? `${latency} and could carry ${rate(first.capacity)} requests per second`
    : `carries most, ${rate(first.capacity)} requests per second of the ${rate(asked.requestsPerSecond)} asked for`;
  const limit = first.limit === "CPU" ? "the CPU" : "the network";
  return `Best: ${name(first.combination)} ${carries}; the limit is ${limit}.${near(first, found)}${missing}`;
}

function fill(costs, found, asked) {
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
    heading.textContent = name({...each.combination, compressor: ""});
    row.append(heading);
    const cells = [
      [each.combination.compressor || "none"],
      [digits.format(each.latency * 1e3), each.latency],
      [digits.format(each.cpu * 1e6), each.cpu],
      [whole.format(each.bytes), each.bytes],
      asked.rest ? [rate(each.cpuLimit), each.cpuLimit] : ["-"],
      [rate(each.networkLimit), each.networkLimit],
      [asked.rest ? each.limit : "-"],
      [asked.rest ? (each.carries ? "yes" : "no") : "-"],
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

// A session without bare-pickle stays as large as it was measured; the fields for the rest may be empty, not wrong.
function calculate() {
  const combinations = window.sessionBench.combinations[document.getElementById("model-workload").value] ?? [];
  const size = document.getElementById("size");
  size.disabled = combinations.every((each) => each.reference_bytes === null);
  size.placeholder = size.disabled ? "needs bare-pickle" : "as measured";
  const asked = demand();
  const {sessionBytes, rest: known, ...demanded} = asked;
  if (Object.values(demanded).some(Number.isNaN) || Object.values(demanded).includes(undefined)
      || !form.checkValidity()) {
    winner.textContent = "Something in the form is no number in its range.";
    return;
  }
  const costs = combinations.map((each) => window.sessionBench.cost(each, asked));
  const found = window.sessionBench.best(costs);
  for (const heading of costsTable.tHead.rows[0].cells) heading.setAttribute("aria-sort", "none");
  fill(costs, found, asked);
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
