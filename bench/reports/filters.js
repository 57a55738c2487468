"use strict";
// Shows one workload at a time, or all of them, with or without the bare libraries.

const chosenWorkload = document.getElementById("workload");
const withReferences = document.getElementById("references");

function filter() {
  for (const section of document.querySelectorAll("[data-workload]")) {
    section.hidden = chosenWorkload.value !== "" && section.dataset.workload !== chosenWorkload.value;
  }
  document.body.classList.toggle("without-references", !withReferences.checked);
  document.dispatchEvent(new Event("filtered"));
}

chosenWorkload.selectedIndex = Math.min(1, chosenWorkload.options.length - 1);
document.querySelector(".filters").hidden = false;
chosenWorkload.addEventListener("change", filter);
withReferences.addEventListener("change", filter);
filter();
