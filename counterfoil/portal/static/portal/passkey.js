/* Passkeys are the one thing in the portal that needs a script: only the browser can ask the device.
   A form with data-passkey appears where the browser can; it asks the server, then the device, and sends the answer. */
(() => {
  if (!window.PublicKeyCredential) return;
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
  const words = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const send = async (url, form, body) => {
    const token = form.querySelector('[name=csrfmiddlewaretoken]').value;
    const answer = await fetch(url, { method: 'POST', headers: { 'X-CSRFToken': token, 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(said.sentence || 'That did not work. Load the page again and retry.');
    return said;
  };
  const known = list => (list || []).map(key => ({ ...key, id: bytes(key.id) }));
  const ask = async (what, { publicKey: options }) => {
    options.challenge = bytes(options.challenge);
    if (what === 'get') return navigator.credentials.get({ publicKey: { ...options, allowCredentials: known(options.allowCredentials) } });
    options.user.id = bytes(options.user.id);
    return navigator.credentials.create({ publicKey: { ...options, excludeCredentials: known(options.excludeCredentials) } });
  };
  const plain = ({ id, rawId, type, response }) => {
    const said = { clientDataJSON: words(response.clientDataJSON) };
    for (const part of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) if (response[part]) said[part] = words(response[part]);
    return { id, rawId: words(rawId), type, response: said };
  };
  for (const form of document.querySelectorAll('[data-passkey]')) {
    const { ask: question, answer, what } = form.dataset, problem = form.querySelector('[data-problem]');
    form.hidden = false;
    form.addEventListener('submit', async event => {
      event.preventDefault();
      problem.textContent = '';
      try {
        const credential = await ask(what, await send(question, form, {}));
        location.href = (await send(answer, form, plain(credential))).url;
      } catch (error) {
        problem.textContent = error.name === 'NotAllowedError' ? 'The device gave no passkey. Try again, or use a link.' : error.message;
      }
    });
  }
})();
