// The log of events, newest first. Enter or a click on one marks what led to it and what followed from it.

import {detail, isBadEnd, isWorker, kMaster} from './actors.js';
import {ancestors, effects} from './causes.js';
import {arrange, html, setAttribute} from './dom.js';
import {clock, plural} from './format.js';

const kRows = 160;

const kFilters = {
  all: () => true,
  messages: ({kind}) => kind === 'send' || kind === 'receive',
  life: ({kind}) => ['spawn', 'exit', 'state', 'closed', 'heartbeat', 'kill', 'server', 'generation'].includes(kind),
  orders: ({kind}) => ['command', 'reply', 'signal', 'kill', 'generation'].includes(kind),
};

export class Messages {
  #list;
  #chain;
  #filter = 'all';
  #rows = new Map();  // number -> element
  #chosen = null;     // number of the record whose chain is shown
  #hive = null;
  #followed = null;  // key of the process whose events alone are shown

  constructor({list, chain, filter}) {
    this.#list = list;
    this.#chain = chain;
    filter.addEventListener('change', () => {
      this.#filter = filter.value;
      this.draw(this.#hive);
    });
    list.addEventListener('click', (event) => this.#choose(event.target.closest('[data-seq]')));
    chain.addEventListener('click', (event) => this.#onChain(event));
    list.addEventListener('keydown', (event) => this.#onKey(event));
  }

  follow(key) {
    this.#followed = key;
    this.draw(this.#hive);
  }

  clear() {
    this.#rows.clear();
    this.#chosen = null;
  }

  draw(hive) {
    this.#hive = hive;
    if (hive === null) return;
    const chosen = this.#chosen === null ? null : hive.find(this.#chosen) ?? null;
    const causes = chosen ? ancestors(hive, chosen) : [];
    const results = chosen ? effects(hive, chosen) : [];
    const rows = this.#latest(hive, causes, results).map((record) => this.#row(record));
    arrange(this.#list, rows);
    this.#mark(rows, chosen, causes, results);
    this.#showChain(chosen, causes, results);
    const kept = new Set(rows.map((row) => Number(row.firstElementChild.dataset.seq)));
    for (const seq of this.#rows.keys())
      if (!kept.has(seq)) this.#rows.delete(seq);
    const stops = [...this.#list.querySelectorAll('button')];
    if (stops.length > 0 && !stops.some((stop) => stop.tabIndex === 0)) stops[0].tabIndex = 0;
  }

  // The newest that the filter lets through, and the chosen chain even where it is older.
  #latest(hive, causes, results) {
    const found = [];
    const chain = new Set([...causes, ...results].map(({seq}) => seq));
    const wanted = kFilters[this.#filter];
    for (let index = hive.records.length - 1; index >= 0; index -= 1) {
      const record = hive.records[index];
      const own =
          this.#followed === null || [record.process?.key, record.step.from, record.step.to].includes(this.#followed);
      if (chain.has(record.seq) || (found.length < kRows && own && wanted(record))) found.push(record);
    }
    return found;
  }

  #row(record) {
    if (this.#rows.has(record.seq)) return this.#rows.get(record.seq);
    const {from, to, label, group} = record.step;
    const name = (key) => (isWorker(key) ? record.process.name : key);
    const way = [html('span', {class: 'actor'}, name(from))];
    if (from !== to) {
      way.push(html('span', {class: 'arrow', 'aria-label': 'to'}, '→'), html('span', {class: 'actor'}, name(to)));
    }
    const tone = isBadEnd(record.text) ? 'bad' : from === kMaster ? 'down' : 'up';
    const attributes = {type: 'button', tabindex: '-1', 'data-seq': record.seq, class: group, 'aria-pressed': 'false'};
    const row = html(
        'li', {},
        html(
            'button', attributes,
            html('time', {datetime: new Date(record.wall_ms).toISOString()}, clock(record.wall_ms)),
            html('span', {class: 'way'}, ...way), html('b', {class: tone}, label),
            html('span', {class: 'detail'}, detail(record))));
    this.#rows.set(record.seq, row);
    return row;
  }

  #mark(rows, chosen, causes, results) {
    const led = new Set(causes.map(({seq}) => seq));
    const followed = new Set(results.map(({seq}) => seq));
    this.#list.classList.toggle('chained', chosen !== null);
    for (const row of rows) {
      const seq = Number(row.firstElementChild.dataset.seq);
      const part = seq === chosen?.seq ? 'chosen' : led.has(seq) ? 'cause' : followed.has(seq) ? 'effect' : '';
      setAttribute(row, 'data-part', part);
      setAttribute(row.firstElementChild, 'aria-pressed', String(part === 'chosen'));
    }
  }

  #showChain(chosen, causes, results) {
    this.#chain.hidden = chosen === null;
    if (chosen === null || this.#chain.dataset.shown === `${chosen.seq} ${results.length}`) return;
    this.#chain.dataset.shown = `${chosen.seq} ${results.length}`;
    const link = (record) => {
      const attributes = {type: 'button', 'data-goto': record.seq, 'aria-current': record === chosen ? 'true' : null};
      const name = record.process ? `${record.step.label} · ${record.process.name}` : record.step.label;
      return html('li', {}, html('button', attributes, name));
    };
    this.#chain.replaceChildren(
        html('ol', {'aria-label': 'From the first cause to this event'}, ...causes.map(link)),
        html(
            'span', {class: 'hint'},
            results.length > 0 ? `led to ${plural(results.length, 'event')}` : 'led to nothing more'),
        html('button', {type: 'button', 'data-goto': 'none', class: 'quiet'}, 'Clear'));
  }

  #choose(button) {
    if (!button) return;
    const seq = Number(button.dataset.seq);
    this.#stopAt(button);
    this.#chosen = this.#chosen === seq ? null : seq;
    this.draw(this.#hive);
  }

  #onChain(event) {
    const where = event.target.closest('[data-goto]')?.dataset.goto;
    if (!where) return;
    this.#chosen = where === 'none' ? null : Number(where);
    delete this.#chain.dataset.shown;
    this.draw(this.#hive);
    const row = this.#list.querySelector(`[data-seq="${where}"]`) ?? this.#list.querySelector('button');
    if (row) this.#stopAt(row, true);
  }

  #stopAt(button, focus = false) {
    for (const other of this.#list.querySelectorAll('button[tabindex="0"]')) other.tabIndex = -1;
    button.tabIndex = 0;
    if (focus) button.focus();
  }

  #onKey(event) {
    const rows = [...this.#list.querySelectorAll('button')];
    const at = rows.indexOf(event.target.closest('button'));
    const goals =
        {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1, PageDown: at + 10, PageUp: at - 10};
    if (event.key === 'Escape') {
      this.#chosen = null;
      this.draw(this.#hive);
    } else if (event.key in goals) {
      this.#stopAt(rows[Math.max(0, Math.min(rows.length - 1, goals[event.key]))], true);
    } else {
      return;
    }
    event.preventDefault();
  }
}
