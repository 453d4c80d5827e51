// An enhancement: a button that copies a command. Without it every command is selected by one click.
if (navigator.clipboard) {
  const said = document.getElementById("said");
  for (const code of document.querySelectorAll(".commands code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy " + code.textContent);
    button.addEventListener("click", () => navigator.clipboard.writeText(code.textContent).then(
      () => { said.textContent = "Copied " + code.textContent; button.textContent = "Copied"; },
      () => getSelection().selectAllChildren(code),
    ));
    code.after(button);
  }
}
