/// `MessageJudge` in the browser: the same verdicts and codes of reasons.
enum JudgeScript {
  static let text = #"""
    class Judge {
      constructor(anchors, sentences) {
        this.anchors = anchors;
        this.say = sentences;
        this.looks = new LookAlike(anchors.domains, anchors.brands);
      }
      // bytes of a message; reader: a ReaderName or null. { verdict, reasons, caseNumber, checkCode, writtenAt, letter }
      async judge(bytes, reader = null) { return this.judgeMessage(new Message(Bytes.binary(bytes)), reader, 0); }

      async judgeMessage(message, reader, depth) {
        const verdict = await this.judgeAlone(message, reader);
        if (verdict.verdict !== 'not_ours' || depth >= 3) return verdict;
        for (const enclosed of message.enclosed.slice(0, 5)) {
          const inside = await this.judgeMessage(enclosed, reader, depth + 1);
          if (inside.verdict !== 'not_ours') return Judge.adding(inside, this.aroundReasons(message));
        }
        return verdict;
      }
      static adding(verdict, further) {
        const reasons = [...verdict.reasons, ...further];
        const isAltered = verdict.verdict === 'genuine' && reasons.some(reason => reason.weight === 'bad');
        return { ...verdict, reasons, verdict: isAltered ? 'altered' : verdict.verdict };
      }
      reason(code, weight, key, ...values) { return { code, weight, sentence: this.say(key, ...values) }; }

      async judgeAlone(message, reader) {
        const reasons = this.senderReasons(message), organization = this.anchors.organization;
        let proof = null, proofPart = null;
        for (const part of message.attachments.slice(0, 20)) {
          if (part.type !== 'application/json' && !part.fileName?.endsWith('.json')) continue;
          proof = Proof.read(Bytes.text(Bytes.ofBinary(part.decoded())));
          proofPart = part;
          if (proof) break;
        }
        if (proof === null || proof.kind === 'statement_proof') {
          return { verdict: 'not_ours', reasons: [this.reason('no_proof', 'bad', 'no_proof', organization), ...reasons, ...this.suspicions(message)] };
        }
        let verified;
        try { verified = await Proof.message(proof, this.anchors); } catch (error) {
          if (!(error instanceof ProofError)) throw error;
          return { verdict: 'not_ours', reasons: [this.reason('proof_fails', 'bad', 'proof_fails', this.say(error.code)), ...reasons, ...this.suspicions(message)] };
        }
        const text = this.textReasons(verified.letter, message);
        if (text.some(reason => reason.code === 'text_absent') && !text.some(reason => ['text_whole', 'text_wrapped', 'text_altered'].includes(reason.code))) {
          return { verdict: 'not_ours', reasons: [this.reason('proof_holds', 'note', 'proof_copied'), ...reasons, ...text, ...this.suspicions(message)] };
        }
        return Judge.adding({
          verdict: 'genuine', caseNumber: verified.caseNumber, checkCode: verified.letter.code, writtenAt: verified.writtenAt, letter: verified.letter,
          reasons: [this.reason('proof_holds', 'good', 'proof_holds', organization, verified.size), ...reasons],
        }, [...this.readerReasons(verified, message, reader), ...text, ...this.foreignReasons(message, verified.letter, proofPart)]);
      }

      // The text.

