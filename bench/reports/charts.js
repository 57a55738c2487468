"use strict";
// Draws the charts of what is shown, each once, in the colours of the page. Expressions are interpreted, not compiled,
// and no style is written into the page: its security policy forbids both.

const specs = JSON.parse(document.getElementById("charts-data").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function colours() {
  const style = getComputedStyle(document.documentElement);
  const [ink, soft, line] = ["--ink", "--soft", "--line"].map((name) => style.getPropertyValue(name).trim());
  return {
    background: "transparent", font: "system-ui, sans-serif", view: {stroke: null},
    title: {color: ink, subtitleColor: soft, fontSize: 14, anchor: "start"},
    axis: {labelColor: ink, titleColor: ink, gridColor: line, domainColor: soft, tickColor: soft},
    legend: {labelColor: ink, titleColor: ink},
    text: {color: ink}, rule: {color: ink},
  };
}

async function draw(figure) {
  figure.dataset.drawn = "begun";
  await vegaEmbed(figure, specs[figure.dataset.chart], {
    mode: "vega-lite", renderer: "svg", ast: true, actions: false, defaultStyle: false, config: colours(),
    tooltip: {disableDefaultStyle: true},
  });
  figure.setAttribute("aria-label", specs[figure.dataset.chart].description);
  figure.setAttribute("role", "group");
  figure.dataset.drawn = "done";
}

async function drawShown() {
  for (const figure of document.querySelectorAll("figure[data-chart]:not([data-drawn])")) {
    if (!figure.closest("[hidden]")) await draw(figure);
  }
}

document.addEventListener("filtered", drawShown);
dark.addEventListener("change", () => {
  for (const figure of document.querySelectorAll("figure[data-drawn]")) delete figure.dataset.drawn;
  drawShown();
});
drawShown();
