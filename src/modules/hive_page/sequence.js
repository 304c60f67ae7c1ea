// The sequence chart of the last reload: a lifeline for each process, and each message once, from the top down, with
// its time since the beginning. A lifeline is thin before its process lives, and has the colour of its state.

import {detail, isMessage, isWorker, kMaster, kOperator} from './actors.js';
import {html, setText, svg} from './dom.js';
import {clock, plural, span} from './format.js';

const kTimes = 70;  // width of the column of times
const kLane = 92;
const kNarrowLane = 76;
const kRow = 24;
const kHead = 46;
const kLong = 150;  // from so many rows on the chart scrolls by itself

export class Sequence {
  #parent;
  #facts;
  #shown = '';

  constructor(parent, facts) {
    this.#parent = parent;
    this.#facts = facts;
  }

  clear() {
    this.#shown = '';
  }

  draw(reload) {
    const width = this.#parent.clientWidth;
    const version = `${reload.records[0]?.seq} ${reload.records.at(-1)?.seq} ${reload.over} ${width}`;
    if (version === this.#shown) return;
    this.#shown = version;
    setText(this.#facts, tell(reload));
    if (reload.records.length === 0) {
      this.#parent.replaceChildren(
          html('p', {class: 'empty'}, 'No reload is in the trace. Order one: colmeia ctl reload'));
      return;
    }
    this.#parent.replaceChildren(...picture(reload, width));
    // The whole story at a glance, unless that would be many screens.
    this.#parent.classList.toggle('long', reload.records.filter(isTold).length > kLong);
  }

  // Marks a record of the chart, or none.
  point(record) {
    for (const marked of this.#parent.querySelectorAll('.now')) marked.classList.remove('now');
    if (record === null) return;
    this.#parent.querySelector(`[data-seq="${record.seq}"], [data-note="${record.seq}"]`)?.classList.add('now');
  }
}

const isNote = (record) => ['generation', 'listener', 'server'].includes(record.kind);
const isTold = (record) => isMessage(record) || isNote(record);

function tell({records, generation, isStart, over}) {
  if (records.length === 0) return '';
  const [first, last] = [records[0], records.at(-1)];
  const ready = records.find((record) => record.kind === 'generation' && record.text === 'current');
  const what = isStart    ? 'no reload yet: this is the start' :
      generation === null ? `upgrade by ${first.step.label}` :
                            `generation ${generation} by ${first.step.label}`;
  const parts = [what, clock(first.wall_ms)];
  if (ready) parts.push(`serves after ${span((ready.mono_ns - first.mono_ns) / 1000)}`);
  parts.push(over ? `over after ${span((last.mono_ns - first.mono_ns) / 1000)}` : 'under way');
  parts.push(plural(records.filter(isMessage).length, 'message'));
  return parts.join(' · ');
}

// Who takes part, from left to right: operator, master, compiler or new master, those that leave, those that come.
function lifelines(records) {
  const workers = new Map();
  const helpers = new Set();
  for (const {step, process} of records) {
    if (process) workers.set(process.key, process);
    for (const key of [step.from, step.to]) {
      if (!isWorker(key) && key !== kOperator && key !== kMaster) helpers.add(key);
    }
  }
  const order = (a, b) => a.generation - b.generation || (a.seat ?? 0) - (b.seat ?? 0) || a.pid - b.pid;
  return [
    {key: kOperator, name: kOperator, below: ''},
    {key: kMaster, name: kMaster, below: ''},
    ...[...helpers].map((key) => ({key, name: key, below: ''})),
    ...[...workers.values()].sort(order).map(
        ({key, name, pid, generation}) => ({key, name, below: `gen ${generation} · ${pid}`})),
  ];
}

// The states that a lifeline goes through, as [state, from row, to row].
function lives(key, rows, records) {
  if (!isWorker(key)) return [];
  const spans = [];
  let state = null;
  let since = 0;
  records.forEach((record) => {
    if (record.process?.key !== key) return;
    const next = record.kind === 'state' ? record.text : record.kind === 'spawn' ? 'starting' : null;
    if (state === null && next !== 'starting') state = 'ready';
    if (next === null || next === state) return;
    const row = rows.get(record.seq);
    if (state !== null) spans.push([state, since, row]);
    [state, since] = [next, row];
  });
  spans.push([state ?? 'ready', since, Math.max(...rows.values()) + 1]);
  return spans.filter(([name]) => name !== 'gone' && name !== 'empty');
}

function picture(reload, room) {
  const told = reload.records.filter(isTold);
  const lanes = lifelines(reload.records);
  const narrow = room < 600;
  const lane = Math.max(narrow ? kNarrowLane : kLane, Math.min(170, (room - kTimes - 20) / lanes.length));
  const x = new Map(lanes.map(({key}, index) => [key, kTimes + lane * (index + 0.5)]));
  const width = kTimes + lane * lanes.length;

  // A record that is not told has the row of the one before it.
  const rows = new Map();
  let row = 0;
  for (const record of reload.records) {
    if (isTold(record)) row += 1;
    rows.set(record.seq, row);
  }
  const height = (row + 1) * kRow;
  const y = (number) => number * kRow;

  const head = svg(
      'svg', {class: 'sequence-head', width, height: kHead, viewBox: `0 0 ${width} ${kHead}`, 'aria-hidden': 'true'},
      ...lanes.flatMap(
          ({key, name, below}) =>
              [svg('text',
                   {class: `lane ${isWorker(key) ? 'worker' : key}`, x: x.get(key), y: 20, 'text-anchor': 'middle'},
                   name),
               svg('text', {class: 'tick', x: x.get(key), y: 37, 'text-anchor': 'middle'}, below)]));
  const body =
      svg('svg', {
        class: 'sequence-body',
        width,
        height,
        viewBox: `0 0 ${width} ${height}`,
        role: 'list',
        'aria-label': tell(reload)
      },
          ...lanes.map(({key}) => svg('line', {class: 'lifeline', x1: x.get(key), x2: x.get(key), y1: 0, y2: height})),
          ...lanes.flatMap(({key}) => lives(key, rows, reload.records).map((life) => bar(life, x.get(key), y))),
          ...told.map(
              (record) =>
                  (isMessage(record) ? arrow : note)(record, y(rows.get(record.seq)), x, reload.records[0], width)));
  return [head, body];
}

function bar([state, from, to], x, y) {
  const height = Math.max(4, y(to) - y(from));
  return svg(
      'rect', {class: 'alive', 'data-state': state, x: x - 3, width: 6, y: from ? y(from) : -kRow, height, rx: 3});
}

const since = (record, first) => {
  const us = (record.mono_ns - first.mono_ns) / 1000;
  return us < 1e6 ? `${(us / 1000).toFixed(us < 1e5 ? 2 : 1)} ms` : `${(us / 1e6).toFixed(2)} s`;
};

function arrow(record, y, x, first) {
  const {from, to, label, group} = record.step;
  const [start, end] = [x.get(from), x.get(to)];
  const way = Math.sign(end - start);
  const [left, right] = [start + way * 5, end - way * 5];
  const title = `${since(record, first)}: ${label} ${detail(record)}`;
  return svg(
      'g', {
        class: `message ${group} ${from === kMaster ? 'down' : 'up'}`,
        role: 'listitem',
        'data-seq': record.seq,
        'aria-label': title
      },
      svg('title', {}, title),
      svg('text', {class: 'tick', x: kTimes - 12, y: y + 4, 'text-anchor': 'end'}, since(record, first)),
      svg('line', {x1: left, x2: right, y1: y, y2: y}),
      svg('path', {class: 'tip', d: `M${right},${y}l${- way * 7},-4v8z`}),
      svg('text', {class: 'label', x: end - way * 12, y: y - 4, 'text-anchor': way > 0 ? 'end' : 'start'}, label));
}

function note(record, y, x, first) {
  const at = x.get(kMaster);
  const about =
      record.kind === 'generation' ? `generation ${record.generation} ${record.text}` : `${record.kind} ${record.text}`;
  return svg(
      'g',
      {class: 'note', role: 'listitem', 'data-note': record.seq, 'aria-label': `${since(record, first)}: ${about}`},
      svg('text', {class: 'tick', x: kTimes - 12, y: y + 4, 'text-anchor': 'end'}, since(record, first)),
      svg('path', {d: `M${at},${y - 6}l5.2,3v6l-5.2,3l-5.2,-3v-6z`}),
      svg('text', {class: 'label', x: at + 10, y: y + 4}, about));
}
