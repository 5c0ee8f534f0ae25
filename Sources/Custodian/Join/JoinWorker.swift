internal import Web

/// Joins an export with an opening, line by line, in a thread of its own. docs/FORMATS.md, "Export of a subject".
///
/// A value stands in a place only if subject, layer, field and the SHA-256 of the sealed bytes are those of what was opened: what was
/// written anew since the export, and what somebody sent that only looks like a sealed place, stays as it is.
enum JoinWorker {
  static let asset = Asset(
    name: "join-worker", extension: "js", contentType: "text/javascript; charset=utf-8", text: JoinDocument.text + text)

  private static let text = #"""
    class Refusal extends Error {}

    // Batches of whole lines.
    async function* lines(file) {
      const decoder = new TextDecoder('utf-8', { fatal: true }), reader = file.stream().getReader();
      let pieces = [], read = 0, told = 0;
      for (;;) {
        const { done, value } = await reader.read();
        let text;
        try { text = done ? decoder.decode() : decoder.decode(value, { stream: true }); } catch { throw new Refusal('This file is no text in UTF-8.'); }
        const batch = [];
        let from = 0;
        for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
          pieces.push(text.slice(from, at));
          batch.push(pieces.join(''));
          pieces = [];
          from = at + 1;
        }
        if (from < text.length) pieces.push(text.slice(from));
        if (done && pieces.length) batch.push(pieces.join(''));
        yield batch;
        if (done) return;
        read += value.length;
        if (read - told >= 8388608) { told = read; postMessage({ read }); }
      }
    }

    // Text that leaves the memory of scripts every now and then.
    class Parts {
      parts = []; texts = []; size = 0;
      put(text) {
        this.texts.push(text);
        this.size += text.length;
        if (this.size > 1048576) this.pack();
      }
      pack() {
        this.parts.push(new Blob([this.texts.join('')]));
        this.texts = [];
        this.size = 0;
      }
      // Kept, never shown: a type that no browser renders under this origin.
      get blob() { this.pack(); return new Blob(this.parts, { type: 'application/octet-stream' }); }
    }

    const object = value => typeof value === 'object' && value !== null && !Array.isArray(value);
    const sealed = value => object(value) && value.sealed === true && typeof value.sha256 === 'string';
    const parsed = (text, what) => {
      try { return JSON.parse(text); } catch { throw new Refusal(`This file is not as “sealane subject export” writes it: ${what} is not whole. Export again.`); }
    };

    function headOf(line, opening) {
      if (!line.endsWith('"events":[')) {
        throw new Refusal('This is no JSON file of “sealane subject export”, or it was laid out anew: it is joined as it was written, an event a line.');
      }
      const head = parsed(line + ']}', 'the first line');
      if (head.format === undefined && head.profile !== undefined) throw new Refusal('This export was written by an older Sealane. Export again.');
      if (head.format !== 'sealane subject export' || head.version !== 2 || !Array.isArray(head.ids)
        || !head.ids.every(id => object(id) && /^s_[0-9a-f]{32}$/.test(id.subject) && object(id.verified) && object(id.unverified))) {
        throw new Refusal('This is no export of a subject of version 2. Export again, with a Sealane of the custodian’s version.');
      }
      if (head.project !== opening.project) throw new Refusal(`This export is of project ${Number(head.project)}, and this page opened project ${opening.project}.`);
      if (!head.ids.some(id => opening.subjects.some(opened => opened.subject === id.subject))) {
        throw new Refusal(`This export is of ${head.ids.length ? head.ids[0].subject : 'nobody'}, who was not opened here. Opened: ${opening.subjects.map(opened => opened.subject).join(', ')}.`);
      }
      delete head.events;
      return head;
    }

    // Fills the places of the ids and profiles; says what was filled and what stays shut.
    function fill(head, opening) {
      const values = new Map(), reasons = new Map();
      const name = (...parts) => JSON.stringify(parts);
      for (const { subject, fields } of opening.subjects) {
        for (const field of fields) {
          const key = name(subject, field.layer, field.name, field.sha256);
          if (field.value !== undefined) values.set(key, field.value); else reasons.set(key, field.shut);
        }
      }
      const subjects = new Set(opening.subjects.map(opened => opened.subject)), asked = new Set(opening.fields);
      const opened = [], shut = [];
      const why = (subject, field, key) => reasons.get(key)
        ?? (!subjects.has(subject) ? 'It was not asked for: this id is not among the subjects of the request.'
          : !asked.has(field) ? 'It was not asked for: this field is not among those of the request.'
          : 'It was written anew between the export and the opening. Export again, and ask again.');
      const filled = (subject, layer, field, value) => {
        if (sealed(value)) {
          const key = name(subject, layer, field, value.sha256);
          if (!values.has(key)) { shut.push({ subject, layer, field, reason: why(subject, field, key) }); return value; }
          opened.push({ subject, layer, field, value: values.get(key) });
          return values.get(key);
        }
        if (Array.isArray(value)) return value.map(element => filled(subject, layer, field, element));
        if (object(value)) for (const member of Object.keys(value)) value[member] = filled(subject, layer, field, value[member]);
        return value;
      };
      for (const id of head.ids) {
        id.id = filled(id.subject, 'id', '$id', id.id);
        for (const layer of ['verified', 'unverified']) for (const field of Object.keys(id[layer])) id[layer][field] = filled(id.subject, layer, field, id[layer][field]);
      }
      // A file that was joined before keeps what that brought.
      const before = object(head.identities) ? head.identities : {}, list = value => Array.isArray(value) ? value : [];
      head.identities = {
        joined_at: new Date().toISOString(),
        openings: [...list(before.openings), { request: opening.request, ledger_entry: opening.ledger_entry, purpose: opening.purpose }],
        opened: [...list(before.opened), ...opened], shut };
      return { filled: opened.length, shut: shut.length };
    }

    async function join(file, opening) {
      const json = new Parts(), page = new Parts();
      let head = null, figures = null, reader = null, events = 0, isOver = false;
      for await (const batch of lines(file)) {
        for (const raw of batch) {
          const line = raw.trim();
          if (!line) continue;
          if (isOver) throw new Refusal('This file goes on behind its end. Export again.');
          if (!head) {
            head = headOf(line, opening);
            figures = fill(head, opening);
            reader = new ReadableDocument(head);
            json.put(JSON.stringify(head).slice(0, -1) + ',"events":[\n');
            page.put(reader.beginning());
          } else if (line === ']}') {
            isOver = true;
          } else {
            const text = line.endsWith(',') ? line.slice(0, -1) : line, event = parsed(text, `event ${events + 1}`);
            if (!object(event)) throw new Refusal(`This file is not as “sealane subject export” writes it: event ${events + 1} is none.`);
            json.put((events ? ',\n' : '') + text);
            page.put(reader.event(event));
            events += 1;
          }
        }
      }
      if (!isOver) throw new Refusal('This file ends too early. Export again.');
      json.put('\n]}\n');
      page.put(reader.end(events));
      return { subject: head.ids[0].subject, json: json.blob, page: page.blob, events, ...figures };
    }

    addEventListener('message', async ({ data }) => {
      try {
        postMessage(await join(data.file, data.opening));
      } catch (error) {
        postMessage({ refused: error instanceof Refusal ? error.message : 'This file could not be read. Choose it again.' });
      }
    });
    """#
}
