// What stands behind the mark of an address is sent to nobody by the browser itself: it is put into the form, and taken out
// of the address, so that it stays in no history. Every page works without this file.
const form = document.querySelector("form[data-fragment]");
const said = location.hash.slice(1);
if (form && said && said !== "main") {
  history.replaceState(null, "", location.pathname + location.search);
  form.elements[form.dataset.fragment].value = said;
  form.requestSubmit();
}
