// The channels between the boxes of the tree, and the messages that travel along them.
//
// What really takes microseconds is shown in slow motion, at the pace of a Playback. Who asked for less motion sees
// each channel light up instead.

import {kCompiler, kMaster, kOperator, kPredecessor, kSuccessor} from './actors.js';
import {html, svg} from './dom.js';

const kCorner = 9;

// A line through points with its corners rounded, as an SVG path.
function rounded(points) {
  const parts = [`M${points[0]}`];
  for (let index = 1; index < points.length; index += 1) {
    const [x, y] = points[index];
    const next = points[index + 1];
    if (!next) {
      parts.push(`L${x},${y}`);
      break;
    }
    const towards = ([tx, ty]) => {
      const length = Math.hypot(tx - x, ty - y) || 1;
      const part = Math.min(kCorner, length / 2) / length;
      return `${x + (tx - x) * part},${y + (ty - y) * part}`;
    };
    parts.push(`L${towards(points[index - 1])}Q${x},${y} ${towards(next)}`);
  }
  return parts.join('');
}

export class Wires {
  #stage;
  #tree;
  #picture = svg('svg', {class: 'wires', 'aria-hidden': 'true'});
  #sky = html('div', {class: 'sky', 'aria-hidden': 'true'});
  #wires = new Map();  // key of the other end -> path element
  #calm = matchMedia('(prefers-reduced-motion: reduce)');

  constructor(stage, tree) {
    this.#stage = stage;
    this.#tree = tree;
    stage.prepend(this.#picture);
    stage.append(this.#sky);
    new ResizeObserver(() => this.lay()).observe(stage);
  }

  // Draws the channels anew, from where the boxes stand.
  lay() {
    const base = this.#stage.getBoundingClientRect();
    const place = (element) => {
      const box = element.getBoundingClientRect();
      const [left, top] = [box.left - base.left, box.top - base.top];
      return {
        left,
        top,
        right: left + box.width,
        bottom: top + box.height,
        x: left + box.width / 2,
        y: top + box.height / 2
      };
    };
    const master = place(this.#tree.element(kMaster));
    const lines = new Map();
    for (const key of [kOperator, kCompiler, kSuccessor, kPredecessor]) {
      if (!this.#tree.element(key).hidden) lines.set(key, this.#aside(master, place(this.#tree.element(key))));
    }
    const workers = [...this.#stage.querySelectorAll('.box.worker:not([data-wired=no])')];
    const narrow = getComputedStyle(this.#stage).getPropertyValue('--narrow').trim() === 'yes';
    const places = workers.map(place);
    const firstTop = Math.min(...places.map((box) => box.top));
    workers.forEach((worker, index) => {
      const box = places[index];
      lines.set(worker.dataset.key, narrow ? this.#fromTheSide(master, box) : this.#fromAbove(master, box, firstTop));
    });
    for (const [key, points] of lines) {
      if (!this.#wires.has(key)) {
        this.#wires.set(key, svg('path', {class: 'wire', 'data-key': key}));
        this.#picture.append(this.#wires.get(key));
      }
      const wire = this.#wires.get(key);
      wire.setAttribute('d', rounded(points));
      const end = this.#tree.element(key);
      wire.dataset.state = end.dataset.state ?? '';
    }
    for (const [key, wire] of this.#wires) {
      if (!lines.has(key)) {
        wire.remove();
        this.#wires.delete(key);
      }
    }
  }

  // Takes what is in the air out of sight.
  clear() {
    this.#sky.replaceChildren();
  }

  // Lets a step (actors.js) travel for so long.
  fly({from, to, label, group}, ms) {
    const wire = this.#wires.get(from === kMaster ? to : from);
    if (!wire) return;
    if (wire.animate) wire.animate([{stroke: 'var(--honey)', strokeWidth: '3px'}, {}], {duration: ms * 1.4});
    if (this.#calm.matches) return;
    const flight = html(
        'span',
        {class: `flight ${group} ${from === kMaster ? 'down' : 'up'}`, 'data-peer': from === kMaster ? to : from},
        html('i'), label);
    flight.style.offsetPath = `path("${wire.getAttribute('d')}")`;
    this.#sky.append(flight);
    const way = from === kMaster ? ['0%', '100%'] : ['100%', '0%'];
    const frames = [0, 0.12, 0.85, 1].map((offset) => ({offset, opacity: offset % 1 === 0 ? 0 : 1}));
    flight.animate(frames, {duration: ms});
    flight.animate(way.map((offsetDistance) => ({offsetDistance})), {duration: ms, easing: 'cubic-bezier(.4,.1,.5,1)'})
        .finished.then(() => flight.remove(), () => flight.remove());
  }

  // Operator, compiler and new master stand beside the master, or above it where there is no room.
  #aside(master, other) {
    if (other.bottom <= master.top) return [[other.x, master.top], [other.x, other.bottom]];
    if (other.x < master.x) return [[master.left, master.y], [other.right, master.y]];
    const turn = (master.right + other.left) / 2;
    return [[master.right, master.y], [turn, master.y], [turn, other.y], [other.left, other.y]];
  }

  // Down to a bus above the row, along it, and into the box; later rows are reached around the left edge.
  #fromAbove(master, box, firstTop) {
    const bus = firstTop - 13;
    const start = [[master.x, master.bottom], [master.x, bus]];
    const isFirstRow = box.top - firstTop < 8;
    if (isFirstRow && Math.abs(box.x - master.x) < 2) return [start[0], [box.x, box.top]];
    if (isFirstRow) return [...start, [box.x, bus], [box.x, box.top]];
    return [...start, [6, bus], [6, box.top - 13], [box.x, box.top - 13], [box.x, box.top]];
  }

  #fromTheSide(master, box) {
    return [[master.left + 2, master.y], [5, master.y], [5, box.y], [box.left, box.y]];
  }
}
