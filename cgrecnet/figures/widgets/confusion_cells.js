for (const box of document.querySelectorAll('.confusion-cells:not([data-ready])')) {
  const buttons = [...box.querySelectorAll('button')];
  const groups = [...box.querySelectorAll('section')];
  const hint = box.querySelector('.confusion-cells-hint');
  const invitation = hint.textContent;
  const show = place => {
    for (const group of groups) group.hidden = group.dataset.place !== place;
    for (const button of buttons) button.setAttribute('aria-expanded', String(button.dataset.place === place));
    const open = groups.find(group => !group.hidden);
    hint.textContent = open ? 'Shown below: ' + open.getAttribute('aria-label') + '.' : invitation;
  };
  for (const button of buttons) {
    button.disabled = false;
    button.addEventListener('click', () =>
      show(button.getAttribute('aria-expanded') === 'true' ? null : button.dataset.place));
  }
  box.addEventListener('keydown', event => { if (event.key === 'Escape') show(null); });
  hint.hidden = false;
  box.dataset.ready = '';
  show(null);
}
