/// Signed notes, the ledger's proofs, statements, dispatches and proofs of notices, in the browser. docs/FORMATS.md, “Proof of a notice”.
enum ProofScript {
  static let text = #"""
    // What does not hold; `code` is a key of SENTENCES.
    class ProofError extends Error {
      constructor(code) { super(code); this.code = code; }
    }
    // What this browser cannot do: no verdict, good or bad, comes of it.
    class CannotCheck extends Error {}

    class Digest {
      static async sha256(...parts) { return new Uint8Array(await crypto.subtle.digest('SHA-256', Bytes.joined(...parts))); }
      static async hex(text) { return Bytes.hex(await Digest.sha256(Bytes.ofText(text))); }
    }

    // RFC 8785, whole numbers only.
    class CanonicalJSON {
      static write(value, depth = 0) {
        if (depth > 16) throw new ProofError('not_canonical');
        if (typeof value === 'string') {
          if (!value.isWellFormed()) throw new ProofError('not_canonical');
          return JSON.stringify(value);
        }
        if (value === true || value === false) return String(value);
        if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
        if (Array.isArray(value)) return '[' + value.map(each => CanonicalJSON.write(each, depth + 1)).join(',') + ']';
        if (value === null || typeof value !== 'object') throw new ProofError('not_canonical');
        return '{' + Object.keys(value).sort().map(key => JSON.stringify(key) + ':' + CanonicalJSON.write(value[key], depth + 1)).join(',') + '}';
      }
      static read(text) {
        let value;
        try { value = JSON.parse(text); } catch { throw new ProofError('not_canonical'); }
        if (CanonicalJSON.write(value) !== text) throw new ProofError('not_canonical');
        return value;
      }
    }

    // C2SP signed-note: name+id+base64(type, key).
    class NoteKey {
      static async read(text) {
        const parts = text.split('+'), data = Bytes.ofBase64(parts.slice(2).join('+'));
        if (parts.length < 3 || !data || data.length !== 33 || ![1, 4].includes(data[0]) || !NoteKey.isName(parts[0])) return null;
        const key = new NoteKey();
        Object.assign(key, { text, name: parts[0], kind: data[0], publicKey: data.slice(1) });
        key.id = Bytes.hex((await Digest.sha256(Bytes.ofText(key.name + '\n'), data)).subarray(0, 4));
        return key.id === parts[1] ? key : null;
      }
      static isName(name) { return name !== '' && !/[\s+\x00-\x1F\x7F\x85]/u.test(name); }
      async signs(text, signature) {
        if (signature.length !== (this.kind === 1 ? 64 : 72)) return false;
        let message = Bytes.ofText(text), raw = signature;
        if (this.kind === 4) {
          const time = new DataView(signature.buffer, signature.byteOffset, 8).getBigUint64(0);
          message = Bytes.ofText(`cosignature/v1\ntime ${time}\n${text}`);
          raw = signature.subarray(8);
        }
        let key;
        try { key = await crypto.subtle.importKey('raw', this.publicKey, { name: 'Ed25519' }, false, ['verify']); } catch (error) {
          if (error.name === 'NotSupportedError') throw new CannotCheck();
          return false;
        }
        return crypto.subtle.verify({ name: 'Ed25519' }, key, raw, message);
      }
    }

    class SignedNote {
      constructor(note) {
        if (note.length > 1000000 || /[\x00-\x09\x0B-\x1F\x7F]/.test(note) || !note.isWellFormed()) throw new ProofError('note_malformed');
        const division = note.lastIndexOf('\n\n');
        if (division < 0 || !note.endsWith('\n')) throw new ProofError('note_malformed');
        this.text = note.slice(0, division + 1);
        const lines = note.slice(division + 2, -1).split('\n');
        if (lines.length > 100) throw new ProofError('note_malformed');
        this.signatures = lines.map(line => {
          const parts = line.split(' '), data = parts.length === 3 ? Bytes.ofBase64(parts[2]) : null;
          if (!data || parts[0] !== '\u2014' || !NoteKey.isName(parts[1]) || data.length <= 4) throw new ProofError('note_malformed');
          return { name: parts[1], id: Bytes.hex(data.subarray(0, 4)), bytes: data.slice(4) };
        });
      }
      // The known keys that signed; one by a known key that fails rejects the note.
      async verify(known) {
        const signers = new Set();
        for (const signature of this.signatures) {
          const key = known.find(each => each.name === signature.name && each.id === signature.id);
          if (!key) continue;
          if (!await key.signs(this.text, signature.bytes)) throw new ProofError('signature_fails');
          signers.add(key);
        }
        if (!signers.size) throw new ProofError('nobody_signed');
        return signers;
      }
    }

