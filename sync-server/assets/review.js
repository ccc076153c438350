// Keys of the review queue, and the bar for what is ticked. Every page works without this file.
const many = document.querySelector("[data-many]");

function count() {
  if (!many) return;
  const ticked = [...document.querySelectorAll("[data-pick]:checked")];
  many.hidden = ticked.length === 0;
  many.querySelector("[data-picked]").textContent = ticked.length;
  for (const box of document.querySelectorAll("[data-pick]")) {
    box.closest("[data-card]").classList.toggle("picked", box.checked);
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-pick]")) count();
});
document.addEventListener("put-again", count);
count();

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, dialog");
  if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "x") {
    const box = document.activeElement?.closest("[data-card]")?.querySelector("[data-pick]");
    if (!box) return;
    box.checked = !box.checked;
    count();
  } else if (event.key === "u") {
    document.querySelector("[data-undo]")?.requestSubmit();
  } else if (event.key === "?") {
    document.getElementById("keys")?.showModal();
  } else if (event.key === "/") {
    document.querySelector(".tools select")?.focus();
    event.preventDefault();
  }
});
