/* Progressive enhancement only: every control below is a link or a form that works without this file.
   htmx fetches fragments; this file keeps dialogs, the palette, shortcuts, the sticky summary and toasts. */
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const root = document.documentElement;
  const store = { get: k => { try { return localStorage.getItem(k); } catch { return null; } }, set: (k, v) => { try { localStorage.setItem(k, v); } catch { /* private mode */ } } };
  root.classList.add('js');
  if (store.get('rail') === '1') root.classList.add('rail');

  /* Toasts: in words, eight seconds, with undo where the server offers it. */
  const leave = t => setTimeout(() => t.remove(), 8000);
  const toast = text => { const t = document.createElement('div'), s = document.createElement('span'); t.className = 'toast'; s.textContent = text; t.append(s); $('#toasts').append(t); leave(t); };
  $$('[data-toast]').forEach(leave);

  /* The one dialog. A link to a form opens it here; without this file the same address is a page. */
  const dialog = $('#dialog'), palette = $('#palette');
  let dirty = false;
  const show = async href => {
    await htmx.ajax('GET', href, { target: '#dialog', swap: 'innerHTML' });
    if (!$('form', dialog)) { location.href = href; return; }
    dirty = false;
    if (!dialog.open) dialog.showModal();
    ($('[autofocus]', dialog) || (!$('.split:not(.lean) .pv', dialog) && $('.db :is(input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea)', dialog)) || $('h2', dialog))?.focus();
    scrollers();
  };
  const close = d => { if (d === dialog && dirty && !confirm('Close without saving?')) return; d.close(); if (d === dialog) d.replaceChildren(); };
  dialog?.addEventListener('input', () => { dirty = true; });
  dialog?.addEventListener('cancel', e => { e.preventDefault(); close(dialog); });
  document.addEventListener('input', e => { const f = e.target.closest('.doorpage form, form.inplace'); if (f) f.dataset.dirty = 1; });
  document.addEventListener('submit', e => { delete e.target.dataset.dirty; });
  addEventListener('beforeunload', e => { if ($('form[data-dirty]')) e.preventDefault(); });

  document.addEventListener('click', e => {
    if (e.ctrlKey || e.metaKey || e.shiftKey) return;
    $$('details.menu[open]').forEach(m => { if (!m.contains(e.target)) m.open = false; });
    const t = e.target.closest('[data-dialog],[data-close],[data-palette],[data-copy],[data-open],[data-fill],[data-print],[data-add],[data-all],[data-closepeek],[data-peek-open],[data-inplace],[data-cancel]');
    if (!t) { if (e.target.tagName === 'DIALOG') close(e.target); return; }
    const d = t.dataset;
    if ('dialog' in d) { e.preventDefault(); t.closest('details')?.removeAttribute('open'); show(t.href); }
    else if (d.inplace) { e.preventDefault(); const u = new URL(t.href); u.searchParams.set('in', d.inplace); t.hidden = true; htmx.ajax('GET', u.pathname + u.search, { target: '#b-' + d.inplace, swap: 'innerHTML' }).then(() => $('#b-' + d.inplace + ' :is(input:not([type=hidden]), select, textarea)')?.focus()); }
    else if ('cancel' in d) { e.preventDefault(); delete t.closest('form').dataset.dirty; location.reload(); }
    else if ('close' in d) close(t.closest('dialog'));
    else if ('palette' in d) { e.preventDefault(); find(); }
    else if (d.open) document.getElementById(d.open).showModal();
    else if (d.copy) { navigator.clipboard?.writeText(d.copy); toast('Copied ' + d.copy); }
    else if ('print' in d) print();
    else if ('peekOpen' in d) { e.preventDefault(); htmx.ajax('GET', t.href, { target: '#peek', swap: 'innerHTML' }).then(() => $('#peek a')?.focus()); }
    else if ('closepeek' in d) $('#peek').replaceChildren();
    else if (d.fill) { e.preventDefault(); const f = document.getElementById(d.fill); f.value = d.value; f.dispatchEvent(new Event('input', { bubbles: true })); f.focus(); }
    else if ('add' in d) { e.preventDefault(); addLine(t.closest('form')); }
    else if ('all' in d) { $$('.rowcheck', t.closest('form')).forEach(c => { c.checked = t.checked; }); counted(); }
  });

  /* Line editors: one more row is a copy of the last with its number raised. */
  const addLine = form => {
    const rows = $$('[data-line]', form), row = rows.at(-1).cloneNode(true), n = rows.length;
    $$('[name]', row).forEach(f => { f.name = f.name.replace(/\d+/, n); f.id = f.id.replace(/\d+/, n); if (f.tagName === 'INPUT') f.value = f.defaultValue; });
    $$('label', row).forEach(l => { l.htmlFor = l.htmlFor.replace(/\d+/, n); l.textContent = l.textContent.replace(/\d+/, n + 1); });
    rows.at(-1).after(row); $('select,input', row).focus();
  };

  /* After a fragment arrives: announce problems by moving to them, and look again at what scrolls. */
  // A form that came back takes its choices from the server: while it is put in place, radio buttons of the old one undo them.
  const fresh = () => $$(':is(#dialog, .inplace) form.door:not([data-fresh])').forEach(f => { f.dataset.fresh = 1; $$('input[type=radio]', f).forEach(r => { if (r.defaultChecked) r.checked = true; }); });
  document.addEventListener('htmx:after:swap', () => { const p = $(':is(#dialog, .inplace) .banner[role=alert]'); if (p && !p.dataset.seen) { p.dataset.seen = 1; p.focus(); } fresh(); scrollers(); counted(); });
  document.addEventListener('htmx:error', () => toast('The server did not answer. What you entered is still here; try again.'));
  document.addEventListener('htmx:response:error', e => { const s = e.detail?.ctx?.response?.status; if (s >= 500) toast('Something failed on the server. Nothing was changed.'); });

  const scrollers = () => $$('.tw').forEach(t => { if (t.scrollWidth > t.clientWidth && getComputedStyle(t).overflowX !== 'clip') { t.tabIndex = 0; t.setAttribute('role', 'group'); t.setAttribute('aria-label', $('caption', t)?.textContent || 'Table'); } else t.removeAttribute('tabindex'); });
  /* The font may come after the page, and it makes tables wider. */
  scrollers(); addEventListener('resize', scrollers); document.fonts.ready.then(scrollers);
  const counted = () => { const n = $$('.rowcheck:checked').length; $$('[data-count]').forEach(c => { c.textContent = n + ' selected'; }); };
  document.addEventListener('change', e => { if (e.target.matches('.rowcheck')) counted(); if (e.target.matches('[data-submit]')) e.target.form.requestSubmit(); });

  /* Theme: shown at once, saved with the person. */
  const isDark = () => root.dataset.theme === 'dark' || (root.dataset.theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  $$('[data-theme-form]').forEach(f => f.addEventListener('submit', e => {
    e.preventDefault(); const b = e.submitter; b.value = isDark() ? 'light' : 'dark'; root.dataset.theme = b.value;
    fetch(f.action, { method: 'POST', body: new FormData(f, b), headers: { 'HX-Request': 'true' } });
  }));

  /* Sticky summary: shown once the big header has left the screen. */
  const head = $('.cust-head'); if (head) new IntersectionObserver(([e]) => document.body.classList.toggle('is-stuck', !e.isIntersecting)).observe(head);

  /* Palette: the same address is a page without JavaScript. */
  const inp = $('#q'), list = $('#plist'); let cur = 0, timer = 0, asked = 0;
  const options = () => $$('[role=option]', list);
  const mark = () => { options().forEach((o, i) => { o.id = 'o' + i; o.setAttribute('aria-selected', i === cur); }); inp.setAttribute('aria-activedescendant', options().length ? 'o' + cur : ''); $('#o' + cur)?.scrollIntoView({ block: 'nearest' }); };
  const ask = async () => {
    const mine = ++asked, u = `${inp.dataset.find}?q=${encodeURIComponent(inp.value)}&customer=${encodeURIComponent(inp.dataset.customer)}`;
    const r = await fetch(u, { headers: { 'HX-Request': 'true' } });
    if (mine !== asked || !r.ok) return;
    list.innerHTML = await r.text(); cur = 0; mark();
  };
  const find = () => { inp.value = ''; list.replaceChildren(); if (!palette.open) palette.showModal(); inp.focus(); ask(); };
  const go = o => { palette.close(); 'dialogHref' in o.dataset ? show(o.dataset.dialogHref) : location.href = o.dataset.href; };
  inp?.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(ask, 120); });
  inp?.addEventListener('keydown', e => {
    const n = options().length || 1;
    if (e.key === 'ArrowDown') cur = (cur + 1) % n; else if (e.key === 'ArrowUp') cur = (cur - 1 + n) % n;
    else if (e.key === 'Enter') { e.preventDefault(); const o = options()[cur]; if (o) go(o); return; } else return;
    e.preventDefault(); mark();
  });
  list?.addEventListener('click', e => { const o = e.target.closest('[role=option]'); if (o) go(o); });

  /* Rows: J and K move, X selects, Space peeks, Enter opens. */
  const rows = () => $$('main tbody tr:has(a.id)');
  const row = () => rows().find(r => r.getAttribute('aria-current'));
  const move = by => { const all = rows(), i = all.indexOf(row()), next = all[Math.min(Math.max(i + by, 0), all.length - 1)]; if (!next) return; row()?.removeAttribute('aria-current'); next.setAttribute('aria-current', 'true'); $('a.id', next).focus(); if ($('#peek').childElementCount) peek(next); };
  const peek = r => r?.dataset.peek && htmx.ajax('GET', r.dataset.peek, { target: '#peek', swap: 'innerHTML' });

  /* Shortcuts: never while typing, and single keys can be switched off (WCAG 2.1.4). */
  let g = 0, last = null;
  const on = () => store.get('keys') !== '0';
  $$('[data-keys]').forEach(c => { c.checked = on(); c.onchange = () => store.set('keys', c.checked ? '1' : '0'); });
  addEventListener('keydown', e => {
    const mod = e.ctrlKey || e.metaKey, a = document.activeElement, k = e.key.toLowerCase();
    if (mod && k === 'k') { e.preventDefault(); find(); return; }
    const open = $('dialog[open]'), typing = a.isContentEditable || (/^(input|textarea|select)$/i.test(a.tagName) && !/radio|checkbox/.test(a.type));
    if (mod && e.key === 'Enter') { (open ? $('#door-submit', open) : $('main #door-submit') ?? (a.form && $('.pri', a.form)))?.click(); return; }
    if (e.key === 'Escape') { $$('details.menu[open]').forEach(m => { m.open = false; $('summary', m).focus(); }); if (!open) $('#peek').replaceChildren(); }
    if (open || typing || mod || e.altKey || !on()) return;
    if (g) { g = 0; const to = $(`[data-go="${k}"]`); if (to) { to.click(); return; } }
    const key = $(`[aria-keyshortcuts="${e.key === '?' ? '?' : k}"]:not([data-palette])`);
    if (k === 'g') { g = 1; setTimeout(() => { g = 0; }, 900); }
    else if (k === '/') { e.preventDefault(); const s = $('main .searchbox input'); s && !inp.dataset.customer ? s.focus() : find(); }
    else if (k === '[') { root.classList.toggle('rail'); store.set('rail', root.classList.contains('rail') ? '1' : '0'); }
    else if (e.key === '?') $('#keys').showModal();
    else if (!key && (k === 'j' || k === 'k')) move(k === 'j' ? 1 : -1);
    else if (k === 'x' && row()) { const c = $('.rowcheck', row()), all = $$('.rowcheck'); if (!c) return; c.checked = !c.checked; if (e.shiftKey && last) { const [i, j] = [all.indexOf(last), all.indexOf(c)].sort((x, y) => x - y); all.slice(i, j + 1).forEach(b => { b.checked = c.checked; }); } last = c; counted(); }
    else if (e.key === ' ' && row()?.dataset.peek && !/^(button|summary)$/i.test(a.tagName)) { e.preventDefault(); peek(row()); }
    else if (/^[1-7]$/.test(k)) { e.preventDefault(); ($$('.logcall [name=outcome]')[k - 1] ?? $$('.stick .tabs a')[k - 1])?.click(); }
    else if (key) { e.preventDefault(); key.click(); }
  });
  /* An outcome leads to the field it asks for; ticked items fill it, or else the promise. */
  addEventListener('change', e => {
    const f = e.target.form, n = t => +t.replace(/[^\d.-]/g, ''), asks = c => { const l = c?.closest('[data-focus]'); return l && $('#' + l.dataset.focus); };
    if (e.target.name === 'outcome') { const to = asks(e.target); if (to) { to.closest('details')?.setAttribute('open', ''); to.focus(); } }
    if (!e.target.dataset?.sum) return;
    const chosen = asks($('[name=outcome]:checked', f)), to = chosen?.name === 'dispute' ? chosen : f.elements.promise;
    if (to) to.value = $$('[data-sum]:checked', f).reduce((sum, c) => sum + n(c.dataset.sum), 0).toFixed((e.target.dataset.sum.split('.')[1] ?? '').length);
  });
  /* What somebody began to write is there again when they come back to the page in this tab. */
  $$('textarea[data-draft]').forEach(t => { const k = 'draft ' + location.pathname; try { t.value ||= sessionStorage.getItem(k) ?? ''; t.oninput = () => sessionStorage.setItem(k, t.value); t.form.addEventListener('submit', () => sessionStorage.removeItem(k)); } catch { /* private mode */ } });
  const start = new URLSearchParams(location.search).get('open'); if (start) $(`[aria-keyshortcuts="${CSS.escape(start)}"]`)?.click();
})();
