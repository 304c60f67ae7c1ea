// The whole hive in one strip of numbers, and the line about the server in the header.

import {html, setText} from './dom.js';
import {bytes, clock, compact, count, plural, rate, span} from './format.js';

const kFields = [
  ['requests/s', ({rates}) => rate(rates.requests)],
  ['connections', ({state}) => count(state.totals.connections.active)],
  ['requests', ({state}) => compact(state.totals.requests)],
  ['accepts', ({state}) => compact(state.totals.accepts)],
  ['sent', ({state}) => bytes(state.totals.bytes_sent)],
  ['sent/s', ({rates}) => bytes(rates.bytes)],
  ['4xx', ({state}) => compact(state.totals.responses['4xx'])],
  ['5xx', ({state}) => compact(state.totals.responses['5xx'])],
];

export class Totals {
  #values;
  #server;

  constructor(list, server) {
    this.#server = server;
    this.#values = kFields.map(([name]) => {
      const value = html('dd', {}, '–');
      list.append(html('div', {}, html('dt', {}, name), value));
      return value;
    });
  }

  draw(hive) {
    kFields.forEach(([, tell], index) => setText(this.#values[index], tell(hive)));
    const {server, workers} = hive.state;
    if (hive.lost) {
      setText(this.#server, `${server.version} · does not answer since ${clock(server.wall_ms).slice(0, 8)}`);
      return;
    }
    const ready = workers.filter((worker) => worker.serving).length;
    const leaving = workers.filter((worker) => worker.state === 'draining').length;
    setText(this.#server, [
      server.version, server.state, `${plural(ready, 'worker')} ready`, leaving > 0 ? `${leaving} draining` : '',
      `up ${span(server.uptime_ms * 1000)}`
    ].filter(Boolean).join(' · '));
  }
}