    // C2SP tlog-policy.
    class Policy {
      static async read(text) {
        const policy = new Policy();
        Object.assign(policy, { witnesses: [], groups: new Map(), quorum: null });
        let hasQuorum = false;
        for (const line of text.split('\n')) {
          const [word, ...items] = line.split(/[ \t]+/).filter(Boolean);
          if (word === undefined || word.startsWith('#') || word === 'log') continue;
          if (word === 'witness') {
            const key = await NoteKey.read(items[1] ?? '');
            if (!key || key.kind !== 4) throw new Error('policy');
            policy.witnesses.push({ name: items[0], key });
          } else if (word === 'group') {
            const members = items.slice(2), needed = items[1] === 'all' ? members.length : items[1] === 'any' ? 1 : Number(items[1]);
            if (!members.length || !(needed >= 1 && needed <= members.length)) throw new Error('policy');
            policy.groups.set(items[0], { needed, members });
          } else if (word === 'quorum' && !hasQuorum) {
            hasQuorum = true;
            policy.quorum = items[0] === 'none' ? null : items[0];
          } else throw new Error('policy');
        }
        if (!hasQuorum) throw new Error('policy');
        return policy;
      }
      isMet(keys) {
        const names = new Set(this.witnesses.filter(each => keys.has(each.key)).map(each => each.name));
        const met = (name, depth) => {
          const group = this.groups.get(name);
          if (!group) return names.has(name);
          return depth < 100 && group.members.filter(member => met(member, depth + 1)).length >= group.needed;
        };
        return this.quorum === null || met(this.quorum, 0);
      }
    }

