// How many connections each living worker has accepted, as bars, and how evenly.

import {seatClass} from './charts.js';
import {arrange, html, setText} from './dom.js';
import {count, plural} from './format.js';

export class Accepts {
  #parent;
  #spread;
  #rows = new Map();  // key -> elements

  constructor(parent, spread) {
    this.#parent = parent;
    this.#spread = spread;
    parent.classList.add('bars');
  }

  draw(hive) {
    const workers = hive.shown()
                        .filter((process) => process.alive && process.facts && process.word !== 'draining')
                        .sort((a, b) => a.seat - b.seat);
    const counts = workers.map((process) => process.facts.accepts);
    const most = Math.max(1, ...counts);
    arrange(this.#parent, workers.map((process) => {
      const {row, fill, value, wasted} = this.#row(process);
      fill.style.width = `${process.facts.accepts / most * 100}%`;
      setText(value, count(process.facts.accepts));
      setText(
          wasted, process.facts.wasted_wakeups > 0 ? `${plural(process.facts.wasted_wakeups, 'wasted wake-up')}` : '');
      return row;
    }));
    for (const key of this.#rows.keys()) {
      if (!workers.some((process) => process.key === key)) this.#rows.delete(key);
    }
    const least = Math.min(...counts);
    const ratio =
        least === 0 ? 'not all have accepted yet' : `most / least ${(most / least).toFixed(most < 10 * least ? 2 : 0)}`;
    const {server, totals} = hive.state;
    setText(this.#spread, `accept_by ${server.accept_by} · ${count(totals.accepts)} in all · ${ratio}`);
  }

  #row(process) {
    if (!this.#rows.has(process.key)) {
      const fill = html('i');
      const value = html('b');
      const wasted = html('small');
      const track = html('span', {class: 'track'}, fill);
      const row =
          html('div', {class: `bar ${seatClass(process.seat)}`}, html('span', {}, process.name), track, value, wasted);
      this.#rows.set(process.key, {row, fill, value, wasted});
    }
    return this.#rows.get(process.key);
  }
}