      textReasons(letter, message) {
        const reasons = [], readings = message.readings();
        readings.forEach((reading, place) => {
          const which = this.say(readings.length > 1 ? (place === 0 ? 'as_text' : 'as_page') : 'as_whole');
          const match = TextMatch.match(letter.body, reading.text);
          switch (match.kind) {
            case 'whole': reasons.push(this.reason('text_whole', 'good', 'text_whole', which)); break;
            case 'wrapped':
              reasons.push(this.reason('text_wrapped', 'note', 'text_wrapped', which, match.before.length + match.after.length,
                Harmless.text([...match.before.slice(-6), ...match.after.slice(0, 6)])));
              reasons.push(...this.addedReasons([match.before.join(' '), match.after.join(' ')]));
              break;
            case 'altered': reasons.push(this.reason('text_altered', 'bad', 'text_altered', which, match.expected, match.found)); break;
            default: reasons.push(this.reason('text_absent', 'bad', 'text_absent', which));
          }
        });
        return [...reasons, ...this.subjectReasons(letter, message)];
      }
      subjectReasons(letter, message) {
        const reasons = [], match = TextMatch.match(letter.subject, message.subject);
        if (match.kind === 'wrapped') reasons.push(...this.addedReasons([match.before.join(' '), match.after.join(' ')]));
        else if (match.kind !== 'whole') {
          reasons.push(this.reason('subject_differs', 'note', 'subject_differs', Harmless.text(message.subject.split(' ').filter(Boolean))));
          reasons.push(...this.addedReasons([message.subject]));
        }
        for (const link of Links.written(message.subject).slice(0, 1)) reasons.push(this.reason('added_link', 'bad', 'subject_link', Harmless.word(link.target)));
        return reasons;
      }
      // What stands around our text may be words; it may not ask for anything.
      addedReasons(texts) {
        return texts.flatMap(text => {
          const signs = Lures.signs(text).filter(sign => !Lures.linkKinds.has(sign.kind) && !Lures.fileKinds.has(sign.kind));
          const areHabits = signs.every(sign => sign.kind === 'urgency' || sign.kind === 'threat');
          return signs.map(sign => Lures.secretKinds.has(sign.kind) ? this.reason('asks_for_secret', 'bad', 'added_secret', sign.words)
            : areHabits ? this.reason('added_lure', 'note', 'added_habit', sign.words) : this.reason('added_lure', 'bad', 'added_lure', sign.words));
        });
      }
      aroundReasons(message) {
        return [...this.senderReasons(message).filter(reason => reason.weight === 'bad'), ...this.addedReasons(message.readings().map(reading => reading.text)),
          ...this.foreignReasons(message, null, null)];
      }

      // Links, files and what does not show: our letters have none.
      foreignReasons(message, letter, proofPart) {
        const reasons = [], seen = new Set();
        const ours = new Set(letter ? Links.written(`${letter.subject}\n${letter.body}`).map(link => link.target) : []);
        for (const reading of message.readings()) {
          const links = reading.links.filter(link => !Links.isWrittenAddress(link)).map(link => link.target);
          const written = Links.written(reading.text).map(link => link.target).filter(target => !ours.has(target));
          for (const target of [...links, ...written].slice(0, 20)) {
            if (seen.size >= 3 || seen.has(target)) continue;
            seen.add(target);
            reasons.push(this.reason('added_link', 'bad', 'added_link', Harmless.word(target)), ...this.lookAlikeLink(target));
          }
          if (reading.hidden && Words.of(reading.hidden).length) reasons.push(this.reason('hidden_text', 'bad', 'hidden_text'));
          if (reading.findings.has('hidingStyle')) reasons.push(this.reason('hidden_text', 'bad', 'hiding_style'));
          if (reading.images.length) reasons.push(this.reason('active_content', 'bad', 'remote_images'));
          if (['form', 'script', 'frame'].some(finding => reading.findings.has(finding))) reasons.push(this.reason('active_content', 'bad', 'active_content'));
          if (reading.findings.has('otherAlternative')) reasons.push(this.reason('active_content', 'bad', 'other_version'));
          if (reading.findings.has('textTooLong')) reasons.push(this.reason('form', 'bad', 'too_long'));
        }
        return [...reasons, ...this.fileReasons(message, letter === null, proofPart), ...this.formReasons(message)];
      }
      fileReasons(message, isAround, proofPart) {
        for (const part of message.attachments) {
          if (part.id === proofPart?.id || ['application/pgp-signature', 'application/pkcs7-signature', 'application/x-pkcs7-signature'].includes(part.type)) continue;
          return [this.reason('added_file', 'bad', 'added_file', Harmless.word(part.fileName ?? part.type))];
        }
        return message.enclosed.length > (isAround ? 1 : 0) ? [this.reason('added_file', 'bad', 'added_message')] : [];
      }
      formReasons(message) {
        const reasons = [];
        if (['tooLarge', 'tooManyParts', 'nestedTooDeep'].some(finding => message.findings.has(finding))) reasons.push(this.reason('form', 'bad', 'too_large'));
        if (['content-type', 'content-transfer-encoding'].some(name => message.headers.all(name).length > 1)) reasons.push(this.reason('form', 'bad', 'two_forms'));
        else if (message.findings.has('repeatedField')) reasons.push(this.reason('form', 'note', 'two_headers'));
        return reasons;
      }
      lookAlikeLink(target) {
        const host = new LinkPlace(target).host, found = this.looks.judge(host);
        return found.verdict === 'look-alike' ? [this.reason('link_look_alike', 'bad', 'link_look_alike', Harmless.word(host), found.of, this.say(found.reason))] : [];
      }

