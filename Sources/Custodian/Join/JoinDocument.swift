/// The document for the person who asked: one HTML file without scripts, which loads nothing. Part of `JoinWorker`'s script.
///
/// Every text in it was sent by strangers: it is escaped, isolated from the direction of the text around it, and characters that turn or
/// hide text are shown by their code point, as `VisibleText` does.
enum JoinDocument {
  static let text = #"""
    'use strict';
    const marks = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' };
    const treacherous = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/gu;
    const plain = text => String(text)
      .replace(treacherous, c => `[U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`)
      .replace(/[&<>"'`]/g, c => marks[c]);
    const shown = text => `<bdi>${plain(text)}</bdi>`;

    class ReadableDocument {
      static words = new Map(Object.entries({
        $email: 'E-mail address', $name: 'Name', $first_name: 'First name', $last_name: 'Last name', $phone: 'Phone number',
        $city: 'City', $region: 'Region', $country_code: 'Country', mp_country_code: 'Country', $timezone: 'Time zone', $os: 'Operating system',
        $os_version: 'Version of the operating system', $browser: 'Browser', $browser_version: 'Version of the browser', $device: 'Device',
        $model: 'Device model', $brand: 'Brand', $manufacturer: 'Manufacturer', $created: 'Created', $current_url: 'Page', $referrer: 'Came from',
        $initial_referrer: 'Came from at first', $referring_domain: 'Came from', $screen_width: 'Width of the screen', $screen_height: 'Height of the screen',
        mp_lib: 'Sent by the library', $lib_version: 'Version of the library', $last_seen: 'Last seen', $import: 'Imported' }));
      static months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
      static layers = [['verified', 'the company'], ['unverified', 'an application']];
      static style = `body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#10191c;background:#fff;overflow-wrap:anywhere}
        h1{font-size:1.6rem;line-height:1.3}h2{font-size:1.2rem;margin:2.5rem 0 .5rem}h3{font-size:1rem;margin:1.5rem 0 .25rem}
        table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem 1rem .35rem 0;border-bottom:1px solid #dde2e4}
        th{font-weight:400;color:#54646b;width:30%}thead th{font-size:.85rem;width:auto}ul.events{list-style:none;padding:0;margin:0}
        ul.events>li{border-bottom:1px solid #dde2e4;padding:.5rem 0}time{color:#54646b;font-variant-numeric:tabular-nums;margin-right:.75rem}
        dl{margin:.25rem 0 0;display:grid;grid-template-columns:minmax(6rem,14rem) 1fr;gap:0 1rem;font-size:.9rem}dt{color:#54646b}dd{margin:0}
        .soft{color:#54646b}code{font-size:.9em}
        @media (max-width:32rem){dl{grid-template-columns:1fr}dd{margin-bottom:.25rem}}
        @media print{body{margin:0;max-width:none}ul.events>li{break-inside:avoid}}`.replace(/\n\s+/g, '\n');

      constructor(head) {
        this.head = head;
        this.day = null;
        // Only what was opened is an id to show; the rest stands under its pseudonym.
        this.ids = new Map(head.ids.filter(id => typeof id.id === 'string').map(id => [id.subject, id.id]));
      }

      name(property) { return ReadableDocument.words.get(property) ?? property; }

      value(value) {
        if (value === null || value === undefined) return '–';
        if (value === true) return 'yes';
        if (value === false) return 'no';
        if (Array.isArray(value)) return value.length ? value.map(element => this.value(element)).join(', ') : 'none';
        if (typeof value === 'object') {
          if (value.sealed === true) return '<span class="soft">stays sealed, see below</span>';
          return Object.entries(value).map(([name, member]) => `${shown(this.name(name))}: ${this.value(member)}`).join('; ');
        }
        const text = String(value);
        if (this.ids.has(text)) return `${shown(this.ids.get(text))} <span class="soft">(you)</span>`;
        return shown(text);
      }

      date(time) { return `${time.getUTCDate()} ${ReadableDocument.months[time.getUTCMonth()]} ${time.getUTCFullYear()}`; }
      clock(time) { return time.toISOString().slice(11, 19); }

      beginning() {
        const written = new Date(this.head.exported_at);
        const date = Number.isNaN(written.getTime()) ? '' : ` as of ${this.date(written)}, ${this.clock(written).slice(0, 5)} (UTC)`;
        const ids = this.head.ids.map(id => `<tr><td>${id.id === null ? '<span class="soft">was not kept</span>' : this.value(id.id)}</td><td><code>${plain(id.subject)}</code></td></tr>`).join('');
        const profiles = this.head.ids.map(id => this.profile(id)).join('');
        return `<!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
    <meta name="viewport" content="width=device-width, initial-scale=1"><title>What is stored about you</title><style>${ReadableDocument.style}</style></head><body>
    <h1>What is stored about you</h1>
    <p>This is everything that the product analytics of the company that gave you this document hold about you${date}: the ids that you are known by, what was written about you, and
    what you did. Times are in UTC.</p>
    <h2>Your ids</h2><p>You are known by these ids, such as those of your account and of your devices. Everything is stored under made-up names in place of them; which name is whose only the
    custodian of the company can tell.</p>
    <table><thead><tr><th>Id</th><th>Stored as</th></tr></thead><tbody>${ids}</tbody></table>
    <h2>What is known about you</h2>${profiles || '<p>Nothing was written about you beside what you did.</p>'}
    ${this.shut()}<h2>What you did, the newest first</h2>
    `;
      }

      // A table for each of who wrote it.
      profile(id) {
        const under = this.head.ids.length > 1 ? `Under ${typeof id.id === 'string' ? shown(id.id) : `<code>${plain(id.subject)}</code>`}, written` : 'Written';
        return ReadableDocument.layers.map(([layer, who]) => {
          const rows = Object.keys(id[layer]).sort().map(name => `<tr><th>${shown(this.name(name))}</th><td>${this.value(id[layer][name])}</td></tr>`);
          return rows.length ? `<h3>${under} by ${who}</h3><table><tbody>${rows.join('')}</tbody></table>` : '';
        }).join('');
      }

      shut() {
        const rows = this.head.identities.shut.map(one => `<tr><th>${one.layer === 'id' ? 'Id' : shown(this.name(one.field))}</th><td><code>${plain(one.subject)}</code></td><td>${shown(one.reason)}</td></tr>`);
        if (!rows.length) return '';
        return `<h2>What stays sealed</h2><p>This is stored in a form that could not be read for this document.</p>
    <table><thead><tr><th>What</th><th>Of</th><th>Why</th></tr></thead><tbody>${rows.join('')}</tbody></table>
    `;
      }

      event(event) {
        const time = new Date(event.time), isTime = !Number.isNaN(time.getTime()), day = isTime ? this.date(time) : 'At an unknown time';
        const beginning = day === this.day ? '' : `${this.day === null ? '' : '</ul>\n'}<h3>${day}</h3><ul class="events">`;
        this.day = day;
        const properties = event.properties !== null && typeof event.properties === 'object' ? Object.keys(event.properties).sort() : [];
        const rows = properties.map(name => `<dt>${shown(this.name(name))}</dt><dd>${this.value(event.properties[name])}</dd>`).join('');
        const before = typeof event.arrived_as === 'string' && event.arrived_as !== event.subject ? ` <span class="soft">under ${this.ids.has(event.arrived_as) ? shown(this.ids.get(event.arrived_as)) : `<code>${plain(event.arrived_as)}</code>`}</span>` : '';
        return `${beginning}<li><time>${isTime ? this.clock(time) : ''}</time><strong>${shown(event.event)}</strong>${before}${rows ? `<dl>${rows}</dl>` : ''}</li>\n`;
      }

      end(events) {
        return `${this.day === null ? '<p>Nothing.</p>' : '</ul>'}<p>${events} event${events === 1 ? '' : 's'}.</p>
    <h2>How to read this</h2><p>“Written by an application” means that a program on somebody’s device sent it, perhaps yours: nobody at the company
    checked it. What begins with s_ or g_ stands for another person or an organization.</p></body></html>
    `;
      }
    }

    """#
}
