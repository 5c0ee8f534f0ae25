/// Domains that look like ours, in the browser: `Skeleton`, `LookAlike` and what they are made of.
enum LookAlikeScript {
  static let text = #"""
    class Skeleton {
      static map = new Map(TABLES.skeleton.split(',').map(entry => entry.split(' ')).map(([code, text]) => [parseInt(code, 16), text]));
      static fold(text) {
        let result = '';
        for (const letter of Skeleton.foldLetters(text)) {
          const last = result[result.length - 1];
          if (letter === 'v' && last === 'v') result = result.slice(0, -1) + 'w';
          else if (letter === 'l' && last === 'c') result = result.slice(0, -1) + 'd';
          else result += letter;
        }
        return result;
      }
      static foldLetters(text) {
        let result = '';
        for (const letter of text.toLowerCase().normalize('NFD')) {
          const folded = Skeleton.map.get(letter.codePointAt(0));
          if (folded !== undefined) result += folded; else if (!/\p{Mn}/u.test(letter)) result += letter;
        }
        return result;
      }
      static scripts = ['Latin', 'Cyrillic', 'Greek', 'Armenian', 'Georgian', 'Hebrew', 'Arabic', 'Devanagari', 'Bengali', 'Tamil', 'Telugu', 'Kannada',
        'Malayalam', 'Gujarati', 'Gurmukhi', 'Sinhala', 'Thai', 'Lao', 'Khmer', 'Myanmar', 'Tibetan', 'Ethiopic', 'Cherokee', 'Mongolian', 'Han', 'Hiragana',
        'Katakana', 'Hangul', 'Bopomofo', 'Coptic', 'Lisu', 'Osage', 'Tifinagh', 'Glagolitic', 'Gothic', 'Deseret'].map(name => new RegExp(`\\p{scx=${name}}`, 'u'));
      static together = [['Latin', 'Han', 'Hiragana', 'Katakana'], ['Latin', 'Han', 'Bopomofo'], ['Latin', 'Han', 'Hangul']].map(names =>
        new RegExp(`[${names.map(name => `\\p{scx=${name}}`).join('')}]`, 'u'));
      // UTS #39, section 5.2: below “highly restrictive”.
      static mixesScripts(text) {
        const letters = Array.from(text).filter(letter => !/[\p{sc=Common}\p{sc=Inherited}]/u.test(letter));
        if (/^[\0-\x7F]*$/.test(text) || !letters.length) return false;
        return ![...Skeleton.scripts, ...Skeleton.together].some(script => letters.every(letter => script.test(letter)));
      }
    }

    // RFC 3492.
    class Punycode {
      static decode(label) {
        if (label.length > 63 || !/^[\0-\x7F]*$/.test(label)) return null;
        const hyphen = label.lastIndexOf('-');
        const output = hyphen >= 0 ? Array.from(label.slice(0, hyphen)) : [];
        let index = hyphen + 1, code = 128, place = 0, bias = 72;
        while (index < label.length) {
          const before = place;
          let weight = 1;
          for (let step = 36; ; step += 36) {
            if (index >= label.length) return null;
            const letter = label[index++].toLowerCase();
            const digit = /[0-9]/.test(letter) ? letter.charCodeAt(0) - 22 : /[a-z]/.test(letter) ? letter.charCodeAt(0) - 97 : -1;
            if (digit < 0) return null;
            place += digit * weight;
            if (place > 0x7FFFFFFF) return null;
            const threshold = step <= bias ? 1 : step >= bias + 26 ? 26 : step - bias;
            if (digit < threshold) break;
            weight *= 36 - threshold;
            if (weight > 0x7FFFFFFF) return null;
          }
          const count = output.length + 1;
          let delta = before === 0 ? Math.floor((place - before) / 700) : Math.floor((place - before) / 2), steps = 0;
          delta += Math.floor(delta / count);
          while (delta > 455) { delta = Math.floor(delta / 35); steps += 36; }
          bias = steps + Math.floor(36 * delta / (delta + 38));
          code += Math.floor(place / count);
          place %= count;
          if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return null;
          output.splice(place++, 0, String.fromCodePoint(code));
        }
        return output.join('');
      }
    }

    // Lengths and letters are those of UTF-8.
    function octets(text) { return Bytes.binary(Bytes.ofText(text)); }

    class DomainName {
      constructor(domain) {
        const text = Array.from(domain).slice(0, 260).join('').normalize('NFKC').toLowerCase().trim();
        this.labels = text.split(/[.\u3002\uFF61]/u).filter(Boolean).slice(-40).map(label =>
          label.startsWith('xn--') ? Punycode.decode(label.slice(4))?.toLowerCase() ?? label : label);
        this.text = this.labels.join('.');
        const last = this.labels[this.labels.length - 1] ?? '';
        const second = ['co', 'com', 'org', 'net', 'ac', 'gov', 'edu', 'gouv', 'asso', 'or', 'ne', 'go'];
        this.suffix = this.labels.length >= 3 && new TextEncoder().encode(last).length === 2 && second.includes(this.labels[this.labels.length - 2]) ? 2 : 1;
        this.label = this.labels.length > this.suffix ? this.labels[this.labels.length - this.suffix - 1] : null;
        this.subdomains = this.labels.slice(0, Math.max(0, this.labels.length - this.suffix - 1));
      }
    }

