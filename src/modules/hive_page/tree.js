// The process tree: operator, master, compiler, and the workers by generation, as boxes that the arrow keys walk among.
// A box's state is told by colour, by the shape of its cell and by a word.

import {isBadEnd, isWorker, kCompiler, kMaster, kOperator, kPredecessor, kSuccessor} from './actors.js';
import {arrange, html, setAttribute, setText, svg} from './dom.js';
import {bytes, compact, count, percent, plural, rate, span} from './format.js';

const kHexagon = 'M12 1.5l9.1 5.25v10.5L12 22.5l-9.1-5.25V6.75z';
const kCrowd = 24;  // from so many workers on, boxes tell less

// What a state's cell has drawn over its outline.
const kMarks = {
  ready: {d: kHexagon, class: 'full'},
  starting: {d: 'M2.9 12h18.2v5.25L12 22.5l-9.1-5.25z', class: 'full'},
  coming: {d: '', class: 'full'},
  'no answer': {d: 'M9.2 9.3a2.9 2.9 0 1 1 3.6 2.9q-.8.3-.8 1.6M12 16.9v.6', class: 'stroke'},
  draining: {d: 'M12 1.5l9.1 5.25v10.5L12 22.5z', class: 'full'},
  silent: {d: 'M12 6v7.5M12 16.6v1.4', class: 'stroke'},
  hung: {d: 'M12 6v7.5M12 16.6v1.4', class: 'stroke'},
  killed: {d: 'M8 8l8 8M16 8l-8 8', class: 'stroke'},
  gone: {d: 'M8 8l8 8M16 8l-8 8', class: 'stroke'},
};

function cell() {
  const mark = svg('path', {});
  const picture =
      svg('svg', {viewBox: '0 0 24 24', class: 'badge', 'aria-hidden': 'true'},
          svg('path', {d: kHexagon, class: 'outline'}), mark);
  return {
    picture,
    show(word) {
      const {d, class: name} = kMarks[word] ?? {d: '', class: 'full'};
      setAttribute(mark, 'd', d);
      setAttribute(mark, 'class', name);
    }
  };
}

// A list of named numbers; show() takes [name, text, whether to warn] triples and keeps the elements of the first call.
function numbers() {
  const list = html('dl', {class: 'numbers'});
  return {
    list,
    show(rows) {
      if (list.children.length !== rows.length) {
        list.replaceChildren(...rows.map(([name]) => html('div', {}, html('dt', {}, name), html('dd'))));
      }
      rows.forEach(([, text, warning], index) => {
        const value = list.children[index].lastElementChild;
        setText(value, text);
        value.classList.toggle('warn', Boolean(warning));
      });
    }
  };
}

class Box {
  constructor(key, kind) {
    this.badge = cell();
    this.numbers = numbers();
    this.name = html('b');
    this.word = html('span', {class: 'word'});
    this.who = html('p', {class: 'who'});
    this.why = html('p', {class: 'why'});
    this.element = html(
        'div', {class: `box ${kind}`, role: 'treeitem', tabindex: '-1', 'data-key': key, 'aria-selected': 'false'},
        html('div', {class: 'head'}, this.badge.picture, this.name, this.word), this.who, this.numbers.list, this.why);
  }

  show({name, word, who, why, bad, rows, label}) {
    setText(this.name, name);
    setText(this.word, word);
    setText(this.who, who);
    setText(this.why, why ?? '');
    this.badge.show(word);
    this.numbers.show(rows);
    setAttribute(this.element, 'data-state', word);
    this.why.classList.toggle('warn', Boolean(bad));
    setAttribute(this.element, 'aria-label', label);
  }
}

// What is written on a living process that nobody can ask.
const kSilent = 'no answer';

