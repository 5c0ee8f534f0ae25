/// The reader of messages, in the browser: `MailMessage` and what it is made of, with the same bounds. A message is a string of bytes here, each
/// character one of 0 to 255.
enum MailScript {
  static let text = #"""
    class Bytes {
      static ofText(text) { return new TextEncoder().encode(text); }
      static text(bytes) { return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes); }
      static binary(bytes) {
        const pieces = [];
        for (let at = 0; at < bytes.length; at += 32768) pieces.push(String.fromCharCode.apply(null, bytes.subarray(at, at + 32768)));
        return pieces.join('');
      }
      static ofBinary(binary) {
        const bytes = new Uint8Array(binary.length);
        for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
        return bytes;
      }
      // Base64 in its one spelling; null for what is none.
      static ofBase64(text) {
        if (typeof text !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return null;
        try {
          const binary = atob(text);
          return btoa(binary) === text ? Bytes.ofBinary(binary) : null;
        } catch { return null; }
      }
      static base64(bytes) { return btoa(Bytes.binary(bytes)); }
      static hex(bytes) { return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(''); }
      static joined(...parts) {
        const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
        let at = 0;
        for (const part of parts) { result.set(part, at); at += part.length; }
        return result;
      }
      static same(left, right) { return Bytes.compare(left, right) === 0; }
      static compare(left, right) {
        for (let at = 0; at < Math.min(left.length, right.length); at++) if (left[at] !== right[at]) return left[at] - right[at];
        return left.length - right.length;
      }
    }

    // RFC 2045, section 6, forgiving.
    class TransferEncoding {
      static base64(binary) {
        const result = new Uint8Array(Math.floor(binary.length / 4) * 3 + 3);
        let size = 0, bits = 0, count = 0;
        for (let at = 0; at < binary.length; at++) {
          const code = binary.charCodeAt(at);
          let value;
          if (code >= 65 && code <= 90) value = code - 65;
          else if (code >= 97 && code <= 122) value = code - 71;
          else if (code >= 48 && code <= 57) value = code + 4;
          else if (code === 43) value = 62;
          else if (code === 47) value = 63;
          else {
            if (code === 61) { bits = 0; count = 0; }
            continue;
          }
          bits = (bits << 6 | value) & 0xFFFFFF;
          count++;
          if (count > 1) result[size++] = bits >> [0, 0, 4, 2, 0][count] & 255;
          if (count === 4) { bits = 0; count = 0; }
        }
        return Bytes.binary(result.subarray(0, size));
      }
      static quotedPrintable(binary) {
        return binary.replace(/[ \t]+(?=\r?\n|$)/g, '').replace(/=([0-9A-Fa-f]{2})|=[ \t\r]{0,80}(\n|$)/g,
          (all, digits) => digits ? String.fromCharCode(parseInt(digits, 16)) : '');
      }
      static word(binary) {
        return binary.replace(/_/g, ' ').replace(/=([0-9A-Fa-f]{2})/g, (all, digits) => String.fromCharCode(parseInt(digits, 16)));
      }
    }

