// The slider beside a field for day and minute: jumps through days, and asks for the page of the day that it stops at.
for (const slider of document.querySelectorAll(".slider")) {
  const range = slider.querySelector("input");
  const shown = slider.querySelector("output");
  const form = slider.closest("form");
  const field = form.elements.namedItem("at");
  const now = new Date(field.max);
  const day = 86400000;
  const pad = (n) => String(n).padStart(2, "0");
  // The same minute of an earlier day, in the site's own time: the field has no zone.
  const at = (days) => {
    const then = new Date(now);
    then.setDate(then.getDate() + days);
    return `${then.getFullYear()}-${pad(then.getMonth() + 1)}-${pad(then.getDate())}T${pad(then.getHours())}:${pad(then.getMinutes())}`;
  };
  const show = () => {
    const days = Number(range.value);
    field.value = days === 0 ? "" : at(days);
    shown.value = days === 0 ? "" : field.value.slice(0, 10);
    range.setAttribute("aria-valuetext", shown.value || slider.dataset.now);
  };
  if (field.value) {
    const days = Math.round((new Date(field.value) - now) / day);
    range.value = Math.max(days, Number(range.min));
    shown.value = field.value.slice(0, 10);
  }
  range.addEventListener("input", show);
  range.addEventListener("change", () => form.requestSubmit());
  slider.hidden = false;
}
