// The connection to the server's events (src/modules/hive.md): keeps it open, comes back after it was lost, and asks
// then for the records that it has not seen.
//
// A stream also ends when its worker drains, in each reload. EventSource would wait a second and miss what happens
// meanwhile, so this reconnects by itself, the first time at once.
//
// listener: reset() another server answers, what was known is void; state(json); trace(records, live) records in order,
// each once, `live` unless they are history; link(word): opening, live or reconnecting.

const kSilenceMs = 5000;  // the server speaks each second
const kPatienceMs = 500;  // a reconnection that takes less is not worth a word
const kLongestPauseMs = 3000;

export class Stream {
  #listener;
  #source = null;
  #server = null;  // which server this is: its master's pid and start
  #newest = 0;     // number of the newest record seen
  #live = false;   // history has been read
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
    this.#hear();
  }

  #hear() {
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
    this.#hear();
    if (hello.trace_newest < this.#newest) this.#startOver();
  }

  #onState(state) {
    this.#hear();
    clearTimeout(this.#patience);
    this.#failures = 0;
    const server = `${state.master?.pid} ${state.server.started_wall_ms}`;
    if (this.#server !== null && this.#server !== server && this.#newest > 0) {
      // Another server whose numbers passed ours: its first records are still to be asked for.
      this.#startOver();
      this.#server = server;
      this.#source.close();
      this.#open();
      return;
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
    this.#listener.trace(unseen, this.#live);
    this.#live = true;
  }

  #startOver() {
    this.#newest = 0;
    this.#live = false;
    this.#server = null;
    this.#listener.reset();
  }
}