function describeWorker(process, servesThisPage, lost) {
  const facts = process.alive ? process.facts : null;
  const age = facts?.heartbeat_age_ms;
  const lag = facts && process.rates.lag !== null ? `≤ ${span(process.rates.lag)}` : span(facts?.loop_lag.last_us);
  const work = facts ?
      `${rate(process.rates.requests)} requests per second, ${plural(facts.connections.active, 'connection')}` :
      '';
  const who = `pid ${process.pid} · slot ${process.slot}${servesThisPage && process.alive ? ' · this page' : ''}`;
  const word = lost && process.alive ? kSilent : process.word;
  return {
    name: process.name,
    word,
    who,
    why: process.alive ? '' : process.reason || 'ended',
    bad: isBadEnd(process.reason),
    label:
        [process.name, word, `generation ${process.generation}`, who, work, process.reason].filter(Boolean).join(', '),
    rows: [
      ['requests/s', rate(facts && process.rates.requests)],
      ['connections', compact(facts?.connections.active)],
      ['CPU', percent(facts && process.rates.cpu)],
      ['memory', bytes(facts?.rss_bytes)],
      ['loop lag', lag],
      ['heartbeat', age === null || age === undefined ? '–' : `${(age / 1000).toFixed(1)} s`, age > 3000],
    ],
  };
}

const kOperatorFacts = {
  name: kOperator,
  word: '',
  who: 'signals, control socket',
  label: 'operator: signals and the control socket',
  rows: [],
};

function describeMaster(hive) {
  const {master, reloads, respawns} = hive.state;
  const {server} = hive;
  const word = hive.lost ? kSilent : server.state;
  const who = master ? `pid ${master.pid} · generation ${server.generation}` : 'none: master_process is off';
  const failed = reloads.failed > 0 ? ` (${count(reloads.failed)} failed)` : '';
  const why = reloads.last?.result === 'failed' ? `The last reload failed: ${reloads.last.why}` : '';
  return {
    name: kMaster,
    word,
    who,
    why,
    bad: why !== '',
    label: `master, ${word}, ${who} ${why}`,
    rows: [
      ['CPU', percent(hive.rates.cpu)],
      ['memory', bytes(master?.rss_bytes)],
      ['reloads', count(reloads.succeeded) + failed],
      ['respawns', count(respawns)],
    ],
  };
}

function describeHelper(name, helper, purpose, work = 'at work') {
  const word = helper === null ? 'none now' : helper.coming ? 'coming' : helper.working ? work : 'gone';
  const who = helper?.pid ? `pid ${helper.pid}` : purpose;
  return {name, word, who, label: `${name}, ${word}`, rows: []};
}

class Generation {
  constructor(number) {
    this.title = html('p', {class: 'generation-title'});
    this.cells = html('div', {class: 'cells', role: 'presentation'});
    this.element = html('div', {class: 'generation', role: 'group', 'data-generation': number}, this.title, this.cells);
  }

  // `current` is the number of the generation that serves; null for one of an old master's.
  show(number, processes, current) {
    const ready = processes.filter((process) => process.word === 'ready').length;
    const old = processes.some((process) => process.alive) ? 'leaves' : 'gone';
    const word = current === null || number < current ? old : number === current ? `${ready} ready` : 'starts';
    setText(this.title, `${current === null ? 'the old master\'s ' : ''}generation ${number} · ${word}`);
    setAttribute(this.element, 'aria-label', `generation ${number}, ${word}`);
  }
}

export class Tree {
  #stage;
  #boxes = new Map();        // key -> Box
  #generations = new Map();  // epoch and number -> Generation
  #heads = html('div', {class: 'heads', role: 'presentation'});
  #colony = html('div', {class: 'colony', role: 'presentation'});
  #onFollow;
  followed = null;

