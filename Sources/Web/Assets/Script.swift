/// The script of every page: shortcuts, copying, refreshing parts of a page.
enum Script {
  static let text = #"""
    'use strict';
    (() => {
      const typing = e => e.target.closest('input, textarea, select, [contenteditable], dialog');
      let going = 0;
      // Whether there was any to close. The focus goes back to where the menu came from.
      const closeMenus = () => {
        const node = document.getElementById('node-menu'), open = document.querySelectorAll('details[data-menu][open]');
        open.forEach(d => { d.open = false; d.querySelector('summary').focus(); });
        if (node) { node.remove(); node.origin.focus(); }
        return node !== null || open.length > 0;
      };
      document.addEventListener('keydown', e => {
        if (e.key === 'Escape' && closeMenus()) return;
        if (e.ctrlKey || e.metaKey || e.altKey || typing(e)) return;
        const now = Date.now();
        if (going && now - going < 1500) {
          going = 0;
          const link = document.querySelector(`[data-go="${CSS.escape(e.key)}"]`);
          if (link) { e.preventDefault(); link.click(); }
          return;
        }
        if (e.key === 'g') { going = now; return; }
        if (e.key === '/') {
          const search = document.getElementById('search');
          if (search) { e.preventDefault(); search.focus(); search.select(); }
        } else if (e.key === '?') {
          const help = document.getElementById('help');
          if (help) { e.preventDefault(); help.showModal(); }
        } else {
          const link = document.querySelector(`[data-key="${CSS.escape(e.key.toLowerCase())}"]`);
          if (!link) return;
          // Arrows scroll what is too wide, and choose where a control has the focus.
          if (e.key.startsWith('Arrow') && e.target !== document.body && !e.target.matches('main')) return;
          e.preventDefault();
          link.click();
        }
      });

      document.addEventListener('click', e => {
        const button = e.target.closest('[data-copy], [data-copy-text]');
        if (!button) return;
        e.preventDefault();
        const source = button.dataset.copyText !== undefined ? button.dataset.copyText : button.dataset.copy === 'address' ? location.href
          : (document.getElementById(button.dataset.copy) || button).textContent;
        const say = text => {
          const before = button.dataset.label || button.textContent;
          button.dataset.label = before;
          button.textContent = text;
          setTimeout(() => { button.textContent = before; }, 1600);
        };
        if (navigator.clipboard) navigator.clipboard.writeText(source).then(() => say('Copied'), () => say('Not copied'));
        else say('Not copied');
      });

      // Menus: one at a time; a click elsewhere and Escape close them.
      document.addEventListener('click', e => {
        document.querySelectorAll('details[data-menu]').forEach(d => { if (!d.contains(e.target)) d.open = false; });
        if (!e.target.closest('#node-menu, [data-menu-of]')) document.getElementById('node-menu')?.remove();
      });

      // A node of a flow shows the menu of its row beside itself.
      document.addEventListener('click', e => {
        const node = e.target.closest('[data-menu-of]');
        if (!node || e.ctrlKey || e.metaKey || e.shiftKey) return;
        const list = document.querySelector(`${node.getAttribute('href')} details[data-menu] ul`);
        if (!list) return;
        e.preventDefault();
        document.getElementById('node-menu')?.remove();
        const menu = document.createElement('div');
        menu.id = 'node-menu';
        menu.className = 'floating';
        menu.append(list.cloneNode(true));
        document.body.append(menu);
        const box = node.querySelector('rect').getBoundingClientRect();
        const left = Math.min(box.right + 4, document.documentElement.clientWidth - menu.offsetWidth - 8);
        menu.style.left = `${Math.max(8, left) + scrollX}px`;
        menu.style.top = `${box.top + scrollY}px`;
        menu.origin = node;
        menu.querySelector('a, button')?.focus();
      });

      // On a narrow screen the navigation lies in one line: the current page's name is brought into view.
      const line = document.querySelector('.side ul'), current = line?.querySelector('[aria-current]');
      if (current) line.scrollLeft = current.offsetLeft - line.offsetLeft - 40;

      // The exact reading of a point lies above all lines, also of those that are drawn later.
      const lower = () => document.querySelectorAll('.tip.raised').forEach(t => t.remove());
      const raise = e => {
        const tip = e.target.closest('.door')?.querySelector('.tip');
        if (!tip) return;
        lower();
        const copy = tip.cloneNode(true);
        copy.classList.add('raised');
        tip.ownerSVGElement.append(copy);
      };
      for (const kind of ['pointerover', 'focusin']) document.addEventListener(kind, raise);
      for (const kind of ['pointerout', 'focusout']) document.addEventListener(kind, lower);

      // A part that waits: replaced by what its address answers, until the answer says that it is done.
      for (const part of document.querySelectorAll('[data-wait]')) {
        const ask = async () => {
          try {
            const answer = await fetch(part.dataset.wait, { headers: { Accept: 'text/html' } });
            if (answer.ok && answer.headers.get('X-Done') === 'yes') { part.innerHTML = await answer.text(); return; }
          } catch {}
          setTimeout(ask, 2000);
        };
        setTimeout(ask, 2000);
      }

      // The live view: new rows come on top; at most 200 stay.
      const live = document.querySelector('[data-live]');
      if (live) {
        const state = document.getElementById('live-state');
        let last = live.dataset.last || '0', paused = live.dataset.paused === 'yes';
        const button = document.getElementById('live-pause');
        const show = text => { state.textContent = text; };
        if (button) button.addEventListener('click', e => {
          e.preventDefault();
          paused = !paused;
          button.textContent = paused ? 'Resume' : 'Pause';
          show(paused ? 'Paused' : 'Refreshing every 2 s');
        });
        if (!paused) show('Refreshing every 2 s');
        const ask = async () => {
          if (!paused && !document.hidden) {
            try {
              const join = live.dataset.live.includes('?') ? '&' : '?';
              const address = live.dataset.live + join + 'after=' + last;
              const proof = await window.sealaneSession?.headers('GET', address);
              const answer = await fetch(address, { headers: { Accept: 'text/html', ...proof } });
              if (answer.status === 200) {
                last = answer.headers.get('X-Last') || last;
                const entry = answer.headers.get('X-Ledger-Entry');
                live.insertAdjacentHTML('afterbegin', await answer.text());
                document.getElementById('live-empty')?.remove();
                while (live.children.length > 200) live.lastElementChild.remove();
                const line = document.getElementById('live-entry');
                if (entry && line) line.textContent = entry;
                show('Refreshing every 2 s');
              } else if (answer.status === 401) { show('Signed out: reload the page'); return; }
              else if (answer.status !== 204) show('The server answered ' + answer.status + '; trying again');
            } catch { show('No connection; trying again'); }
          }
          setTimeout(ask, 2000);
        };
        setTimeout(ask, 2000);
      }
    })();
    """#
}