      // Who wrote to whom.

      readerReasons(verified, message, reader) {
        const name = verified.name === null ? null : ReaderName.read(verified.name);
        if (!name) return [];
        if (reader && reader.kind === name.kind) {
          return [reader.text === name.text ? this.reason('written_to', 'good', 'written_to_you') : this.reason('other_reader', 'bad', 'other_reader')];
        }
        const recipients = message.addresses('to').map(each => ReaderName.make('email', each.address)?.text);
        const isAddressed = !recipients.length || recipients.includes(name.text);
        return [this.reason('written_to', 'note', 'written_to', name.value, isAddressed ? '' : this.say('other_recipient'))];
      }
      senderReasons(message) {
        const from = message.addresses('from')[0];
        if (!from) return [this.reason('sender_other', 'note', 'no_sender')];
        const reasons = [], judged = this.looks.judge(from.domain), isOurs = found => found.verdict === 'own' || found.verdict === 'own-subdomain';
        if (isOurs(judged)) reasons.push(this.reason('sender_own', 'note', 'sender_own', Harmless.word(from.domain)));
        else if (judged.verdict === 'look-alike') reasons.push(this.reason('sender_look_alike', 'bad', 'sender_look_alike', Harmless.word(from.domain), judged.of, this.say(judged.reason)));
        else reasons.push(this.reason('sender_other', 'note', 'sender_other', Harmless.word(from.domain)));
        if (judged.verdict === 'unrelated' && from.nameHoldsAddress) {
          const shown = MailAddress.list(Bytes.binary(Bytes.ofText(from.name)))[0]?.domain;
          if (shown && isOurs(this.looks.judge(shown))) reasons.push(this.reason('sender_look_alike', 'bad', 'name_is_ours', Harmless.word(from.domain)));
        }
        for (const reply of message.addresses('reply-to')) {
          const found = this.looks.judge(reply.domain);
          if (found.verdict === 'look-alike') reasons.push(this.reason('sender_look_alike', 'bad', 'reply_look_alike', Harmless.word(reply.domain), found.of));
        }
        return reasons;
      }

      // Of a message that is not ours: why it may be a lure.
      suspicions(message) {
        const reasons = [], seen = new Set();
        for (const reading of message.readings()) {
          const files = message.attachments.map(part => [part.fileName ?? '', part.type]);
          for (const sign of Lures.signs(reading.text, reading.links, files)) {
            if (seen.has(sign.kind)) continue;
            seen.add(sign.kind);
            const kind = this.say(sign.kind);
            if (Lures.linkKinds.has(sign.kind)) reasons.push(sign.kind === 'link' ? this.reason('link', 'bad', 'has_plain_link', sign.words) : this.reason('link', 'bad', 'has_link', kind, sign.words));
            else if (Lures.fileKinds.has(sign.kind)) reasons.push(this.reason('added_file', 'bad', 'has_file', sign.words));
            else if (Lures.secretKinds.has(sign.kind)) reasons.push(this.reason('asks_for_secret', 'bad', 'asks_for_secret', kind, sign.words));
            else reasons.push(this.reason('lure_wording', 'bad', 'lure_wording', kind, sign.words));
          }
          for (const target of [...reading.links, ...Links.written(reading.text)].map(link => link.target).slice(0, 50)) {
            for (const reason of this.lookAlikeLink(target)) if (!seen.has(reason.sentence)) { seen.add(reason.sentence); reasons.push(reason); }
          }
          if (['form', 'script', 'frame'].some(finding => reading.findings.has(finding)) && !seen.has('active')) {
            seen.add('active');
            reasons.push(this.reason('active_content', 'bad', 'active_content'));
          }
        }
        return reasons;
      }
    }
    """#
}
