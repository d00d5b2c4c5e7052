for (const box of document.querySelectorAll('.frame-slider:not([data-ready])')) {
  const control = box.querySelector('.frame-slider-control');
  const input = box.querySelector('input');
  const output = box.querySelector('output');
  const frames = [...box.querySelectorAll('li')];
  const show = () => {
    const chosen = frames[Number(input.value)];
    for (const frame of frames) frame.hidden = frame !== chosen;
    output.textContent = chosen.dataset.value;
    input.setAttribute('aria-valuetext', chosen.dataset.value);
  };
  input.addEventListener('input', show);
  control.hidden = false;
  box.dataset.ready = '';
  show();
}
