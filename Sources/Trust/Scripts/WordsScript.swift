/// Canonical words, their comparison, and words of strangers made harmless, in the browser. docs/FORMATS.md, “Text of a message, canonical”.
enum WordsScript {
  static let text = #"""
    const BLANK = /[\t-\r \x85\xA0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]/u;
    const IGNORED = new RegExp('[\\xAD\\u034F\\u061C\\u115F\\u1160\\u17B4\\u17B5\\u180B-\\u180F\\u200B-\\u200F\\u202A-\\u202E\\u2060-\\u206F' +
      '\\u3164\\uFE00-\\uFE0F\\uFEFF\\uFFA0\\u{1BCA0}-\\u{1BCA3}\\u{1D173}-\\u{1D17A}\\u{E0000}-\\u{E0FFF}]', 'u');
    const LETTER_OR_NUMBER = /[\p{L}\p{N}]/u;

    class Words {
      static unified(letter) {
        if (/[`\xB4\u2018-\u201B\u2032\u2035\u2039\u203A]/u.test(letter)) return "'";
        if (/[\xAB\xBB\u201C-\u201F\u2033\u2036\u301D-\u301F\uFF02]/u.test(letter)) return '"';
        if (/[\u2010-\u2015\u2043\u2212\uFE31\uFE32\uFE58\uFE63\uFF0D]/u.test(letter)) return '-';
        return letter;
      }
      static of(text) {
        const words = [];
        let run = [], isPlain = true, atLineStart = true;
        const close = () => {
          if (run.length) {
            if (isPlain || run.length > 1000) Words.add(run, words);
            else {
              let piece = [];
              for (const letter of Array.from(run.join('').normalize('NFKC'), Words.unified)) {
                if (BLANK.test(letter)) { if (piece.length) Words.add(piece, words); piece = []; } else piece.push(letter);
              }
              if (piece.length) Words.add(piece, words);
            }
          }
          run = [];
          isPlain = true;
        };
        for (const letter of text) {
          const code = letter.codePointAt(0);
          if (code < 0x80) {
            if (code === 0x20 || (code >= 9 && code <= 13)) {
              close();
              if (code === 10 || code === 13) atLineStart = true;
              continue;
            }
            if (atLineStart && code === 0x3E) continue;
            atLineStart = false;
            run.push(code === 0x60 ? "'" : letter);
            continue;
          }
          if (BLANK.test(letter)) { close(); continue; }
          if (IGNORED.test(letter)) continue;
          atLineStart = false;
          const unified = Words.unified(letter);
          if (unified.codePointAt(0) >= 0x80) isPlain = false;
          run.push(unified);
        }
        close();
        return words;
      }
      static add(run, words) {
        const letters = [];
        for (const letter of run) if (letter !== '"' && !(letter === '-' && letters[letters.length - 1] === '-')) letters.push(letter);
        let from = 0, to = letters.length;
        while (from < to && (letters[from] === '*' || letters[from] === '_')) from++;
        while (to > from && (letters[to - 1] === '*' || letters[to - 1] === '_')) to--;
        let start = from;
        const keep = end => {
          const piece = letters.slice(start, end);
          if (piece.some(letter => /[\p{L}\p{N}\p{Sc}%]/u.test(letter))) words.push(piece.join(''));
          start = end;
        };
        for (let at = from + 2; at < to; at++) if (letters[at - 1] === '-' && LETTER_OR_NUMBER.test(letters[at])) keep(at);
        keep(to);
      }
    }

    class Harmless {
      static text(words) {
        let result = '';
        for (const word of words) {
          result += (result ? ' ' : '') + Harmless.word(word);
          const letters = Array.from(result);
          if (letters.length > 120) return letters.slice(0, 119).join('') + '…';
        }
        return result;
      }
      static word(word) {
        const letters = Array.from(word.slice(0, 240)).slice(0, 60);
        return letters.map((letter, index) => {
          if ('.@:'.includes(letter) && index > 0 && index + 1 < letters.length) return `[${letter}]`;
          return /[<>&"`\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]/u.test(letter) ? '\uFFFD' : letter;
        }).join('');
      }
    }

    // Whether a message shows a text that was signed.
    class TextMatch {
      static match(signedText, shownText) {
        const signed = Words.of(signedText), shown = Words.of(shownText);
        if (!signed.length) return { kind: 'absent' };
        if (signed.length === shown.length && signed.every((word, at) => word === shown[at])) return { kind: 'whole' };
        const numbers = new Map();
        const wanted = signed.map(word => { if (!numbers.has(word)) numbers.set(word, numbers.size); return numbers.get(word); });
        const present = shown.map(word => numbers.get(word) ?? -1);
        const { length, end } = TextMatch.longestBeginning(wanted, present);
        if (length === wanted.length) return { kind: 'wrapped', before: shown.slice(0, end - length), after: shown.slice(end) };
        const runs = TextMatch.runs(wanted, present, Math.min(4, wanted.length));
        if (runs.share < 0.2 && length * 2 < wanted.length) return { kind: 'absent' };
        let place = length, shownPlace = end;
        if (length < runs.length && runs.first) {
          place = 0;
          shownPlace = runs.first.shown - runs.first.signed;
          while (place < runs.first.signed && shownPlace >= 0 && present[shownPlace] === wanted[place]) { place++; shownPlace++; }
        }
        const excerpt = (words, at) => Harmless.text(words.slice(Math.max(0, Math.min(at, words.length) - 3), at + 6));
        return { kind: 'altered', expected: excerpt(signed, place), found: excerpt(shown, Math.max(0, shownPlace)) };
      }
      // Knuth, Morris and Pratt 1977.
      static longestBeginning(wanted, present) {
        const fallback = new Int32Array(wanted.length + 1);
        let length = 0;
        for (let index = 1; index < wanted.length; index++) {
          while (length > 0 && wanted[index] !== wanted[length]) length = fallback[length];
          if (wanted[index] === wanted[length]) length++;
          fallback[index + 1] = length;
        }
        let best = { length: 0, end: 0 };
        length = 0;
        for (let index = 0; index < present.length; index++) {
          while (length > 0 && wanted[length] !== present[index]) length = fallback[length];
          if (wanted[length] === present[index]) length++;
          if (length > best.length) best = { length, end: index + 1 };
          if (length === wanted.length) return best;
        }
        return best;
      }
      static runs(wanted, present, length) {
        const key = (sequence, start) => sequence.slice(start, start + length).join(' ');
        const places = new Map(), seen = new Set();
        for (let start = wanted.length - length; start >= 0; start--) places.set(key(wanted, start), start);
        let first = null;
        for (let start = 0; start + length <= present.length; start++) {
          const place = present[start] < 0 ? undefined : places.get(key(present, start));
          if (place === undefined) continue;
          seen.add(place);
          if (!first || place < first.signed) first = { signed: place, shown: start };
        }
        return { length, first, share: places.size ? seen.size / places.size : 0 };
      }
    }
    """#
}
