"use strict";
// The model of the calculator, as in model.py, which explains it; both give the same numbers.

const TIE_BAND = 0.03;

function cost(combination, demand) {
  const grown = (demand.sessionBytes ?? combination.reference_bytes) / combination.reference_bytes;
  const cpu = grown * (demand.loadShare * (combination.decompress + combination.load) + combination.encode
    + demand.writeShare * (combination.store + combination.compress));
  const payload = grown * combination.payload;
  const sent = demand.loadShare * (payload + combination.load_around)
    + demand.writeShare * (payload + combination.save_around);
  const bytesPerSecond = demand.megabitsPerSecond * 1e6 / 8;
  const cpuLimit = cpu ? demand.cpus / cpu : Infinity;
  const networkLimit = sent ? bytesPerSecond / sent : Infinity;
  const capacity = Math.min(cpuLimit, networkLimit);
  return {
    combination, cpu, bytes: sent, cpuLimit, networkLimit, capacity,
    limit: cpuLimit <= networkLimit ? "CPU" : "network",
    latency: cpu + demand.roundTrip * (demand.loadShare + demand.writeShare) + sent / bytesPerSecond,
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
