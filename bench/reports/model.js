"use strict";
// The model of the calculator, as in model.py, which explains it; both give the same numbers.

const TIE_BAND = 0.03;

function cost(combination, demand) {
  const grown = demand.sessionBytes && combination.reference_bytes
    ? demand.sessionBytes / combination.reference_bytes : 1;
  const rest = demand.rest ?? {request: 0, load: 0, save: 0};
  const own = grown * (demand.loadShare * (combination.decompress + combination.load + combination.encode)
    + combination.encode + demand.writeShare * (combination.store + combination.compress));
  const cpu = own + rest.request + demand.loadShare * rest.load + demand.writeShare * rest.save;
  const payload = grown * combination.payload;
  const received = demand.loadShare * (payload + (combination.load_around ?? 0));
  const sent = demand.writeShare * (payload + (combination.save_around ?? 0));
  const busier = Math.max(received, sent);
  const bytesPerSecond = demand.megabitsPerSecond * 1e6 / 8;
  const cpuLimit = cpu ? demand.cpus / cpu : Infinity;
  const networkLimit = busier ? bytesPerSecond / busier : Infinity;
  const capacity = Math.min(cpuLimit, networkLimit);
  return {
    combination, cpu, bytes: received + sent, cpuLimit, networkLimit, capacity,
    limit: cpuLimit <= networkLimit ? "CPU" : "network",
    latency: cpu + demand.roundTrip * (demand.loadShare + demand.writeShare) + (received + sent) / bytesPerSecond,
    carries: demand.requestsPerSecond <= capacity,
  };
}

function best(costs) {
  const choice = costs.filter((each) => !each.combination.reference);
  const carrying = choice.filter((each) => each.carries).sort((one, other) => one.latency - other.latency);
  if (carrying.length) {
    return carrying.filter((each) => each.latency <= carrying[0].latency * (1 + TIE_BAND));
  }
  const ranked = choice.sort((one, other) => other.capacity - one.capacity);
  return ranked.filter((each) => each.capacity >= ranked[0].capacity * (1 - TIE_BAND));
}

window.sessionBench = {
  cost, best, combinations: JSON.parse(document.getElementById("model-data").textContent),
};
