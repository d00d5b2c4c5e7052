// Newer browsers unfold what holds the element of an address by themselves; older ones need to be told.
(() => {
  const unfold = () => {
    const card = location.hash && document.getElementById(location.hash.slice(1))?.closest("details.claim");
    if (card && !card.open) { card.open = true; card.scrollIntoView(); }
  };
  addEventListener("hashchange", unfold);
  addEventListener("load", unfold);
})();
