// Copy buttons beside snippets: `<button data-copy="id of the code" data-done="…" data-failed="…" hidden>`. They appear
// only where a script runs, because only a script can copy.

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copy ?? "")?.textContent ?? "";
    try {
      await navigator.clipboard.writeText(text.trimEnd() + "\n");
      button.textContent = button.dataset.done ?? "";
    } catch {
      button.textContent = button.dataset.failed ?? "";
    }
    setTimeout(() => (button.textContent = label), 2500);
  });
}
