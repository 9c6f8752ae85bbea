/* Adds up what is ticked, and copies a reference. Without it the page works: the server adds up what is sent. */
(() => {
  const form = document.querySelector('[data-pay]');
  if (form) {
    const total = form.querySelector('[data-total]'), boxes = [...form.querySelectorAll('[data-minor]')];
    const sum = () => boxes.reduce((n, box) => n + (box.checked ? +box.dataset.minor : 0), 0);
    // As the server writes 123456789 of the smallest units: what stands before and behind, between thousands and places.
    const [, before, figure, after] = form.dataset.sample.match(/^(\D*)(\d.*\d)(.*)$/);
    const group = figure.match(/\D/)[0], [, point, tail] = figure.match(/(\D)(\d+)$/);
    const places = point === group && tail.length === 3 ? 0 : tail.length, signs = { ',': group, '.': point };
    const show = () => {
      const said = (sum() / 10 ** places).toLocaleString('en', { minimumFractionDigits: places });
      total.textContent = before + said.replace(/[,.]/g, sign => signs[sign]) + after;
    };
    boxes.forEach(box => box.addEventListener('change', show));
    show();
  }
  document.querySelectorAll('[data-copy]').forEach(button => {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
    });
  });
})();
