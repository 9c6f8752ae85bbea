/* Adds up what is ticked, and copies a reference. Without it the page works: the server adds up what is sent. */
(() => {
  const form = document.querySelector('[data-pay]');
  if (form) {
    const total = form.querySelector('[data-total]'), boxes = [...form.querySelectorAll('[data-minor]')];
    const said = total.textContent.trim(), sum = () => boxes.reduce((n, box) => n + (box.checked ? +box.dataset.minor : 0), 0);
    // As the server writes it: what stands before and behind the figure, and how many places it has.
    const [, before, figure, after] = said.match(/^([^\d]*)([\d\s,.'’]*\d)(.*)$/) || [0, '', said, ''];
    const places = (figure.match(/\.(\d+)$/) || ['', ''])[1].length;
    const show = () => {
      total.textContent = before + (sum() / 10 ** places).toLocaleString('en', { minimumFractionDigits: places }) + after;
    };
    boxes.forEach(box => box.addEventListener('change', show));
    show();
  }
  document.querySelectorAll('[data-copy]').forEach(button => {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = 'Copied';
    });
  });
})();
