// The language switch. Its links work without this script; with it they keep what the page has put into the address
// since it was loaded (the chosen bot), and the part behind `#`.

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-language]") : null;
  if (!(link instanceof HTMLAnchorElement)) return;
  const address = new URL(location.href);
  address.searchParams.set("lang", link.dataset.language ?? "");
  link.href = address.href;
});
