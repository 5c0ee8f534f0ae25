/// The script of pages with passkeys: a form with `data-passkey` is answered by an authenticator instead of being sent.
///
/// `data-begin` is asked, with the form's fields as JSON, for a question (`ceremony`, and `create` or `get`: the options of WebAuthn Level 3
/// with bytes as base64url); `data-finish` is told the answer and says where to go (`next`), or gives a `ticket` for the form that `data-then` names.
/// With `data-session`, a session of `Asset.session` begins: the answer carries the public half of a key that the browser makes for it, and
/// the page is loaded again if it was the wrong one only for want of a session (`data-stay`).
enum PasskeyScript {
  static let text = #"""
    'use strict';
    (() => {
      const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
      const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
      const named = list => (list || []).map(item => ({ ...item, id: bytes(item.id) }));
      const post = async (path, body) => {
        const proof = await window.sealaneSession?.headers('POST', path);
        const answer = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json', ...proof }, body: JSON.stringify(body) });
        const read = await answer.json().catch(() => ({}));
        if (!answer.ok) throw new Error(read.error || `The answer was ${answer.status}. Try again.`);
        return read;
      };
      const create = async options => {
        const made = await navigator.credentials.create({ publicKey: {
          ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) },
          excludeCredentials: named(options.excludeCredentials) } });
        return { id: text(made.rawId), clientDataJSON: text(made.response.clientDataJSON),
          attestationObject: text(made.response.attestationObject) };
      };
      const get = async options => {
        const made = await navigator.credentials.get({ publicKey: {
          ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials) } });
        return { id: text(made.rawId), clientDataJSON: text(made.response.clientDataJSON),
          authenticatorData: text(made.response.authenticatorData), signature: text(made.response.signature),
          userHandle: made.response.userHandle ? text(made.response.userHandle) : null };
      };
      // What browsers say when the person or the authenticator did not go on.
      const words = {
        NotAllowedError: 'The passkey was not used: the question was closed, took too long, or there is no passkey for this site here.',
        InvalidStateError: 'This authenticator has a passkey for this site already. Use another authenticator.',
        SecurityError: 'Passkeys do not work at this address. Open the page by the address that its operator gave you.',
      };
      document.addEventListener('submit', async event => {
        const form = event.target.closest('form[data-passkey]');
        if (!form) return;
        event.preventDefault();
        const state = form.querySelector('[role=status]'), button = form.querySelector('button');
        const say = (sentence, kind) => { state.hidden = false; state.className = `notice ${kind}`; state.textContent = sentence; };
        button.disabled = true;
        say('Your browser asks for the passkey.', '');
        try {
          if (!window.PublicKeyCredential) throw new Error('This browser has no passkeys here. They need https, or a name that ends in localhost.');
          const begun = await post(form.dataset.begin, Object.fromEntries(new FormData(form)));
          const credential = begun.create ? await create(begun.create) : await get(begun.get);
          const key = form.dataset.session === undefined ? undefined : await window.sealaneSession.make();
          const done = await post(form.dataset.finish, { ceremony: begun.ceremony, credential, key });
          say('Done.', 'good');
          if (done.next && form.dataset.stay !== undefined) return location.reload();
          if (done.next) return location.assign(form.dataset.next || done.next);
          const then = document.getElementById(form.dataset.then);
          then.elements.ticket.value = done.ticket;
          then.requestSubmit();
        } catch (error) {
          say(words[error.name] || error.message, 'danger');
          button.disabled = false;
        }
      });
      // The secret of a link stands behind the # and is taken from the address bar at once.
      const secret = location.hash.slice(1);
      for (const field of secret ? document.querySelectorAll('input[data-from-address]') : []) {
        field.value = secret;
        const label = field.closest('label');
        if (label) label.hidden = true;
        history.replaceState(null, '', location.pathname);
      }
      // Into the demo without a passkey.
      document.querySelector('form[data-demo]')?.addEventListener('submit', async event => {
        event.preventDefault();
        const form = event.target, state = form.querySelector('[role=status]');
        try {
          const done = await post('/enrol/demo', { link: form.elements.link.value, key: await window.sealaneSession.make() });
          location.assign(done.next);
        } catch (error) { state.hidden = false; state.className = 'notice danger'; state.textContent = error.message; }
      });
    })();
    """#
}
