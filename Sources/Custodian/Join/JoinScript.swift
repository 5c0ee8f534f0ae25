internal import Web

/// The script of the page that shows an opening: joins an export of a subject with what was opened.
///
/// The file that is chosen goes to a worker (`JoinWorker`) and comes back as two files to keep. Neither the page nor the worker may connect
/// to anything (their Content-Security-Policy), so nothing of it is uploaded, whatever this script were to do.
enum JoinScript {
  static let asset = Asset(name: "join", extension: "js", contentType: "text/javascript; charset=utf-8", text: text)

  /// Larger files are refused. A join takes little memory, but a file for a person to read has an end.
  static let largestMegabytes = 256

  private static let text = #"""
    'use strict';
    (() => {
      const section = document.getElementById('join');
      if (!section) return;
      const opening = JSON.parse(section.dataset.opening), largest = Number(section.dataset.megabytes);
      const input = section.querySelector('input[type=file]'), state = section.querySelector('[role=status]');
      const result = section.querySelector('[data-result]'), links = [...result.querySelectorAll('a')];
      let worker = null;
      const say = (sentence, kind) => { state.hidden = false; state.className = `notice ${kind}`; state.textContent = sentence; };
      const count = (number, word) => `${number} ${word}${number === 1 ? '' : 's'}`;
      const forget = () => {
        if (worker) worker.terminate();
        worker = null;
        result.hidden = true;
        for (const link of links) {
          if (link.href) URL.revokeObjectURL(link.href);
          link.removeAttribute('href');
        }
      };
      const offer = (link, blob, name) => { link.href = URL.createObjectURL(blob); link.download = name; };
      const take = answer => {
        if (answer.read !== undefined) return say(`Read ${Math.round(answer.read / 1048576)} MB.`, '');
        worker.terminate();
        worker = null;
        if (answer.refused) return say(answer.refused, 'danger');
        offer(links[0], answer.page, `${answer.subject}.html`);
        offer(links[1], answer.json, `${answer.subject}.identities.json`);
        result.hidden = false;
        const rest = answer.shut ? `${count(answer.shut, 'place')} stay${answer.shut === 1 ? 's' : ''} shut, and the files say why` : 'nothing stays shut';
        say(`${answer.subject}: ${count(answer.filled, 'place')} filled in, ${rest}; ${count(answer.events, 'event')}.`, answer.filled ? 'good' : 'warning');
      };
      input.addEventListener('change', () => {
        forget();
        const file = input.files[0];
        if (!file) { state.hidden = true; return; }
        if (file.size > largest * 1048576) {
          return say(`This file has ${Math.ceil(file.size / 1048576)} MB; at most ${largest} MB are joined here.`, 'danger');
        }
        say('Reading.', '');
        worker = new Worker(section.dataset.worker);
        worker.addEventListener('message', event => take(event.data));
        worker.addEventListener('error', () => { forget(); say('The join did not run in this browser. Use another one.', 'danger'); });
        worker.postMessage({ file, opening });
      });
    })();
    """#
}
