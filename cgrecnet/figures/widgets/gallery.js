for (const box of document.querySelectorAll('.gallery:not([data-ready])')) {
  const control = box.querySelector('.gallery-control');
  const selects = [...control.querySelectorAll('select')];
  const told = box.querySelector('[role="status"]');
  const items = [...box.querySelectorAll('li')];
  const show = () => {
    let left = 0;
    for (const item of items) {
      const fits = item.dataset.fits.split(',');
      item.hidden = !selects.every((select, i) => select.value === '' || select.value === fits[i]);
      left += !item.hidden;
    }
    told.textContent = `${left} of ${items.length} cells`;
  };
  for (const select of selects) select.addEventListener('change', show);
  control.querySelector('button').addEventListener('click', () => {
    for (const select of selects) select.value = '';
    show();
  });
  control.hidden = told.hidden = false;
  box.dataset.ready = '';
  show();
}
