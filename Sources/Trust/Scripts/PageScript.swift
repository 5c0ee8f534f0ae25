/// Pages of messages as a reader sees them, in the browser: its own parser, which runs nothing and fetches nothing; the styles by the rules of
/// `HTMLStyle`.
enum PageScript {
  static let text = #"""
    class Colour {
      static named(value) {
        if (Object.hasOwn(TABLES.colours, value)) return TABLES.colours[value];
        if (value.startsWith('rgb')) return Colour.function(value)?.colour ?? null;
        const digits = value.replace(/^#/, '');
        if (!/^[0-9a-f]+$/.test(digits)) return null;
        if (digits.length === 3 || digits.length === 4) return parseInt([...digits.slice(0, 3)].map(digit => digit + digit).join(''), 16);
        return digits.length === 6 || digits.length === 8 ? parseInt(digits.slice(0, 6), 16) : null;
      }
      static isTransparent(value) {
        if (value === 'transparent') return true;
        if (/^#.{6}00$/.test(value)) return true;
        const found = Colour.function(value);
        return found !== null && found.alpha < 0.1;
      }
      static first(value) {
        const start = value.indexOf('rgb');
        if (start >= 0) return Colour.function(value.slice(start))?.colour ?? null;
        for (const word of value.split(' ')) {
          const colour = word.startsWith('#') || Object.hasOwn(TABLES.colours, word) ? Colour.named(word) : null;
          if (colour !== null) return colour;
        }
        return null;
      }
      static function(value) {
        const inside = /^rgb[^(]*\(([^)]*)\)/.exec(value);
        if (!inside) return null;
        const numbers = inside[1].split(/[, /]+/).filter(Boolean).slice(0, 4).map(text => /^-?[\d.]+$/.test(text) ? Number(text) : 0);
        if (numbers.length < 3) return null;
        const colour = numbers.slice(0, 3).reduce((sum, number) => sum * 256 + Math.max(0, Math.min(255, Math.trunc(number))), 0);
        return { colour, alpha: numbers.length === 4 ? numbers[3] : 1 };
      }
    }

    // What a style says about whether text is seen.
    class PageStyle {
      constructor(around = null) {
        Object.assign(this, around ?? { isGone: false, isInvisible: false, isTiny: false, colour: 0x000000, background: 0xFFFFFF });
      }
      get hidesText() { return this.isGone || this.isInvisible || this.isTiny || this.isCamouflaged; }
      get isCamouflaged() {
        if (this.colour === null || this.background === null) return false;
        return [0, 8, 16].every(shift => Math.abs((this.colour >> shift & 255) - (this.background >> shift & 255)) <= 12);
      }
      static declarations(style) {
        return style.toLowerCase().replace(/\/\*[^]*?(\*\/|$)/g, '').split(';', 101).flatMap(declaration => {
          const colon = declaration.indexOf(':');
          if (colon < 0) return [];
          const value = declaration.slice(colon + 1).split('!')[0].trim().replace(/\s+/g, ' ');
          return [[declaration.slice(0, colon).replace(/\s/g, ''), value]];
        });
      }
      applyAll(element, name, sheets) {
        for (const declarations of sheets) this.apply(declarations);
        if (element.hasAttribute('hidden')) this.isGone = true;
        if (element.hasAttribute('bgcolor')) this.background = Colour.named(element.getAttribute('bgcolor').toLowerCase());
        if (element.hasAttribute('background')) this.background = null;
        if (element.hasAttribute('color') && name === 'font') this.setColour(element.getAttribute('color').toLowerCase());
        if (element.hasAttribute('style')) this.apply(PageStyle.declarations(element.getAttribute('style').slice(0, 4096)));
      }
      apply(declarations) {
        const clips = declarations.some(([name, value]) => name.startsWith('overflow') && (value === 'hidden' || value === 'clip'));
        const number = text => { const found = /^[-.\d]+/.exec(text); return found && Number.isFinite(Number(found[0])) ? Number(found[0]) : null; };
        for (const [name, value] of declarations) {
          const size = number(value);
          switch (name) {
            case 'display': if (value === 'none') this.isGone = true; break;
            case 'visibility': this.isInvisible = value === 'hidden' || value === 'collapse'; break;
            case 'opacity': if (size !== null && size < 0.1) this.isGone = true; break;
            case 'font-size': this.setSize(value, size); break;
            case 'font': { const word = value.split(' ').find(each => /^\d/.test(each)); if (word) this.setSize(word, number(word)); break; }
            case 'height': case 'width': case 'max-height': case 'max-width': if (clips && size !== null && size < 2) this.isGone = true; break;
            case 'mso-hide': if (value === 'all') this.isGone = true; break;
            case 'left': case 'top': case 'text-indent': case 'margin-left': case 'margin-top': if (size !== null && size <= -500) this.isGone = true; break;
            case 'clip': case 'clip-path': if (/rect\(0|inset\(50%|inset\(100%/.test(value)) this.isGone = true; break;
            case 'transform': if (value.includes('scale(0)')) this.isGone = true; break;
            case 'color': case '-webkit-text-fill-color': this.setColour(value); break;
            case 'background': case 'background-color': case 'background-image':
              if (/url\(|gradient\(/.test(value)) this.background = null;
              else { const found = Colour.first(value); if (found !== null) this.background = found; }
              break;
          }
        }
      }
      setColour(value) {
        if (Colour.isTransparent(value)) this.isInvisible = true; else if (value !== 'inherit') this.colour = Colour.named(value);
      }
      setSize(value, size) {
        if (size === null) { if (/small|medium|large/.test(value)) this.isTiny = false; }
        else if (/em|%/.test(value)) {
          if ((value.includes('%') ? size / 100 : size) < 0.15) this.isTiny = true; else if (value.includes('rem')) this.isTiny = false;
        } else this.isTiny = size < 3;
      }
    }

    // Rules with a simple selector, outside of any @ block.
    class PageRules {
      constructor() { this.rules = new Map(); this.mayHide = false; }
      add(sheet) {
        let rest = sheet.slice(0, 256 << 10).replace(/\/\*[^]*?(\*\/|$)/g, '');
        while (this.rules.size < 500) {
          const open = rest.indexOf('{');
          if (open < 0) return;
          const selector = trimmed(rest.slice(0, open)).toLowerCase();
          if (selector.startsWith('@')) {
            const after = PageRules.afterBlock(rest, open);
            if (/^@(media|supports|layer|container|scope|keyframes|-)/.test(selector) && PageRules.hides(rest.slice(open, after))) this.mayHide = true;
            if (selector.startsWith('@import')) this.mayHide = true;
            rest = rest.slice(after);
            continue;
          }
          let close = rest.indexOf('}', open);
          if (close < 0) close = rest.length;
          const declarations = PageStyle.declarations(rest.slice(open + 1, close).slice(0, 4096));
          for (const part of selector.slice(0, 1024).split(',')) {
            const name = trimmed(part);
            if (!part) continue;
            if (!/^[a-z0-9._#-]+$/.test(name)) { if (PageRules.hides(rest.slice(open, close))) this.mayHide = true; continue; }
            if (!this.rules.has(name)) this.rules.set(name, []);
            if (this.rules.get(name).length < 100) this.rules.get(name).push(...declarations);
          }
          rest = rest.slice(close + 1);
        }
      }
      matching(element, name) {
        if (!this.rules.size) return [];
        const classes = (element.getAttribute('class') ?? '').toLowerCase().split(/\s+/).filter(Boolean).slice(0, 20);
        const keys = [name, ...classes.map(each => '.' + each), ...classes.map(each => name + '.' + each)];
        if (element.hasAttribute('id')) keys.push('#' + element.getAttribute('id').toLowerCase());
        return keys.filter(key => this.rules.has(key)).map(key => this.rules.get(key));
      }
      static afterBlock(text, open) {
        let depth = 0;
        for (let at = open; at < text.length; at++) {
          if (text[at] === '{') depth++; else if (text[at] === '}') depth--;
          if (depth === 0) return at + 1;
        }
        return text.length;
      }
      static hides(block) {
        const text = block.replace(/\s/g, '').toLowerCase();
        return TABLES.hiding.some(each => text.includes(each));
      }
    }

    // Text that is put together as pages show it: blanks as one, a line for each block.
    class Lines {
      constructor() { this.pieces = []; this.last = ''; this.isBlankDue = false; }
      append(text, isPreformatted) {
        if (isPreformatted) { if (text) this.add(text); return; }
        for (const piece of text.split(/([ \t\r\n\f]+)/)) {
          if (!piece) continue;
          if (/^[ \t\r\n\f]/.test(piece)) this.isBlankDue = true; else this.add(piece);
        }
      }
      add(text) {
        if (this.isBlankDue && this.last && this.last !== '\n') this.pieces.push(' ');
        this.isBlankDue = false;
        this.pieces.push(text);
        this.last = text[text.length - 1];
      }
      breakLine() {
        this.isBlankDue = false;
        if (this.last && this.last !== '\n') { this.pieces.push('\n'); this.last = '\n'; }
      }
      get text() { return this.pieces.join('').replace(/\n$/, ''); }
    }

    const BLOCKS = new Set(('p div br tr li ul ol h1 h2 h3 h4 h5 h6 table blockquote hr pre section article header footer center form dl dt dd address body ' +
      'html head tbody thead fieldset main nav aside figure option title').split(' '));

    class PageView {
      constructor(source, mostLinks) {
        Object.assign(this, { links: [], images: [], findings: new Set(), mostLinks, base: null, anchor: null, visible: new Lines(), gone: new Lines() });
        this.rules = new PageRules();
        const bounded = PageView.bounded(source);
        if (bounded.length < source.length) this.findings.add('textTooLong');
        const page = new DOMParser().parseFromString(bounded, 'text/html');
        for (const sheet of page.querySelectorAll('style')) this.rules.add(sheet.textContent);
        if (this.rules.mayHide) this.findings.add('hidingStyle');
        this.element(page.documentElement, new PageStyle(), false);
        this.closeAnchor();
        this.text = this.visible.text;
        this.hidden = this.gone.text;
      }
      // The parser's work grows with tags times what is open at each: pages that are made to stop a browser are cut.
      static bounded(source) {
        const tags = /<(\/?)([a-z][a-z0-9]*)/gi, closing = /^(p|li|td|th|tr|tbody|thead|dt|dd|option|br|img|hr|meta|link|input|area|base|col|embed|source|wbr)$/i;
        let depth = 0, work = 0, tag;
        while ((tag = tags.exec(source))) {
          if (!closing.test(tag[2])) depth = tag[1] ? Math.max(0, depth - 1) : depth + 1;
          work += depth;
          if (work > 5000000) return source.slice(0, tag.index);
        }
        return source;
      }
      lines(style) { return style.hidesText ? this.gone : this.visible; }
      show(text, style, isPreformatted) {
        this.lines(style).append(text, isPreformatted);
        if (!style.hidesText && this.anchor && this.anchor.shown.length < 512) this.anchor.shown += text.slice(0, 512 - this.anchor.shown.length);
      }
      element(element, around, isPreformatted) {
        const name = element.localName;
        if (BLOCKS.has(name)) this.lines(around).breakLine(); else if (name === 'td' || name === 'th') this.lines(around).isBlankDue = true;
        this.note(element, name);
        if (['style', 'script', 'title', 'iframe', 'noembed', 'noframes', 'br', 'hr', 'img', 'meta', 'link', 'input'].includes(name)) return;
        const style = new PageStyle(around);
        style.applyAll(element, name, this.rules.matching(element, name));
        if (['template', 'head', 'object'].includes(name)) style.isGone = name !== 'object';
        if (name === 'body') style.isGone = false;
        const preformatted = isPreformatted || name === 'pre' || name === 'textarea';
        for (const node of (name === 'template' ? element.content : element).childNodes) {
          if (node.nodeType === Node.TEXT_NODE) this.show(node.data, style, preformatted);
          else if (node.nodeType === Node.ELEMENT_NODE) this.element(node, style, preformatted);
        }
        if (name === 'a') this.closeAnchor();
        if (BLOCKS.has(name)) this.lines(style).breakLine();
      }
      // Links, images and what should not be in a message.
      note(element, name) {
        const value = attribute => element.getAttribute(attribute);
        switch (name) {
          case 'a': case 'area':
            this.closeAnchor();
            if (element.hasAttribute('href')) this.anchor = { target: this.resolved(value('href')), shown: '' };
            break;
          case 'base': this.base ??= value('href'); break;
          case 'form': this.findings.add('form'); this.add('form', value('action')); break;
          case 'button': case 'input': this.findings.add('form'); this.add('form', value('formaction')); break;
          case 'iframe': case 'frame': case 'embed': case 'object': this.findings.add('frame'); this.add('frame', value('src') ?? value('data')); break;
          case 'script': this.findings.add('script'); break;
          case 'link': if ((value('rel') ?? '').toLowerCase().includes('stylesheet')) this.findings.add('hidingStyle'); break;
          case 'meta': {
            const content = value('content') ?? '';
            if ((value('http-equiv') ?? '').toLowerCase() === 'refresh' && content.includes('=')) this.add('refresh', this.resolved(content.slice(content.indexOf('=') + 1)));
          }
        }
        if (['img', 'video', 'source', 'input', 'body', 'table', 'td'].includes(name)) {
          for (const source of [value('src'), value('background'), value('poster'), value('srcset')]) {
            if (source !== null && /^\s*(https?:|\/\/)/i.test(this.resolved(source))) this.images.push(source.slice(0, 2048));
          }
        }
      }
      resolved(target) {
        const plain = trimmed(target).replace(/[\n\r\t]/g, '');
        if (!this.base || plain.startsWith('#') || plain.slice(0, 20).includes(':') || plain.startsWith('//')) return plain;
        return this.base + plain;
      }
      add(kind, target, shown = '') {
        if (!target) return;
        if (this.links.length >= this.mostLinks) this.findings.add('tooManyLinks');
        else this.links.push({ kind, target: target.slice(0, 2048), shown });
      }
      closeAnchor() {
        if (!this.anchor) return;
        const { target, shown } = this.anchor;
        this.anchor = null;
        this.add('anchor', target, shown.split(/\s+/).filter(Boolean).join(' '));
      }
    }
    """#
}
