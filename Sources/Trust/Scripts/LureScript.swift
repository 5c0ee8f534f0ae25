/// Signs of lures in the browser: `LureSigns`, with the phrases of `JudgeTables`.
enum LureScript {
  static let text = #"""
    // Where a link leads, read as browsers do.
    class LinkPlace {
      constructor(target) {
        let rest = Array.from(target).slice(0, 2048).filter(letter => letter.codePointAt(0) > 0x20).join('').replace(/\\/g, '/');
        rest = rest.replace(/^[A-Za-z+-]*:/, '').replace(/^\/+/, '');
        let authority = /^[^/?#]*/.exec(rest)[0];
        this.hasName = authority.includes('@');
        if (this.hasName) authority = authority.slice(authority.lastIndexOf('@') + 1);
        const bracket = authority.startsWith('[') ? authority.indexOf(']') : -1;
        this.host = (bracket > 0 ? authority.slice(0, bracket + 1) : authority.split(':')[0].toLowerCase()).replace(/\.+$/, '');
      }
      get isNumeric() {
        if (this.host.startsWith('[')) return true;
        const labels = this.host.split('.').filter(Boolean), last = labels[labels.length - 1];
        return last !== undefined && labels.length <= 4 && (/^\d+$/.test(last) || /^0x[0-9a-f]*$/.test(last));
      }
      // The host that a shown text names, if it names one.
      static shownIn(text) {
        for (const word of text.slice(0, 512).split(/\s+/u).filter(Boolean)) {
          const lower = word.toLowerCase(), hasScheme = /^https?:\/\//.test(lower);
          const host = new LinkPlace(hasScheme ? lower : 'https://' + lower).host, labels = host.split('.');
          if (labels.length < 2 || !labels.every(label => /^[\p{Alphabetic}\p{N}-]+$/u.test(label))) continue;
          if (hasScheme || /^\p{Alphabetic}{2,}$/u.test(labels[labels.length - 1])) return host;
        }
        return null;
      }
    }

