// What stands behind the mark of an address is sent to nobody by the browser itself: it is put into the form, and taken out
// of the address, so that it stays in no history. Every page works without this file.
const form = document.querySelector("form[data-fragment]");
const said = location.hash.slice(1);
if (form && said && said !== "main") {
  history.replaceState(null, "", location.pathname + location.search);
  form.elements[form.dataset.fragment].value = said;
  form.requestSubmit();
}

// A name drawn with a finger, a pen or a mouse. Without this file the page says to sign at the counter.
const sheet = document.querySelector("form[data-sign]");
if (sheet) {
  const canvas = sheet.querySelector("canvas");
  const pen = canvas.getContext("2d");
  const send = sheet.querySelector("button.primary");
  let drawn = 0;
  let last = null;
  const clear = () => {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    drawn = 0;
    send.disabled = true;
  };
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * canvas.width,
      ((event.clientY - box.top) / box.height) * canvas.height,
    ];
  };
  const line = (to) => {
    pen.beginPath();
    pen.moveTo(...last);
    pen.lineTo(...to);
    pen.stroke();
    drawn += Math.hypot(to[0] - last[0], to[1] - last[1]);
    last = to;
    // A dot is no name.
    send.disabled = drawn < 60;
  };
  clear();
  pen.strokeStyle = "#17222b";
  pen.lineWidth = 4;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const one of all.length ? all : [event]) line(place(one));
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (last = null));
  sheet.querySelector("[data-clear]").addEventListener("click", clear);
  sheet.addEventListener("submit", () => {
    sheet.elements.picture.value = canvas.toDataURL("image/png");
  });
  sheet.hidden = false;
  document.querySelector("[data-no-sign]").hidden = true;
}
