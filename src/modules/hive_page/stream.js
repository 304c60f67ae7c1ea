// The connection to the server's events (src/modules/hive.md): keeps it open, comes back after it was lost, and asks
// then for the records that it has not seen.
//
// A stream also ends when its worker drains, in each reload. EventSource would wait a second and miss what happens
// meanwhile, so this reconnects by itself, the first time at once.
//
// Each master numbers its records from 1. Those of a new master that took over go on where the old one's ended, so that
// a number and a cause mean one record as long as the page is open.
//
// listener: reset() another server answers, what was known is void; succeed() the new master answers that the one
// before had started; state(json); history(records) what had happened before anybody looked, then trace(records) what
// happens, in order, each once; link(word): opening, live or reconnecting.

import {kSuccessor} from './actors.js';

const kSilenceMs = 5000;  // the server speaks each second
const kPatienceMs = 500;  // a reconnection that takes less is not worth a word
const kLongestPauseMs = 3000;
const kAbsenceMs = 5000;  // who was away for longer reads of it, and does not watch it

export class Stream {
  #listener;
  #source = null;
  #server = null;      // which server this is: its master's pid and start
  #newest = 0;         // the server's number of the newest record seen
  #history = 0;        // up to here records are history
  #greeted = 0;        // the newest record at the beginning of this connection
  #base = 0;           // is added to the server's numbers
  #successor = null;   // pid of the new master that the server has started
  #heard = -Infinity;  // when the server last spoke
  #failures = 0;
  #silence = 0;
  #patience = 0;

  constructor(listener) {
    this.#listener = listener;
    listener.link('opening');
    this.#open();
  }

  #open() {
    this.#source = new EventSource(`events?after=${this.#newest}`);
    this.#source.addEventListener('hello', (event) => this.#onHello(JSON.parse(event.data)));
    this.#source.addEventListener('state', (event) => this.#onState(JSON.parse(event.data)));
    this.#source.addEventListener('trace', (event) => this.#onTrace(JSON.parse(event.data)));
    this.#source.addEventListener('error', () => this.#retry());
    this.#expectWord();
  }

  #hear() {
    this.#heard = performance.now();
    this.#expectWord();
  }

  #expectWord() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#retry(), kSilenceMs);
  }

  #retry() {
    this.#source.close();
    clearTimeout(this.#silence);
    if (this.#failures === 0) this.#patience = setTimeout(() => this.#listener.link('reconnecting'), kPatienceMs);
    const pause = this.#failures === 0 ? 0 : Math.min(250 * 2 ** (this.#failures - 1), kLongestPauseMs);
    this.#failures += 1;
    setTimeout(() => this.#open(), pause);
  }

  #onHello(hello) {
    const absence = performance.now() - this.#heard;
    this.#hear();
    this.#greeted = hello.trace_newest;
    if (absence > kAbsenceMs) this.#history = hello.trace_newest;
  }

  #onState(state) {
    this.#hear();
    clearTimeout(this.#patience);
    this.#failures = 0;
    const server = `${state.master?.pid} ${state.server.started_wall_ms}`;
    if (this.#server !== null && this.#server !== server) {
      const numbersPassedOurs = this.#greeted >= this.#newest && this.#newest > 0;
      this.#startOver(state.master && state.master.pid === this.#successor);
      this.#server = server;
      if (numbersPassedOurs) {  // its first records are still to be asked for
        this.#source.close();
        this.#open();
        return;
      }
    }
    this.#server = server;
    this.#listener.link('live');
    this.#listener.state(state);
  }

  #onTrace(records) {
    this.#hear();
    const unseen = records.filter((record) => record.seq > this.#newest);
    if (unseen.length === 0) return;
    this.#newest = unseen.at(-1).seq;
    for (const record of unseen) {
      if (record.peer === kSuccessor && record.kind === 'spawn') this.#successor = record.pid;
    }
    const isHistory = ({seq}) => seq <= this.#history;
    const [history, news] = [unseen.filter(isHistory), unseen.filter((record) => !isHistory(record))];
    for (const record of unseen) {
      record.seq += this.#base;
      if (record.cause) record.cause += this.#base;
    }
    if (history.length > 0) this.#listener.history(history);
    if (news.length > 0) this.#listener.trace(news);
  }

  // Another server answers.
  #startOver(isSuccessor) {
    this.#base = isSuccessor ? this.#base + this.#newest : 0;
    this.#newest = 0;
    this.#history = this.#greeted;
    this.#successor = null;
    if (isSuccessor)
      this.#listener.succeed();
    else
      this.#listener.reset();
  }
}
