/// The script of pages with a session: the browser's key for it, which no script can read out, and what the key is for.
///
/// A cookie lives five minutes; the key asks for the next one. Rows about subjects and what gives power need a proof that the very request
/// comes from this browser: in the header `DPoP` where a script asks, in the cookie `__Host-proof` where the browser itself goes to a page
/// (RFC 9449, section 4.2, for both). A page that was asked for without one answers with `[data-prove]` and is asked for again.
enum SessionScript {
  static let text = #"""
    'use strict';
    (() => {
      const encode = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
      const json = value => encode(new TextEncoder().encode(JSON.stringify(value)));
      const done = request => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const store = async (mode, act) => {
        const opening = indexedDB.open('sealane', 1);
        opening.onupgradeneeded = () => opening.result.createObjectStore('keys');
        const database = await done(opening);
        try { return await done(act(database.transaction('keys', mode).objectStore('keys'))); } finally { database.close(); }
      };
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
      let nonce = document.querySelector('meta[name=proof-nonce]')?.content, nonceAt = Date.now(), renewedAt = Date.now(), pair;
      const keys = async () => pair ??= await store('readonly', keys => keys.get('session'));
      const publicKey = async pair => {
        const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
        return { kty, crv, x, y };
      };
      const proof = async (method, path) => {
        const pair = await keys();
        if (!pair) return null;
        const jti = encode(crypto.getRandomValues(new Uint8Array(16)));
        const body = `${json({ typ: 'dpop+jwt', alg: 'ES256', jwk: await publicKey(pair) })}.${
          json({ jti, htm: method, htu: location.origin + path, iat: Math.floor(Date.now() / 1000), nonce })}`;
        const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, new TextEncoder().encode(body));
        return `${body}.${encode(signature)}`;
      };
      const path = address => new URL(address, location.href).pathname;

      // The next cookie. The server says which nonce is due where ours is too old.
      let renewing;
      const renew = () => renewing ??= (async () => {
        try {
          for (let attempt = 0; attempt < 2; attempt++) {
            const signed = await proof('POST', '/session/renew');
            if (!signed) return false;
            const answer = await fetch('/session/renew', { method: 'POST', headers: { DPoP: signed } });
            const next = answer.headers.get('DPoP-Nonce');
            if (next) { nonce = next; nonceAt = Date.now(); }
            if (answer.ok) { renewedAt = Date.now(); return true; }
            if (answer.status !== 401 || !next || answer.headers.get('X-Try-Again') !== 'yes') return false;
          }
          return false;
        } catch { return false; } finally { renewing = undefined; }
      })();
      const fresh = async () => { if (Date.now() - nonceAt > 100000 || Date.now() - renewedAt > 200000) await renew(); };

      window.sealaneSession = {
        /// A new key for a session that is to begin; its public half.
        make: async () => {
          const made = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
          await store('readwrite', keys => keys.put(made, 'session'));
          pair = made;
          return publicKey(made);
        },
        headers: async (method, address) => {
          await fresh();
          const signed = await proof(method, path(address));
          return signed ? { DPoP: signed } : {};
        },
        renew,
      };

      // What the browser is about to ask for carries a proof for ten seconds.
      const carry = async (method, address) => {
        // Until the page goes, or did not go (a file came): tests look at it.
        window.sealaneSession.isGoing = true;
        setTimeout(() => { window.sealaneSession.isGoing = false; }, 3000);
        await fresh();
        const signed = await proof(method, path(address));
        if (signed) document.cookie = `__Host-proof=${signed}; Path=/; Secure; SameSite=Strict; Max-Age=10`;
        return signed !== null;
      };
      const isOurs = address => new URL(address, location.href).origin === location.origin;
      document.addEventListener('click', event => {
        const link = event.target.closest?.('a[href]');
        if (!link || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        const address = new URL(link.getAttribute('href'), location.href);
        if (!isOurs(address) || link.target || address.href.split('#')[0] === location.href.split('#')[0] && address.hash) return;
        event.preventDefault();
        carry('GET', address).finally(() => location.assign(address));
      });
      const passed = new WeakSet();
      document.addEventListener('submit', event => {
        const form = event.target;
        if (event.defaultPrevented || form.matches('[data-passkey], [data-demo], [method=dialog]')) return;
        if (passed.delete(form)) return;
        const address = event.submitter?.getAttribute('formaction') || form.getAttribute('action') || location.href;
        if (!isOurs(address)) return;
        event.preventDefault();
        const submitter = event.submitter;
        carry((submitter?.getAttribute('formmethod') || form.method).toUpperCase(), address).finally(() => {
          passed.add(form);
          form.requestSubmit(submitter);
        });
      });

      // Asked for without a cookie or without a proof: once more, with what was missing.
      const mark = `sealane-again ${location.href}`;
      const again = async () => {
        const last = Number(sessionStorage.getItem(mark) || 0);
        sessionStorage.setItem(mark, String(Date.now()));
        if (Date.now() - last < 4000) return false;
        if (document.querySelector('[data-renew]') && !await renew()) return false;
        if (!await carry('GET', location.href)) return false;
        location.reload();
        return true;
      };
      const missing = document.querySelector('[data-renew], [data-prove]');
      if (missing) again().catch(() => false).then(went => { if (!went) document.querySelectorAll('[data-else]').forEach(part => { part.hidden = false; }); });
      else sessionStorage.removeItem(mark);
      if (!missing && nonce) setInterval(() => { if (!document.hidden && Date.now() - renewedAt > 180000) renew(); }, 20000);
    })();
    """#
}