  // onFollow(key or null): the reader chose a process to follow.
  constructor(stage, onFollow) {
    this.#stage = stage;
    this.#onFollow = onFollow;
    const helpers = [kCompiler, kSuccessor, kPredecessor].map((key) => this.#box(key, 'helper').element);
    this.#heads.append(
        this.#box(kOperator, 'operator').element, this.#box(kMaster, 'master').element,
        html('div', {class: 'helpers', role: 'presentation'}, ...helpers));
    this.element(kMaster).tabIndex = 0;
    stage.append(this.#heads, this.#colony);
    stage.addEventListener('keydown', (event) => this.#onKey(event));
    stage.addEventListener('click', (event) => this.#onClick(event));
  }

  element(key) {
    return this.#boxes.get(key)?.element ?? null;
  }

  draw(hive) {
    if (hive.state === null) return;
    const {server} = hive.state;
    this.#box(kOperator).show(kOperatorFacts);
    this.#box(kMaster).show(describeMaster(hive));
    this.#box(kCompiler).show(describeHelper(kCompiler, hive.helper(kCompiler), 'reads configurations'));
    this.#box(kSuccessor).show(describeHelper(kSuccessor, hive.helper(kSuccessor), 'takes over'));
    this.#box(kPredecessor).show(describeHelper(kPredecessor, hive.helper(kPredecessor), 'leaves', 'draining'));
    for (const key of [kSuccessor, kPredecessor]) this.element(key).hidden = hive.helper(key) === null;

    const shown = hive.shown();
    for (const process of shown) {
      const here = server.answered_by?.pid === process.pid;
      this.#box(process.key, 'worker').show(describeWorker(process, here, hive.lost));
      this.element(process.key).dataset.wired = process.epoch === hive.epoch ? 'yes' : 'no';
    }
    this.#arrange(shown, hive);
    this.#keepOneTabStop();
  }

  #box(key, kind) {
    if (!this.#boxes.has(key)) this.#boxes.set(key, new Box(key, kind));
    return this.#boxes.get(key);
  }

  #arrange(shown, {server, epoch}) {
    this.#colony.classList.toggle('crowded', shown.length > kCrowd);
    // Each master counts its generations from 1.
    const groupOf = (process) => `${process.epoch}.${process.generation}`;
    const groups = [...new Set(shown.map(groupOf))];
    arrange(this.#colony, groups.map((group) => {
      const own = shown.filter((process) => groupOf(process) === group);
      const [first] = own;
      if (!this.#generations.has(group)) this.#generations.set(group, new Generation(first.generation));
      const generation = this.#generations.get(group);
      generation.show(first.generation, own, first.epoch === epoch ? server.generation : null);
      arrange(generation.cells, own.map((process) => this.#boxes.get(process.key).element));
      return generation.element;
    }));
    for (const group of this.#generations.keys()) {
      if (!groups.includes(group)) this.#generations.delete(group);
    }
    const keys = new Set(shown.map((process) => process.key));
    for (const [key, box] of this.#boxes) {
      if (isWorker(key) && !keys.has(key)) this.#drop(key, box);
    }
  }

  #drop(key, box) {
    const focused = box.element === document.activeElement;
    box.element.remove();
    this.#boxes.delete(key);
    if (this.followed === key) this.#follow(null);
    if (focused) this.#focus(this.element(kMaster));
  }

  #items() {
    return [...this.#boxes.values()].map((box) => box.element).filter((element) => !element.hidden);
  }

  #keepOneTabStop() {
    if (!this.#items().some((item) => item.tabIndex === 0)) this.element(kMaster).tabIndex = 0;
  }

  #focus(item) {
    for (const other of this.#items()) other.tabIndex = other === item ? 0 : -1;
    item.focus();
  }

  #follow(key) {
    this.followed = key;
    for (const item of this.#items()) setAttribute(item, 'aria-selected', String(item.dataset.key === key));
    this.#onFollow(key);
  }

  #onClick(event) {
    const item = event.target.closest('[role=treeitem]');
    if (!item) return;
    this.#focus(item);
    this.#follow(this.followed === item.dataset.key ? null : item.dataset.key);
  }

  #onKey(event) {
    const item = event.target.closest('[role=treeitem]');
    if (!item) return;
    const ways = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    if (ways[event.key])
      this.#focus(nearest(item, this.#items(), ways[event.key]) ?? item);
    else if (event.key === 'Home')
      this.#focus(this.element(kMaster));
    else if (event.key === 'End')
      this.#focus([...this.#colony.querySelectorAll('[role=treeitem]')].at(-1) ?? item);
    else if (event.key === 'Enter' || event.key === ' ')
      this.#follow(this.followed === item.dataset.key ? null : item.dataset.key);
    else if (event.key === 'Escape')
      this.#follow(null);
    else
      return;
    event.preventDefault();
  }
}

// The item whose middle lies nearest in a direction; what lies aside counts double.
function nearest(item, items, [dx, dy]) {
  const middle = (element) => {
    const box = element.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const [x, y] = middle(item);
  let best = null;
  let least = Infinity;
  for (const other of items) {
    const [ox, oy] = middle(other);
    const ahead = (ox - x) * dx + (oy - y) * dy;
    const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
    if (other !== item && ahead > 8 && ahead + 2 * aside < least) [best, least] = [other, ahead + 2 * aside];
  }
  return best;
}
