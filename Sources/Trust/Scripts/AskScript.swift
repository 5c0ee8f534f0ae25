/// Asks whether an address was affected: the question is sealed to the custodian here, so that the server that passes it on cannot read it. RFC 9180, base
/// mode, DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. docs/FORMATS.md, “Trust pages”.
enum AskScript {
  static let text = #"""
    class Sealer {
      static info = Bytes.ofText('sealane trust question v1');
      static kem = Bytes.joined(Bytes.ofText('KEM'), Uint8Array.of(0, 0x10));
      static suite = Bytes.joined(Bytes.ofText('HPKE'), Uint8Array.of(0, 0x10, 0, 1, 0, 2));

      static async hmac(key, ...parts) {
        // An empty salt is one of zeros (RFC 5869, section 2.2).
        const imported = await crypto.subtle.importKey('raw', key.length ? key : new Uint8Array(32), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
        return new Uint8Array(await crypto.subtle.sign('HMAC', imported, Bytes.joined(...parts)));
      }
      static extract(suite, salt, label, input) { return Sealer.hmac(salt, Bytes.ofText('HPKE-v1'), suite, Bytes.ofText(label), input); }
      // At most 32 bytes: one block.
      static async expand(suite, key, label, info, size) {
        return (await Sealer.hmac(key, Uint8Array.of(0, size), Bytes.ofText('HPKE-v1'), suite, Bytes.ofText(label), info, Uint8Array.of(1))).slice(0, size);
      }
      // The encapsulated key, 65 bytes, and the ciphertext.
      static async seal(plain, publicKey) {
        const curve = { name: 'ECDH', namedCurve: 'P-256' }, none = new Uint8Array(0);
        const receiver = await crypto.subtle.importKey('raw', publicKey, curve, false, []);
        const own = await crypto.subtle.generateKey(curve, false, ['deriveBits']);
        const enc = new Uint8Array(await crypto.subtle.exportKey('raw', own.publicKey));
        const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: receiver }, own.privateKey, 256));
        const secretKey = await Sealer.extract(Sealer.kem, none, 'eae_prk', shared);
        const secret = await Sealer.expand(Sealer.kem, secretKey, 'shared_secret', Bytes.joined(enc, publicKey), 32);
        const context = Bytes.joined(Uint8Array.of(0), await Sealer.extract(Sealer.suite, none, 'psk_id_hash', none), await Sealer.extract(Sealer.suite, none, 'info_hash', Sealer.info));
        const schedule = await Sealer.extract(Sealer.suite, secret, 'secret', none);
        const key = await crypto.subtle.importKey('raw', await Sealer.expand(Sealer.suite, schedule, 'key', context, 32), 'AES-GCM', false, ['encrypt']);
        const iv = await Sealer.expand(Sealer.suite, schedule, 'base_nonce', context, 12);
        return Bytes.joined(enc, new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: none }, key, plain)));
      }
    }

    class AskPage {
      constructor() {
        this.language = document.documentElement.lang;
        this.say = speaker(this.language);
        this.form = document.getElementById('ask');
        this.result = document.getElementById('result');
        document.getElementById('needs-script').hidden = true;
        this.form.hidden = false;
        this.form.addEventListener('submit', event => { event.preventDefault(); this.ask(); });
      }
      // All questions have one size.
      static question(address, language) {
        const bytes = Bytes.ofText(`{"address":${JSON.stringify(address)},"language":"${language}","v":1}`);
        if (bytes.length > 512) return null;
        return Bytes.joined(bytes, new Uint8Array(512 - bytes.length).fill(0x20));
      }
      async ask() {
        const name = ReaderName.make('email', this.form.elements.address.value);
        const question = name ? AskPage.question(name.value, this.language === 'fr' ? 'fr' : 'en') : null;
        if (!question) return this.show('bad', 'address_wrong');
        if (!globalThis.crypto?.subtle) return this.show('bad', 'cannot');
        this.show('note', 'sending');
        try {
          const sealed = await Sealer.seal(question, Bytes.ofBase64(this.form.dataset.key));
          const answer = await fetch(this.form.dataset.path, {
            method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ question: Bytes.base64(sealed) }),
            credentials: 'omit', referrerPolicy: 'no-referrer', redirect: 'error', cache: 'no-store',
          });
          // What the server thinks of the question is nobody's business; that it is not there is.
          if (answer.status >= 500 || answer.status === 404) return this.show('bad', 'not_sent');
          this.form.reset();
          this.show('note', 'sent');
        } catch { this.show('bad', 'not_sent'); }
      }
      show(kind, key) {
        this.result.className = 'result ' + kind;
        this.result.textContent = this.say(key);
        this.result.dataset.state = key;
        this.result.hidden = false;
        this.result.focus();
      }
    }
    if (document.getElementById('ask')) new AskPage();
    """#
}