    class Links {
      // Links that stand in the text, which mail programs make links of.
      static written(text) {
        const found = [];
        for (const word of text.split(/[\s<>"()[\]\x85]+/u)) {
          if (!word || (!word.includes('.') && !word.includes('://')) || new TextEncoder().encode(word.slice(0, 2048)).length >= 2048) continue;
          if (!/^(https?:\/\/|www\.)/i.test(word) && !Links.isBare(word)) continue;
          const target = word.replace(/[.,;:!?'’»”]+$/u, '');
          found.push({ kind: 'text', target, shown: target });
          if (found.length === 200) break;
        }
        return found;
      }
      static isBare(word) {
        const slash = word.indexOf('/');
        return slash > 0 && /^([\p{Alphabetic}\p{N}-]+\.)+(\p{Alphabetic}{2,}|[^\x00-\x7F])$/u.test(word.slice(0, slash));
      }
      static isWrittenAddress(link) {
        const target = link.target.toLowerCase(), shown = link.shown.toLowerCase();
        if (target.startsWith('mailto:')) return target.slice(7) === shown;
        const digits = target.replace(/\P{N}/gu, '');
        return target.startsWith('tel:') && digits !== '' && digits === shown.replace(/\P{N}/gu, '');
      }
      static signs(links) {
        const signs = [], add = (kind, words) => signs.push({ kind, words: Harmless.text([words]) });
        for (const link of links) {
          const target = link.target.toLowerCase();
          if (['javascript:', 'data:', 'vbscript:', 'file:', 'ms-', 'search-ms:'].some(start => target.startsWith(start))) add('running-link', target.slice(0, 40));
          if (/^(mailto:|tel:|#|cid:)/.test(target)) continue;
          const place = new LinkPlace(link.target), shown = LinkPlace.shownIn(link.shown);
          add('link', place.host || link.target);
          if (shown !== null && place.host && !Links.same(shown, place.host)) add('link-elsewhere', `${shown}→${place.host}`);
          if (TABLES.shorteners.some(host => place.host === host || place.host === 'www.' + host)) add('shortened', place.host);
          if (place.isNumeric) add('raw-address', place.host);
          if (place.host.split('.').some(label => label.startsWith('xn--')) || /[^\x00-\x7F]/.test(place.host)) add('punycode', place.host);
          if (place.hasName) add('name-in-link', place.host);
        }
        return signs;
      }
      static same(one, other) {
        const left = new DomainName(one).text, right = new DomainName(other).text;
        return left === right || left.endsWith('.' + right) || right.endsWith('.' + left);
      }
    }

    class Phrase {
      constructor(text) {
        this.pieces = text.split(' ').map(part => part === '~' ? null : new Set(part.split('|').map(Phrase.folded)));
        this.first = this.pieces[0];
        const negations = new Set(TABLES.negations);
        this.holdsNegation = text.split(/[ |]/).some(word => negations.has(word));
      }
      static folded(word) { return Skeleton.foldLetters(word.split('-').filter(Boolean)[0] ?? word); }
      // Where the phrase ends that begins at a word; -1 if none does.
      end(words, start) {
        let index = start, gap = 0;
        for (const piece of this.pieces) {
          if (piece === null) { gap = 5; continue; }
          const limit = Math.min(index + gap, words.length - 1);
          let found = -1;
          for (let at = index; at <= limit && found < 0; at++) if (words[at].sentence === words[start].sentence && piece.has(words[at].folded)) found = at;
          if (found < 0) return -1;
          index = found + 1;
          gap = 0;
        }
        return index;
      }
    }

    class Lures {
      static table(source) {
        const table = new Map();
        for (const { kind, phrases } of source) {
          for (const text of phrases) {
            const phrase = new Phrase(text);
            for (const word of phrase.first) { if (!table.has(word)) table.set(word, []); table.get(word).push({ kind, phrase }); }
          }
        }
        return table;
      }
      static subjectRules = Lures.table(TABLES.subjects);
      static secretRules = Lures.table(TABLES.secrets);
      static asking = new Set(TABLES.asking.map(Phrase.folded));
      static negations = new Set(TABLES.negations.map(Skeleton.foldLetters));
      static conditions = new Set(TABLES.conditions.map(Skeleton.foldLetters));
      static hurrying = new Set(TABLES.hurrying.map(Skeleton.foldLetters));
      static linkKinds = new Set(['link', 'link-elsewhere', 'shortened', 'raw-address', 'punycode', 'name-in-link', 'running-link']);
      static fileKinds = new Set(['running-file', 'page-file']);
      static secretKinds = new Set(['password', 'code', 'key', 'card', 'remote-access', 'seed']);

      // Each kind once; files are [name, type].
      static signs(text, links = [], files = []) {
        const words = Lures.words(Words.of(text)), seen = new Set();
        return [...Links.signs([...links, ...Links.written(text)]), ...Lures.fileSigns(files), ...Lures.subjects(words), ...Lures.secrets(words)]
          .filter(sign => !seen.has(sign.kind) && seen.add(sign.kind));
      }
      static words(canonical) {
        const list = [], known = new Map();
        let sentence = 0;
        canonical.forEach((word, place) => {
          if (!known.has(word)) known.set(word, Lures.pieces(word));
          for (const folded of known.get(word)) list.push({ folded, place, sentence });
          const last = word.replace(/[)']+$/, '');
          if (/[.!?;]$/.test(last)) sentence++;
        });
        return { list, canonical };
      }
      static pieces(word) {
        const core = /^[^\p{Alphabetic}\p{N}]*([^]*?)[^\p{Alphabetic}\p{N}]*$/u.exec(Array.from(word).slice(0, 80).join(''))[1];
        if (!core) return [];
        const mark = core.indexOf("'"), left = core.slice(0, mark);
        if (mark > 0 && (Array.from(left).length === 1 || ['qu', 'lorsqu', 'puisqu', 'jusqu'].includes(left.toLowerCase())) && mark + 1 < core.length) {
          return [Skeleton.foldLetters(left + (left.toLowerCase() === 'n' ? "'" : '')), Skeleton.foldLetters(core.slice(mark + 1))];
        }
        return [Skeleton.foldLetters(core)];
      }
      static fileSigns(files) {
        return files.flatMap(([given, type]) => {
          const name = Array.from(given).slice(-300).filter(letter => !IGNORED.test(letter) && letter.codePointAt(0) >= 0x20).join('');
          const plain = name.replace(/[.\s]+$/u, ''), ending = plain.slice(plain.lastIndexOf('.') + 1).toLowerCase();
          const words = Harmless.text([name || type]);
          if (TABLES.runningFiles.includes(ending) || /msdownload|x-msdos-program/.test(type)) return [{ kind: 'running-file', words }];
          return TABLES.pageFiles.includes(ending) || TABLES.pageTypes.includes(type) ? [{ kind: 'page-file', words }] : [];
        });
      }
      static sign(kind, text, start, end) {
        const from = text.list[start].place, to = text.list[Math.max(start, end - 1)].place;
        return { kind, words: Harmless.text(text.canonical.slice(from, to + 1)) };
      }
      static subjects(text) {
        const signs = [], seen = new Set();
        text.list.forEach((word, index) => {
          for (const { kind, phrase } of Lures.subjectRules.get(word.folded) ?? []) {
            if (seen.has(kind)) continue;
            const end = phrase.end(text.list, index);
            if (end < 0 || Lures.isNegated(text.list, index, phrase.holdsNegation ? index : end)) continue;
            seen.add(kind);
            signs.push(Lures.sign(kind, text, index, end));
          }
        });
        return signs;
      }
      // A secret, and a word that asks within eight words before it or four behind it, in one sentence.
      static secrets(text) {
        const signs = [], seen = new Set(), list = text.list;
        list.forEach((word, index) => {
          for (const { kind, phrase } of Lures.secretRules.get(word.folded) ?? []) {
            if (seen.has(kind)) continue;
            const end = phrase.end(list, index);
            if (end < 0) continue;
            let verb = -1;
            for (let at = Math.min(list.length, end + 4) - 1; at >= Math.max(0, index - 8) && verb < 0; at--) {
              if ((at < index || at >= end) && list[at].sentence === word.sentence && Lures.asking.has(list[at].folded)) verb = at;
            }
            if (verb < 0) continue;
            const start = Math.min(verb, index), stop = Math.max(verb + 1, end);
            if (Lures.isNegated(list, start, stop)) continue;
            seen.add(kind);
            signs.push(Lures.sign(kind, text, start, stop));
          }
        });
        return signs;
      }
      static isNegated(list, start, end) {
        const sentence = list[start].sentence;
        for (let place = Math.max(0, start - 10); place < end; place++) {
          if (list[place].sentence !== sentence || !Lures.negations.has(list[place].folded)) continue;
          const following = [];
          for (let at = place + 1; at <= place + 3 && list[at]?.sentence === sentence; at++) following.push(list[at]);
          if (following.some(word => Lures.hurrying.has(word.folded))) continue;
          const before = list.slice(Math.max(0, place - 6), place);
          if (before.some(word => word.sentence === sentence && Lures.conditions.has(word.folded))) continue;
          return true;
        }
        return false;
      }
    }
    """#
}
