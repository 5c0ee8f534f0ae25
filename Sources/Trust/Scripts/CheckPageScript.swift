/// The form of the page that checks messages. Nothing that is put in leaves the page.
enum CheckPageScript {
  static let text = #"""
    class CheckPage {
      constructor() {
        this.language = document.documentElement.lang;
        this.say = speaker(this.language);
        this.form = document.getElementById('check');
        this.result = document.getElementById('result');
        this.settings = JSON.parse(document.getElementById('anchors').textContent);
        document.getElementById('needs-script').hidden = true;
        this.form.hidden = false;
        this.form.addEventListener('submit', event => { event.preventDefault(); this.check(); });
        this.form.addEventListener('dragover', event => event.preventDefault());
        this.form.addEventListener('drop', event => { event.preventDefault(); this.form.elements.files.files = event.dataTransfer.files; });
      }
      async check() {
        const text = this.form.elements.text.value, files = Array.from(this.form.elements.files.files);
        if (!text.trim() && !files.length) return this.show('note', this.say('nothing'));
        this.show('note', this.say('working'));
        try {
          if (!globalThis.crypto?.subtle) throw new CannotCheck();
          const contents = await Promise.all(files.map(async file => new Uint8Array(await file.slice(0, (32 << 20) + 1).arrayBuffer())));
          const anchors = await Anchors.read(this.settings), reader = ReaderName.guess(this.form.elements.reader.value);
          const input = CheckPage.input(text, contents);
          if (input.proof) return this.showProof(input.proof, anchors, reader);
          this.showVerdict(await new Judge(anchors, this.say).judge(input.message, reader), anchors, input.isOnlyText);
        } catch (error) {
          this.show('bad', this.say(error instanceof CannotCheck ? 'cannot' : 'broken'));
        }
      }
      // A whole message, a proof by itself, or a text and the proof that came with it.
      static input(text, contents) {
        const isProof = bytes => bytes.length <= 1 << 20 && Proof.read(Bytes.text(bytes)) !== null;
        const proof = contents.find(isProof), message = contents.find(bytes => bytes !== proof);
        const pasted = Proof.read(text.trim());
        if (message) return { message };
        if (pasted) return { proof: pasted };
        if (!text.trim()) return { proof: Proof.read(Bytes.text(proof)) };
        const isSource = /^[!-9;-~]+:/.test(text) && /\r?\n\r?\n/.test(text) && /^(from|received|mime-version|content-type|return-path):/im.test(text.slice(0, 20000));
        if (isSource && !proof) return { message: Bytes.ofText(text) };
        const parts = ['Content-Type: multipart/mixed; boundary="sealane"', '', '--sealane', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: base64', '', Bytes.base64(Bytes.ofText(text))];
        if (proof) parts.push('--sealane', 'Content-Type: application/json', 'Content-Transfer-Encoding: base64', '', Bytes.base64(proof));
        return { message: Bytes.ofText([...parts, '--sealane--', ''].join('\r\n')), isOnlyText: !proof };
      }

      show(kind, ...children) {
        this.result.className = 'result ' + kind;
        this.result.replaceChildren(...children.map(child => typeof child === 'string' ? CheckPage.make('p', child) : child));
        this.result.hidden = false;
        this.result.focus();
      }
      static make(name, text, className = '') {
        const element = document.createElement(name);
        element.textContent = text;
        element.className = className;
        return element;
      }
      time(milliseconds) { return new Intl.DateTimeFormat(this.language === 'en' ? 'en-GB' : this.language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(milliseconds) + ' UTC'; }

      showVerdict(verdict, anchors, isOnlyText) {
        const { organization } = anchors, list = document.createElement('ul'), weights = ['bad', 'good', 'note'];
        const reasons = [...verdict.reasons].sort((left, right) => weights.indexOf(left.weight) - weights.indexOf(right.weight));
        list.className = 'reasons';
        for (const reason of reasons) {
          const item = document.createElement('li');
          item.className = reason.weight;
          item.dataset.code = reason.code;
          item.append(CheckPage.make('b', this.say('weight_' + reason.weight)), CheckPage.make('span', reason.sentence));
          list.append(item);
        }
        const children = [CheckPage.make('h2', this.say(verdict.verdict, organization))];
        if (verdict.caseNumber) children.push(CheckPage.make('p', this.say('about', verdict.caseNumber, verdict.checkCode, this.time(verdict.writtenAt)), 'soft'));
        if (isOnlyText) children.push(CheckPage.make('p', this.say('only_text')));
        children.push(CheckPage.make('p', this.say('next_' + verdict.verdict, this.form.dataset.contact)), list);
        if (verdict.letter) children.push(this.letter(verdict.letter, organization, verdict.verdict === 'altered'));
        this.show({ genuine: 'good', altered: 'bad', not_ours: 'bad' }[verdict.verdict], ...children);
        this.result.dataset.verdict = verdict.verdict;
      }
      letter(letter, organization, isOpen) {
        const details = document.createElement('details');
        details.open = isOpen;
        details.append(CheckPage.make('summary', this.say('our_text', organization)), CheckPage.make('pre', `${letter.subject}\n\n${letter.body}`));
        return details;
      }
      // Whose the proof is stands in it: one that is somebody else's says nothing about whoever shows it.
      isOfAnother(name, reader) { return reader !== null && name !== null && reader.kind === name.kind && reader.text !== name.text; }
      showOther() {
        this.show('bad', CheckPage.make('h2', this.say('other_reader')));
        this.result.dataset.verdict = 'altered';
      }
      async showProof(proof, anchors, reader) {
        const { organization } = anchors;
        try {
          if (proof.kind !== 'statement_proof') {
            const verified = await Proof.message(proof, anchors), name = verified.name === null ? null : ReaderName.read(verified.name);
            if (this.isOfAnother(name, reader)) return this.showOther();
            this.show('good', CheckPage.make('h2', this.say('genuine', organization)), ...(name ? [this.say('written_to', name.value, '')] : []),
              this.say('about', verified.caseNumber, verified.letter.code, this.time(verified.writtenAt)), this.letter(verified.letter, organization, true));
          } else {
            const { statement } = await Proof.statement(proof.statement, anchors), isIn = await Proof.isNamed(proof.reader, statement);
            const name = ReaderName.read(proof.reader.name);
            if (this.isOfAnother(name, reader)) return this.showOther();
            this.show('good', CheckPage.make('h2', this.say(isIn ? 'affected_yes' : 'affected_no', name.value, organization)),
              this.say('affected_more', statement.version, `${statement.project}-${statement.incident}`, this.time(statement.made_at)));
          }
          this.result.dataset.verdict = 'genuine';
        } catch (error) {
          if (!(error instanceof ProofError)) throw error;
          this.show('bad', CheckPage.make('h2', this.say('not_ours', organization)), this.say('proof_fails', this.say(error.code)));
          this.result.dataset.verdict = 'not_ours';
        }
      }
    }
    if (document.getElementById('check')) new CheckPage();
    """#
}