    // RFC 9162, section 2.1.3.2.
    class Merkle {
      static leaf(bytes) { return Digest.sha256(Uint8Array.of(0), bytes); }
      static node(left, right) { return Digest.sha256(Uint8Array.of(1), left, right); }
      static async verify(leaf, index, size, path, root) {
        if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size || path.some(hash => hash?.length !== 32)) throw new ProofError('not_in_tree');
        let node = BigInt(index), last = BigInt(size - 1), result = leaf;
        for (const sibling of path) {
          if (last === 0n) throw new ProofError('not_in_tree');
          if (node & 1n || node === last) {
            result = await Merkle.node(sibling, result);
            while (!(node & 1n) && node !== 0n) { node >>= 1n; last >>= 1n; }
          } else result = await Merkle.node(result, sibling);
          node >>= 1n;
          last >>= 1n;
        }
        if (last !== 0n || !Bytes.same(result, root)) throw new ProofError('not_in_tree');
      }
    }

    // Where a leaf stands in a sorted tree, or between which neighbours it does not.
    class Place {
      static leaf(body) {
        const value = Bytes.ofBase64(body?.value), path = Array.isArray(body?.path) ? body.path.map(Bytes.ofBase64) : null;
        if (!value || value.length !== 32 || !path || path.length > 64 || path.includes(null) || !Number.isSafeInteger(body.index) || body.index < 0) throw new ProofError('malformed');
        return { index: body.index, value, path };
      }
      static async isIncluded(place, leaf, size, root) {
        const verify = async neighbour => Merkle.verify(await Merkle.leaf(neighbour.value), neighbour.index, size, neighbour.path, root);
        if (place?.included) {
          const own = Place.leaf(place.included);
          if (!Bytes.same(own.value, leaf)) throw new ProofError('another_place');
          await verify(own);
          return true;
        }
        const before = place?.before ? Place.leaf(place.before) : null, after = place?.after ? Place.leaf(place.after) : null;
        for (const neighbour of [before, after]) if (neighbour) await verify(neighbour);
        if ((before && Bytes.compare(before.value, leaf) >= 0) || (after && Bytes.compare(leaf, after.value) >= 0)) throw new ProofError('another_place');
        const areNeighbours = before && after ? after.index === before.index + 1 : after ? after.index === 0 : before ? before.index === size - 1
          : size === 0 && Bytes.same(root, await Digest.sha256());
        if (!areNeighbours) throw new ProofError('another_place');
        return false;
      }
    }

    class Anchors {
      static async read(json) {
        const anchors = new Anchors();
        const keys = async list => { const found = await Promise.all(list.map(NoteKey.read)); if (found.includes(null)) throw new Error('key'); return found; };
        Object.assign(anchors, { organization: json.organization, domains: json.domains.map(each => each.toLowerCase()), brands: json.brands.map(each => each.toLowerCase()) });
        anchors.ledger = await keys(json.ledger);
        anchors.notices = await keys(json.notices);
        anchors.policy = json.policy == null ? null : await Policy.read(json.policy);
        return anchors;
      }
    }

    // A text that the custodian signed and that stands in the witnessed ledger.
    class Committed {
      static async verify(part, kind, anchors) {
        const note = new SignedNote(part.note);
        await note.verify(anchors.notices);
        const { entry, size } = await Committed.entry(part.ledger, anchors), digest = await Digest.hex(note.text);
        if (entry.kind !== `notice_${kind}` || entry.facts?.digest !== digest) throw new ProofError('other_entry');
        return { text: note.text, digest, size };
      }
      // C2SP tlog-proof, under a checkpoint that enough witnesses cosigned.
      static async entry(text, anchors) {
        const division = text.indexOf('\n\n');
        const [title, extra, index, ...hashes] = division < 0 ? [] : text.slice(0, division).split('\n');
        const bytes = extra?.startsWith('extra ') ? Bytes.ofBase64(extra.slice(6)) : null, path = hashes.map(Bytes.ofBase64);
        if (title !== 'c2sp.org/tlog-proof@v1' || !bytes || !/^index (0|[1-9]\d{0,15})$/.test(index ?? '') || path.length > 64 || path.includes(null)) throw new ProofError('malformed');
        const note = new SignedNote(text.slice(division + 2)), witnesses = anchors.policy?.witnesses.map(each => each.key) ?? [];
        const signers = await note.verify([...anchors.ledger, ...witnesses]), log = anchors.ledger.find(key => signers.has(key));
        if (!log) throw new ProofError('nobody_signed');
        const [origin, size, root, ...rest] = note.text.slice(0, -1).split('\n'), rootBytes = Bytes.ofBase64(root ?? '');
        if (origin !== log.name || !/^(0|[1-9]\d{0,15})$/.test(size ?? '') || rootBytes?.length !== 32 || rest.includes('')) throw new ProofError('note_malformed');
        if (anchors.policy && !anchors.policy.isMet(signers)) throw new ProofError('too_few_witnesses');
        await Merkle.verify(await Merkle.leaf(bytes), Number(index.slice(6)), Number(size), path, rootBytes);
        return { entry: CanonicalJSON.read(Bytes.text(bytes)), size: Number(size) };
      }
    }

    class Proof {
      // Null for what is none.
      static read(text) {
        let body;
        try { body = JSON.parse(text); } catch { return null; }
        const isText = value => typeof value === 'string', isCommitted = part => isText(part?.note) && isText(part?.ledger);
        const isName = value => isText(value) && /^(email|account):[^]/.test(value) && ReaderName.read(value)?.text === value;
        const isReader = reader => isName(reader?.name) && Bytes.ofBase64(reader.blind)?.length === 193 && typeof reader.place === 'object';
        const isStated = part => isCommitted(part?.statement) && isReader(part.reader);
        const isLetter = (letter, kinds) => [letter?.kind, letter?.subject, letter?.body, letter?.code].every(isText) && kinds.test(letter.kind)
          && Bytes.ofBase64(letter.salt)?.length === 16 && Boolean(letter.place);
        if (text.length > 1 << 20 || body?.v !== 1) return null;
        switch (body.kind) {
          case 'statement_proof': return isStated(body) ? body : null;
          case 'answer_proof': return isCommitted(body.answers) && isLetter(body.letter, /^(affected|unaffected)\.(en|fr)$/)
            && Array.isArray(body.statements) && body.statements.length <= 10 && body.statements.every(isStated) ? body : null;
          case 'notice_proof': return isCommitted(body.statement) && isCommitted(body.dispatch) && isLetter(body.letter, /^(person|administrator|contact)\.(en|fr)$/)
            && (body.reader == null || isReader(body.reader)) ? body : null;
          default: return null;
        }
      }
      static async statement(part, anchors) {
        const told = await Committed.verify(part, 'statement', anchors), statement = Proof.members(told.text, 'statement');
        statement.rootBytes = Bytes.ofBase64(statement.root);
        statement.keyBytes = Bytes.ofBase64(statement.key);
        if (statement.rootBytes?.length !== 32 || statement.keyBytes?.length !== 49 || ![statement.names, statement.project, statement.incident].every(Number.isSafeInteger)) throw new ProofError('not_a_statement');
        return { statement, digest: told.digest, size: told.size };
      }
      static members(text, kind) {
        if (!text.endsWith('\n')) throw new ProofError('not_canonical');
        const members = CanonicalJSON.read(text.slice(0, -1));
        if (members.v !== 1 || members.kind !== kind) throw new ProofError('not_canonical');
        return members;
      }
      static async isNamed(reader, statement) {
        const output = await Oprf.output(Bytes.ofText(reader.name), statement.keyBytes, Bytes.ofBase64(reader.blind));
        return Place.isIncluded(reader.place, await Digest.sha256(output), statement.names, statement.rootBytes);
      }
      // What the company wrote, if the proof is about a message: { letter, caseNumber, writtenAt, size, name }.
      static message(proof, anchors) { return proof.kind === 'answer_proof' ? Proof.answer(proof, anchors) : Proof.notice(proof, anchors); }
      static async isCommitted(letter, leaves, rootText) {
        const { kind, subject, body, code, salt, place } = letter, root = Bytes.ofBase64(rootText);
        if (root?.length !== 32) throw new ProofError('not_canonical');
        if (/[\n\v\f\r\x85\u2028\u2029]/.test(subject) || Bytes.ofText(code).length < 10 || !body.includes(code)) throw new ProofError('another_letter');
        const leaf = await Digest.sha256(Bytes.ofBase64(salt), Bytes.ofText(`${kind}\n${subject}\n\n${body}`));
        if (!await Place.isIncluded(place, leaf, leaves, root)) throw new ProofError('another_letter');
      }
      static async answer(proof, anchors) {
        const given = await Committed.verify(proof.answers, 'answers', anchors), batch = Proof.members(given.text, 'answers');
        await Proof.isCommitted(proof.letter, batch.leaves, batch.root);
        const names = proof.statements.map(part => part.reader.name), told = [];
        if (!names.length || names.some(name => name !== names[0]) || names.length !== batch.statements?.length) throw new ProofError('other_statements');
        let isAffected = false;
        for (const [at, part] of proof.statements.entries()) {
          const { statement, digest } = await Proof.statement(part.statement, anchors);
          if (digest !== batch.statements[at]) throw new ProofError('other_statements');
          if (await Proof.isNamed(part.reader, statement)) isAffected = true;
          told.push(`${statement.project}-${statement.incident}`);
        }
        const isAbout = proof.letter.body.split('\n').includes(ReaderName.read(names[0]).value);
        if (!isAbout || proof.letter.kind.startsWith('affected.') !== isAffected) throw new ProofError('says_otherwise');
        return { letter: proof.letter, caseNumber: told.join(', '), writtenAt: batch.made_at, size: given.size, name: names[0] };
      }
      static async notice(proof, anchors) {
        const sent = await Committed.verify(proof.dispatch, 'dispatch', anchors), dispatch = Proof.members(sent.text, 'dispatch');
        const { statement, digest } = await Proof.statement(proof.statement, anchors);
        if (dispatch.statement !== digest) throw new ProofError('other_statement');
        await Proof.isCommitted(proof.letter, dispatch.messages, dispatch.root);
        if (proof.reader && !await Proof.isNamed(proof.reader, statement)) throw new ProofError('reader_not_named');
        return {
          letter: proof.letter, caseNumber: `${statement.project}-${statement.incident}`, writtenAt: dispatch.made_at, size: sent.size, name: proof.reader?.name ?? null,
        };
      }
    }

    // What somebody is known by in a statement: an address or an account's id, in one spelling.
    class ReaderName {
      constructor(kind, value) { this.kind = kind; this.value = value; this.text = `${kind}:${value}`; }
      static make(kind, text) {
        let value = text.trim().normalize('NFC');
        if (!value || Bytes.ofText(value).length > 1024 || /[\x00-\x1F\x7F]/.test(value)) return null;
        if (kind === 'email') {
          // Letter by letter: a sigma at the end of a word is one like any other.
          value = [...value].map(letter => letter.toLowerCase()).join('').normalize('NFC');
          if (!/^[^@\s]+@[^@\s]+$/u.test(value)) return null;
          const [local, domain] = value.split('@'), ascii = ReaderName.aLabels(domain);
          if (ascii === null) return null;
          value = `${local}@${ascii}`;
        }
        return new ReaderName(kind, value);
      }
      // Of a domain in lower case; null for what cannot be a name once it is converted. What is ASCII stays as it is.
      static aLabels(domain) {
        if (!/[^\x00-\x7F]/.test(domain)) return domain;
        // Chromium decodes what comes of other percent signs.
        if (/[^a-z0-9._\-\x80-\u{10FFFF}]|[\uFE6A\uFF05]/u.test(domain)) return null;
        let host;
        try { host = new URL(`http://${domain}`).hostname; } catch { return null; }
        return /^(?=.{1,253}$)([a-z0-9_-]{1,63}\.)*(?!(\d+|0x[0-9a-f]*)$)[a-z0-9_-]{1,63}$/.test(host) ? host : null;
      }
      static guess(text) { return ReaderName.make('email', text) ?? ReaderName.make('account', text); }
      static read(text) { const colon = text.indexOf(':'); return ReaderName.make(text.slice(0, colon), text.slice(colon + 1)); }
    }
    """#
}
