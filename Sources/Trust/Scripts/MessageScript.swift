/// Parts, messages and what programs show of them, in the browser.
enum MessageScript {
  static let text = #"""
    const LIMITS = { bytes: 32 << 20, fields: 1000, fieldBytes: 16 << 10, depth: 10, parts: 200, textBytes: 1 << 20, links: 1000 };

    class Headers {
      constructor() { this.fields = []; }
      all(name) { return this.fields.filter(field => field.name === name).map(field => field.value); }
      first(name) { return this.fields.find(field => field.name === name)?.value; }
      text(name) { const value = this.first(name); return value === undefined ? undefined : EncodedWords.decode(value); }

      // Reads up to the empty line; gives the headers and the body.
      static read(binary, findings) {
        const headers = new Headers();
        let at = 0, open = null;
        const close = () => {
          if (!open) return;
          if (headers.fields.length >= LIMITS.fields) findings.add('tooManyFields');
          else headers.fields.push({ name: trimmed(open.name).toLowerCase(), value: trimmed(open.value.slice(0, LIMITS.fieldBytes).replace(/[\r\n]/g, '')) });
          open = null;
        };
        while (at < binary.length) {
          const feed = binary.indexOf('\n', at), next = feed < 0 ? binary.length : feed + 1;
          let line = binary.slice(at, feed < 0 ? binary.length : feed);
          if (feed >= 0 && line.endsWith('\r')) line = line.slice(0, -1);
          at = next;
          if (!line) { close(); return [headers, binary.slice(at)]; }
          if (line[0] === ' ' || line[0] === '\t') {
            if (open) open.value += line; else findings.add('malformedField');
            continue;
          }
          close();
          const field = /^([!-9;-~]+[ \t]*):/.exec(line.slice(0, 256));
          if (field) open = { name: field[1], value: line.slice(field[0].length) };
          else findings.add('malformedField');
        }
        close();
        return [headers, ''];
      }
    }

    class Part {
      constructor(headers, body, id) {
        this.id = id;
        this.headers = headers;
        this.body = body;
        this.parameters = new Parameters(headers.first('content-type') ?? 'text/plain');
        this.type = this.parameters.value.includes('/') ? this.parameters.value : 'text/plain';
        const disposition = new Parameters(headers.first('content-disposition') ?? '');
        this.disposition = disposition.value;
        this.fileName = disposition.get('filename') ?? this.parameters.get('name') ?? null;
        this.parts = null;
        this.message = null;
      }
      get encoding() { return trimmed(this.headers.first('content-transfer-encoding') ?? '').toLowerCase(); }
      decoded() {
        if (this.encoding === 'base64') return TransferEncoding.base64(this.body);
        if (this.encoding === 'quoted-printable') return TransferEncoding.quotedPrintable(this.body);
        return this.body;
      }
      get leaves() { return this.parts ? this.parts.flatMap(part => part.leaves) : [this]; }
    }

    class PartReader {
      constructor() { this.count = 0; this.findings = new Set(); }
      part(binary, depth, usual = 'text/plain') {
        this.count++;
        const [headers, body] = Headers.read(binary, this.findings);
        if (headers.first('content-type') === undefined && usual !== 'text/plain') headers.fields.push({ name: 'content-type', value: usual });
        const part = new Part(headers, body, this.count);
        if (part.type.startsWith('multipart/')) {
          const boundary = part.parameters.get('boundary');
          if (depth >= LIMITS.depth) this.findings.add('nestedTooDeep');
          else if (!boundary) this.findings.add('missingBoundary');
          else {
            part.parts = [];
            for (const piece of this.pieces(body, Bytes.binary(Bytes.ofText(boundary).subarray(0, 200)))) {
              if (this.count >= LIMITS.parts) { this.findings.add('tooManyParts'); break; }
              part.parts.push(this.part(piece, depth + 1, part.type === 'multipart/digest' ? 'message/rfc822' : 'text/plain'));
            }
          }
        } else if (part.type === 'message/rfc822' || part.type === 'message/global') {
          if (depth >= LIMITS.depth) this.findings.add('nestedTooDeep');
          else part.message = this.part(part.decoded(), depth + 1);
        }
        return part;
      }
      // What stands between the boundary's lines (RFC 2046, section 5.1.1).
      pieces(body, boundary) {
        const found = [], delimiter = '--' + boundary;
        let at = 0, start = -1, previousEnd = 0;
        while (at < body.length) {
          const feed = body.indexOf('\n', at), next = feed < 0 ? body.length : feed + 1;
          let end = feed < 0 ? body.length : feed;
          if (feed > at && body[feed - 1] === '\r') end--;
          if (body.startsWith(delimiter, at)) {
            let rest = body.slice(at + delimiter.length, Math.max(end, at + delimiter.length));
            const isLast = rest.startsWith('--');
            if (isLast) rest = rest.slice(2);
            if (!trimmed(rest)) {
              if (start >= 0) found.push(body.slice(start, Math.max(start, previousEnd)));
              if (isLast || found.length > LIMITS.parts) return found;
              start = next;
            }
          }
          previousEnd = end;
          at = next;
        }
        this.findings.add('unterminatedMultipart');
        if (start >= 0 && start <= body.length) found.push(body.slice(start));
        return found;
      }
    }

