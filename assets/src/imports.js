// A file that is dropped anywhere on the form is chosen in it.
for (const form of document.querySelectorAll("form[data-drop]")) {
  const input = form.querySelector("input[type=file]");
  const over = (on) => (e) => {
    if (![...(e.dataTransfer?.types ?? [])].includes("Files")) return;
    e.preventDefault();
    form.classList.toggle("import-over", on);
  };
  form.addEventListener("dragover", over(true));
  form.addEventListener("dragleave", over(false));
  form.addEventListener("drop", (e) => {
    over(false)(e);
    if (!e.dataTransfer?.files.length) return;
    input.files = e.dataTransfer.files;
    form.querySelector("button[type=submit]").focus();
  });
}