    class Charset {
      static decode(binary, name) {
        const label = (name || '').toLowerCase(), bytes = Bytes.ofBinary(binary);
        if (['utf-8', 'utf8', 'unicode-1-1-utf-8'].includes(label)) return Bytes.text(bytes);
        if (['iso-8859-1', 'iso8859-1', 'latin1', 'l1', 'windows-1252', 'cp1252', 'x-cp1252'].includes(label)) return Charset.western(bytes);
        if (label && !['us-ascii', 'ascii', 'ansi_x3.4-1968'].includes(label) && /^[a-z0-9_.:-]{1,40}$/.test(label)) {
          const real = label === 'utf-16' && bytes[0] === 0xFE && bytes[1] === 0xFF ? 'utf-16be' : label;
          try { return new TextDecoder(real, { ignoreBOM: true }).decode(bytes); } catch { /* Nobody knows it. */ }
        }
        try { return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes); } catch { return Charset.western(bytes); }
      }
      static western(bytes) { return new TextDecoder('windows-1252').decode(bytes); }
    }

    // RFC 2047. Words of one charset that follow each other are decoded as one.
    class EncodedWords {
      static decode(binary) {
        if (!binary.includes('=?')) return Charset.decode(binary, '');
        const pattern = /=\?([^?\s]{1,200})\?([bBqQ])\?([^?]{0,400})\?=/g;
        let result = '', open = null, from = 0, found;
        const close = () => { if (open) result += Charset.decode(open.bytes, open.charset); open = null; };
        while ((found = pattern.exec(binary))) {
          const between = binary.slice(from, found.index);
          if (!open || !/^[ \t\r\n]*$/.test(between)) { close(); result += Charset.decode(between, ''); }
          const charset = found[1].split('*')[0].toLowerCase();
          const bytes = found[2].toLowerCase() === 'b' ? TransferEncoding.base64(found[3]) : TransferEncoding.word(found[3]);
          if (open && open.charset !== charset) close();
          if (open) open.bytes += bytes; else open = { charset, bytes };
          from = pattern.lastIndex;
        }
        close();
        return result + Charset.decode(binary.slice(from), '');
      }
    }

    // Pieces of a structured field (RFC 5322, section 3.2).
    class HeaderTokens {
      constructor(text) { this.text = text; this.at = 0; }
      get peek() { return this.at < this.text.length ? this.text[this.at] : null; }
      take() { return this.text[this.at++]; }
      skipBlanks() {
        while (this.peek !== null) {
          if (this.peek === '(') this.skipComment(); else if (/[ \t\r\n]/.test(this.peek)) this.at++; else return;
        }
      }
      skipComment() {
        let depth = 0;
        while (this.peek !== null) {
          const letter = this.take();
          if (letter === '\\') this.at++; else if (letter === '(') depth++; else if (letter === ')') depth--;
          if (depth === 0) return;
        }
      }
      until(ends) {
        const start = this.at;
        while (this.peek !== null && !ends.includes(this.peek)) this.at++;
        return this.text.slice(start, this.at);
      }
      quoted() {
        let result = '';
        this.at++;
        while (this.peek !== null) {
          const letter = this.take();
          if (letter === '"') return result;
          result += letter === '\\' && this.peek !== null ? this.take() : letter;
        }
        return result;
      }
    }

    // A value with parameters (RFC 2045, section 5.1; RFC 2183; RFC 2231).
    class Parameters {
      constructor(field) {
        this.values = new Map();
        const tokens = new HeaderTokens(field), pieces = new Map();
        let value = '', count = 0;
        while (tokens.peek !== null && tokens.peek !== ';') { if (tokens.peek === '(') tokens.skipComment(); else value += tokens.take(); }
        this.value = trimmed(value).toLowerCase();
        while (tokens.peek !== null && count < 64) {
          if (tokens.peek === ';') tokens.take();
          tokens.skipBlanks();
          const name = trimmed(tokens.until('=;')).toLowerCase();
          if (tokens.peek !== '=') continue;
          tokens.take();
          tokens.skipBlanks();
          const text = tokens.peek === '"' ? tokens.quoted() : trimmed(tokens.until(';'));
          tokens.until(';');
          count++;
          if (!name) continue;
          const parts = name.split('*');
          if (parts.length === 1) {
            if (!this.values.has(name)) this.values.set(name, EncodedWords.decode(text));
          } else {
            if (!pieces.has(parts[0])) pieces.set(parts[0], []);
            pieces.get(parts[0]).push({ number: /^\d+$/.test(parts[1]) ? Number(parts[1]) : 0, text, isEncoded: name.endsWith('*') });
          }
        }
        for (const [name, found] of pieces) this.values.set(name, Parameters.joined(found));
      }
      static joined(pieces) {
        let charset = '', bytes = '';
        pieces.sort((left, right) => left.number - right.number).forEach((piece, index) => {
          let text = piece.text;
          const mark = piece.isEncoded && index === 0 ? /^([^']*)'[^']*'/.exec(text) : null;
          if (mark) { charset = mark[1]; text = text.slice(mark[0].length); }
          bytes += piece.isEncoded ? text.replace(/%([0-9A-Fa-f]{2})/g, (all, digits) => String.fromCharCode(parseInt(digits, 16))) : text;
        });
        return Charset.decode(bytes, charset);
      }
      get(name) { return this.values.get(name); }
    }

    function trimmed(text) { return text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''); }

    // Somebody in an address field (RFC 5322, section 3.4).
    class MailAddress {
      constructor(name, address) { this.name = name; this.address = address; }
      get domain() { return this.address.includes('@') ? this.address.slice(this.address.lastIndexOf('@') + 1).toLowerCase() : ''; }
      get nameHoldsAddress() {
        return /^.[^]*[@\uFF20\uFE6B]/u.test(this.name) && !this.name.toLowerCase().includes(this.address.toLowerCase());
      }
      static list(field) {
        const tokens = new HeaderTokens(field), found = [];
        let name = '', angle = null;
        const bare = text => Charset.decode(text.replace(/[ \t\r\n>]/g, ''), '');
        const close = () => {
          const words = trimmed(name);
          if (angle !== null) found.push(new MailAddress(EncodedWords.decode(words), bare(angle)));
          else if (words) found.push(new MailAddress('', bare(words)));
          name = '';
          angle = null;
        };
        while (tokens.peek !== null && found.length < 100) {
          const letter = tokens.peek;
          if (letter === '"') name += tokens.quoted();
          else if (letter === '(') tokens.skipComment();
          else if (letter === '<') { tokens.take(); angle = tokens.until('>'); if (tokens.peek !== null) tokens.take(); }
          else if (letter === ',' || letter === ';') { tokens.take(); close(); }
          else if (letter === ':' && angle === null && !name.includes('@')) { tokens.take(); name = ''; }
          else name += tokens.take();
        }
        if (found.length < 100) close();
        return found;
      }
    }
    """#
}