    class Message {
      constructor(binary, root = null) {
        this.findings = new Set();
        if (root) this.root = root;
        else {
          const reader = new PartReader();
          this.root = reader.part(binary.slice(0, LIMITS.bytes), 0);
          this.findings = reader.findings;
          if (binary.length > LIMITS.bytes) this.findings.add('tooLarge');
        }
        this.headers = this.root.headers;
        const single = ['from', 'sender', 'reply-to', 'to', 'cc', 'subject', 'date', 'message-id', 'content-type', 'content-transfer-encoding', 'mime-version'];
        if (single.some(name => this.headers.all(name).length > 1)) this.findings.add('repeatedField');
      }
      get subject() { return this.headers.text('subject') ?? ''; }
      addresses(name) { return this.headers.all(name).slice(0, 10).flatMap(field => MailAddress.list(field)); }
      get attachments() {
        return this.root.leaves.filter(part => !part.message && (part.disposition === 'attachment' || part.fileName !== null || !part.type.startsWith('text/')));
      }
      get enclosed() { return this.root.leaves.filter(part => part.message).map(part => new Message('', part.message)); }
      // One reading where programs agree, two where some prefer plain text and others pages.
      readings() {
        if (!this.cache) {
          const plain = new ReadingMaker(false), page = new ReadingMaker(true);
          plain.walk(this.root);
          page.walk(this.root);
          this.cache = plain.shown.join() === page.shown.join() ? [page] : [plain, page];
        }
        return this.cache;
      }
    }

    // Walks the parts of a message as a program does that shows it.
    class ReadingMaker {
      constructor(prefersPage) {
        Object.assign(this, { prefersPage, shown: [], text: '', hidden: '', links: [], images: [], findings: new Set() });
      }
      walk(part) {
        if (part.message) return;
        if (!part.parts) {
          if (part.type.startsWith('text/') && part.disposition !== 'attachment') this.show(part);
        } else if (part.type === 'multipart/alternative') this.choose(part.parts);
        else if (part.type === 'multipart/related') {
          const start = part.parameters.get('start');
          const root = part.parts.find(each => start !== undefined && each.headers.text('content-id') === start) ?? part.parts[0];
          if (root) this.walk(root);
        } else for (const each of part.parts) this.walk(each);
      }
      choose(parts) {
        for (const leaf of parts.flatMap(part => part.leaves)) {
          if (leaf.type.startsWith('text/') && leaf.disposition !== 'attachment' && !['text/plain', 'text/html'].includes(leaf.type)) this.findings.add('otherAlternative');
        }
        const holds = type => part => part.leaves.some(leaf => leaf.type === type);
        const wanted = this.prefersPage ? parts.findLast(holds('text/html')) : parts.find(part => part.type === 'text/plain');
        const other = this.prefersPage ? parts.findLast(holds('text/plain')) : parts.findLast(holds('text/html'));
        const choice = wanted ?? other ?? parts[parts.length - 1];
        if (choice) this.walk(choice);
      }
      show(part) {
        this.shown.push(part.id);
        let binary = part.decoded();
        if (binary.length > LIMITS.textBytes) { this.findings.add('textTooLong'); binary = binary.slice(0, LIMITS.textBytes); }
        const text = Charset.decode(binary, part.parameters.get('charset'));
        if (this.text) this.text += '\n';
        if (part.type === 'text/html') {
          const view = new PageView(text, LIMITS.links - Math.min(LIMITS.links, this.links.length));
          this.text += view.text;
          this.hidden += view.hidden;
          this.links.push(...view.links);
          this.images.push(...view.images);
          for (const finding of view.findings) this.findings.add(finding);
        } else {
          this.text += (part.parameters.get('delsp') ?? '').toLowerCase() === 'yes' ? ReadingMaker.joined(text) : text;
        }
      }
      // Lines that flow, where the blank at a line's end is none of the text (RFC 3676, section 4.2).
      static joined(text) {
        return text.replace(/\r/g, '').split('\n').map((line, index, lines) =>
          index === lines.length - 1 ? line : line.endsWith(' ') && !(index > 0 && line === '-- ') ? line.slice(0, -1) : line + '\n').join('');
      }
    }
    """#
}
