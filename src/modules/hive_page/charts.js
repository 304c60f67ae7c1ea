// Line charts of the last minutes, one line per worker. A worker's colour follows its seat, so its successor goes on in
// it.

import {html, setText, svg} from './dom.js';
import {compact, count, rate, span} from './format.js';

const kWindowMs = 5 * 60 * 1000;
const kShortestWindowMs = 60 * 1000;
const kHeight = 168;
const kEdge = {
  left: 52,
  right: 10,
  top: 8,
  bottom: 20
};

const kCharts = [
  {title: 'Requests per second', field: 'requests', format: rate, tick: compact, least: 10},
  {title: 'Longest turn of the loop, at most', field: 'lag', format: span, least: 100},
  {title: 'Connections', field: 'connections', format: count, least: 4},
];

export const seatClass = (seat) => `seat-${(seat ?? 0) % 8}${Math.floor((seat ?? 0) / 8) % 2 ? ' dashed' : ''}`;

// The next of 2, 4, 10, 20, 40, ... that is not below a value: half of it is whole.
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [2, 4, 10].find((step) => step * power >= value * 0.999) * power;
}

class Chart {
  #options;
  #legend = html('ul', {class: 'legend'});
  #picture = svg('svg', {class: 'chart', role: 'img', tabindex: '0'});
  #when = html('span', {class: 'hint'});
  #pointed = null;  // how long ago the reader points at, in ms
  #last = null;

  constructor(options) {
    this.#options = options;
    this.element = html(
        'figure', {'data-chart': options.field}, html('figcaption', {}, html('b', {}, options.title), this.#when),
        this.#picture, this.#legend);
    this.#picture.addEventListener('pointermove', (event) => this.#point(event));
    this.#picture.addEventListener('pointerleave', () => this.#pointAt(null));
    this.#picture.addEventListener('keydown', (event) => this.#onKey(event));
    this.#picture.addEventListener('blur', () => this.#pointAt(null));
  }

  draw(processes, now) {
    this.#last = [processes, now];
    const width = Math.max(200, this.#picture.clientWidth);
    const oldest = Math.min(now, ...processes.map((process) => process.series[0].at));
    const window = Math.min(kWindowMs, Math.max(kShortestWindowMs, now - oldest));
    const {field, least} = this.#options;
    let highest = least;
    for (const {series} of processes)
      for (const point of series) highest = Math.max(highest, point[field] ?? 0);
    const top = ceiling(highest);
    this.scale = {
      width,
      window,
      x: (at) => kEdge.left + (width - kEdge.left - kEdge.right) * (1 - (now - at) / window),
      y: (value) => kHeight - kEdge.bottom - (kHeight - kEdge.top - kEdge.bottom) * (value / top)
    };
    this.#picture.setAttribute('viewBox', `0 0 ${width} ${kHeight}`);
    this.#picture.replaceChildren(
        ...this.#axes(top), ...processes.map((process) => this.#line(process)), ...this.#cross(now));
    this.#tell(processes, now);
  }

  #axes(top) {
    const {width, window, x, y} = this.scale;
    const tick = this.#options.tick ?? this.#options.format;
    const across = [0, top / 2, top].flatMap(
        (value) =>
            [svg('line', {class: 'grid', x1: kEdge.left, x2: width - kEdge.right, y1: y(value), y2: y(value)}),
             svg('text', {class: 'tick', x: kEdge.left - 7, y: y(value) + 4, 'text-anchor': 'end'}, tick(value)),
    ]);
    const seconds = window / 1000;
    const name = seconds >= 120 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds)} s ago`;
    return [
      ...across, svg('text', {class: 'tick', x: kEdge.left, y: kHeight - 4}, name),
      svg('text', {class: 'tick', x: x(this.#last[1]), y: kHeight - 4, 'text-anchor': 'end'}, 'now')
    ];
  }

  // One line, broken where nothing is known.
  #line(process) {
    const {x, y} = this.scale;
    let path = '';
    let down = false;
    for (const point of process.series) {
      const value = point[this.#options.field];
      if (value !== null) path += `${down ? 'L' : 'M'}${x(point.at).toFixed(1)},${y(value).toFixed(1)}`;
      down = value !== null;
    }
    return svg('path', {class: `line ${seatClass(process.seat)}`, d: path, 'data-key': process.key});
  }

  #cross(now) {
    if (this.#pointed === null) return [];
    const at = this.scale.x(now - this.#pointed);
    return [svg('line', {class: 'cross', x1: at, x2: at, y1: kEdge.top, y2: kHeight - kEdge.bottom})];
  }

  // The values at the time pointed at, or now, as a legend.
  #tell(processes, now) {
    const at = now - (this.#pointed ?? 0);
    const rows = [];
    for (const process of processes) {
      const point = process.series.findLast((one) => one.at <= at + 500);
      if (point && at - point.at < 3000 && (process.alive || this.#pointed !== null))
        rows.push([process, this.#options.format(point[this.#options.field])]);
    }
    setText(this.#when, this.#pointed === null ? 'now' : `${Math.round(this.#pointed / 1000)} s ago`);
    this.#legend.replaceChildren(...rows.map(
        ([process, text]) => html(
            'li', {class: seatClass(process.seat)}, html('i'), html('span', {}, process.name), html('b', {}, text))));
    const values = rows.map(([process, text]) => `${process.name} ${text}`).join(', ');
    this.#picture.setAttribute('aria-label', `${this.#options.title}: ${values}`);
  }

  #point(event) {
    if (!this.scale) return;
    const box = this.#picture.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * this.scale.width;
    const share = (x - kEdge.left) / (this.scale.width - kEdge.left - kEdge.right);
    this.#pointAt((1 - share) * this.scale.window);
  }

  #pointAt(ago) {
    this.#pointed = ago === null ? null : Math.max(0, Math.min(this.scale?.window ?? 0, ago));
    if (this.#last) this.draw(...this.#last);
  }

  #onKey(event) {
    const by = {ArrowLeft: 1000, ArrowRight: -1000, PageUp: 30000, PageDown: -30000}[event.key];
    if (by)
      this.#pointAt((this.#pointed ?? 0) + by);
    else if (event.key === 'Escape')
      this.#pointAt(null);
    else
      return;
    event.preventDefault();
  }
}

export class Charts {
  #charts = kCharts.map((options) => new Chart(options));

  constructor(parent) {
    parent.append(...this.#charts.map((chart) => chart.element));
  }

  draw(hive) {
    const processes = hive.measured();
    for (const chart of this.#charts) chart.draw(processes, hive.state.server.wall_ms);
  }
}