    class SingleEdit {
      static between(name, other) {
        if (Math.abs(name.length - other.length) > 1 || name === other) return null;
        let start = 0;
        while (start < name.length && start < other.length && name[start] === other[start]) start++;
        const rest = name.slice(start), otherRest = other.slice(start);
        if (name.length === other.length) {
          if (rest.slice(1) === otherRest.slice(1)) return SingleEdit.replacement(rest[0], otherRest[0]);
          const turned = rest.length >= 2 && rest[0] === otherRest[1] && rest[1] === otherRest[0] && rest.slice(2) === otherRest.slice(2);
          return turned ? 'transposition' : null;
        }
        if (name.length > other.length) return rest.slice(1) === otherRest ? 'omission' : null;
        if (rest !== otherRest.slice(1)) return null;
        const added = other[start];
        if (added === '-') return 'hyphenation';
        return other[start - 1] === added || other[start + 1] === added ? 'repetition' : 'insertion';
      }
      static replacement(letter, other) {
        if ('aeiouy'.includes(letter) && 'aeiouy'.includes(other)) return 'vowel-swap';
        const bits = letter.charCodeAt(0) ^ other.charCodeAt(0);
        return (bits & bits - 1) === 0 && letter.charCodeAt(0) < 128 && other.charCodeAt(0) < 128 ? 'bitsquatting' : 'replacement';
      }
    }

    class LookAlike {
      constructor(own, brands) {
        this.own = own.map(domain => new DomainName(domain).text);
        this.brands = [];
        for (const domain of own) {
          const name = new DomainName(domain);
          if (name.label) this.brands.push({ of: name.text, name: name.label, folded: octets(Skeleton.fold(name.label)) });
        }
        for (const word of brands) {
          const name = word.toLowerCase().replace(/\s/gu, '');
          if (Array.from(name).length < 4 || this.brands.some(brand => brand.name === name)) continue;
          this.brands.push({ of: this.own[0] ?? name, name, folded: octets(Skeleton.fold(name)) });
        }
        this.words = new Set(TABLES.inDomains);
      }
      // { verdict: own, own-subdomain, look-alike or unrelated; reason and of for a look-alike }
      judge(domain) {
        const name = new DomainName(domain), found = (reason, of) => ({ verdict: 'look-alike', reason, of });
        if (this.own.includes(name.text)) return { verdict: 'own' };
        if (this.own.some(own => name.text.endsWith('.' + own))) return { verdict: 'own-subdomain' };
        if (name.label === null) return { verdict: 'unrelated' };
        const folded = octets(Skeleton.fold(name.label));
        for (const brand of this.brands) {
          if (name.label === brand.name) return found('other-top-level', brand.of);
          if (folded === brand.folded) return found(Skeleton.mixesScripts(name.label) ? 'mixed-scripts' : 'skeleton', brand.of);
        }
        for (const candidate of [octets(name.label), folded]) {
          for (const brand of this.brands) {
            const reason = this.near(candidate, candidate === folded ? brand.folded : octets(brand.name), brand);
            if (reason) return found(reason, brand.of);
          }
        }
        for (const brand of this.brands) if (this.holds(folded, brand)) return found('brand-and-word', brand.of);
        for (const brand of this.brands) {
          if (octets(Skeleton.fold(name.labels.slice(0, name.labels.length - name.suffix).join(''))) === brand.folded) return found('dotted', brand.of);
          for (const label of name.subdomains) {
            const part = octets(Skeleton.fold(label));
            if (part === brand.folded || this.holds(part, brand) || this.near(part, brand.folded, brand)) return found('brand-in-subdomain', brand.of);
          }
        }
        if (name.labels.some(Skeleton.mixesScripts)) return found('mixed-scripts', this.own[0] ?? '');
        return { verdict: 'unrelated' };
      }
      near(label, name, brand) {
        if (label.includes('-') && label.replace(/-/g, '') === name.replace(/-/g, '')) return 'hyphenation';
        return brand.folded.length >= 5 ? SingleEdit.between(name, label) : null;
      }
      // Whether a label is a brand's name and something beside it.
      holds(folded, brand) {
        if (folded.length <= brand.folded.length) return false;
        const words = folded.split('-').filter(Boolean), allowsAnyWord = brand.folded.length >= 6;
        if (words.length > 1) {
          if (words.includes(brand.folded)) return true;
          const near = allowsAnyWord ? words.findIndex(word => SingleEdit.between(brand.folded, word) !== null) : -1;
          if (near >= 0 && words.some((word, at) => at !== near && this.words.has(word))) return true;
        }
        const joined = folded.replace(/-/g, '');
        if (joined.startsWith(brand.folded) || joined.endsWith(brand.folded)) {
          const rest = joined.startsWith(brand.folded) ? joined.slice(brand.folded.length) : joined.slice(0, -brand.folded.length);
          return allowsAnyWord || this.words.has(rest);
        }
        return brand.folded.length >= 8 && joined.includes(brand.folded);
      }
    }
    """#
}
