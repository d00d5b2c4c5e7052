for (const box of document.querySelectorAll('.threshold:not([data-ready])')) {
  const {thresholds, classes} = JSON.parse(box.dataset.counts);
  const control = box.querySelector('.threshold-control');
  const select = control.querySelector('select');
  const input = control.querySelector('input');
  const output = control.querySelector('output');
  const drawings = [...box.querySelectorAll('svg')];
  const live = box.querySelector('.threshold-live');
  const lines = [...live.querySelectorAll('tbody tr')];
  const share = (part, whole) => whole ? (part / whole).toFixed(3) : '–';
  const told = ([hits, wrong, missed]) => [
    hits + wrong, hits, wrong, missed,
    share(hits, hits + wrong), share(hits, hits + missed), share(2 * hits, 2 * hits + wrong + missed),
  ];
  const show = () => {
    const kind = classes[Number(select.value)];
    const value = thresholds[Number(input.value)];
    const columns = [told(kind.at[Number(input.value)]), told(kind.largest)];
    lines.forEach((line, row) => columns.forEach((column, i) => { line.cells[i + 1].textContent = column[row]; }));
    output.textContent = value.toFixed(2);
    input.setAttribute('aria-valuetext',
      `${value.toFixed(2)}: precision ${columns[0][4]}, recall ${columns[0][5]}, F1 ${columns[0][6]}`);
    drawings.forEach((drawing, i) => {
      drawing.toggleAttribute('hidden', i !== Number(select.value));
      const line = drawing.querySelector('.threshold-here');
      const x = Number(line.dataset.left) + Number(line.dataset.wide) * value;
      line.setAttribute('x1', x);
      line.setAttribute('x2', x);
      line.setAttribute('visibility', 'visible');
    });
  };
  select.addEventListener('change', show);
  input.addEventListener('input', show);
  box.querySelector('.threshold-few').hidden = true;
  control.hidden = live.hidden = false;
  box.dataset.ready = '';
  show();
}
