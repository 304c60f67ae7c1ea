// What the page knows of the hive: processes, records and the last minutes, from the server's state (each second) and
// its trace (as things happen). Draws nothing.

import {kCompiler, kPredecessor, kSuccessor, step} from './actors.js';

const kMaxRecords = 4096;          // as many as the server's ring holds
const kMinutesMs = 5 * 60 * 1000;  // how far back charts look
const kGhostMs = 8000;             // how long a process that ended stays in sight
const kDrainShownMs = 3000;        // how long an old master is seen to drain
const kFarewellMs = 12000;         // how long an old master is shown that leaves without a word
const kLateMs = 3000;              // how long an exit may come after the end of its channel
const kMeterMs = 4000;             // over how long processor time is averaged

const perSecond = (now, before, seconds) =>
    (now === null || before === null ? null : Math.max(0, now - before) / seconds);

// The longest turn of the loop since the state before: upper limit of the highest bucket that grew; null without a
// turn.
function longestTurn(now, before, limits) {
  for (let bucket = now.counts.length - 1; bucket >= 0; bucket -= 1) {
    if (now.counts[bucket] > (before.counts[bucket] ?? 0)) return limits[bucket] ?? now.longest_us;
  }
  return null;
}

// How fast a total grows that is noted about once a second, not at the moment it is read: over some seconds.
class Meter {
  #samples = [];

  rate(at, value) {
    this.#samples.push([at, value]);
    while (this.#samples.length > 2 && at - this.#samples[0][0] > kMeterMs) this.#samples.shift();
    const [since, before] = this.#samples[0];
    return at > since ? perSecond(value, before, (at - since) / 1000) : null;
  }
}

// The new master's word that it stands alone.
const isFarewell = ({kind, slot, text}) =>
    kind === 'closed' && slot === null && text === 'the old master serves no more';

class Process {
  constructor(slot, pid, generation, epoch) {
    Object.assign(this, {key: `${slot}:${pid}`, slot, pid, generation, epoch, seat: null, state: 'coming', reason: ''});
    this.late = false;    // its heartbeat is missed
    this.gone_ms = null;  // when it ended
    this.left_ms = null;  // when it was seen to end; null: it had ended before anybody looked
    this.reaped = false;  // its exit was told
    this.facts = null;    // its part of the latest state
    this.cpu = new Meter();
    this.rates = {requests: null, cpu: null, lag: null};
    this.series = [];  // {at, requests, lag, connections}, oldest first
  }

  get name() {
    return `worker ${this.seat ?? '?'}`;
  }
  get alive() {
    return this.gone_ms === null;
  }

  // In one word, as shown.
  get word() {
    if (!this.alive) return 'gone';
    return this.late && ['ready', 'silent', 'killed'].includes(this.state) ? 'hung' : this.state;
  }

  // Nothing more will be told of it. An exit may have been forgotten before we could read of it.
  isOver(now) {
    return this.reaped || (!this.alive && now - (this.left_ms ?? this.gone_ms) > kLateMs);
  }

  // `seen` is the moment that it is seen, null when nobody looked.
  end(at, seen, reason) {
    this.state = 'gone';
    this.late = false;
    if (this.alive) this.left_ms = seen;
    this.gone_ms ??= at;
    if (reason) this.reason = reason;
  }
}

export class Hive {
  constructor() {
    this.reset();
  }

  reset() {
    this.state = null;                         // the latest from the server
    this.lost = false;                         // it does not answer
    this.server = {state: '', generation: 0};  // as far as it was seen to come
    this.epoch = 0;                            // how many masters have handed over
    this.ghost_ms = kGhostMs;
    this.doubts = new Map();  // what the latest state said and no record has told: key -> word
    this.rates = {requests: null, cpu: null, bytes: null};
    this.cpu = new Meter();      // of the master
    this.processes = new Map();  // key -> Process
    // {pid, working, seen_ms} of the latest of each
    this.helpers = {[kCompiler]: null, [kSuccessor]: null, [kPredecessor]: null};
    this.records = [];  // by number, each with `process` and `step`
    this.spans = 0;     // the server's clock minus ours
  }

  // The server's time of day in milliseconds.
  get now() {
    return Date.now() + this.spans;
  }

  // The server's word on all there is. Numbers count at once. That somebody came, went or changed is told by records,
  // which take their time to arrive on the stage; it is believed without one when all records have landed (`settled`)
  // and two states in a row say it.
  load(state, settled = true) {
    const before = this.state;
    this.state = state;
    const at = state.server.wall_ms;
    this.spans = at - Date.now();
    const seconds = before ? (at - before.server.wall_ms) / 1000 : 0;
    if (seconds > 0) {
      this.rates = {
        requests: perSecond(state.totals.requests, before.totals.requests, seconds),
        bytes: perSecond(state.totals.bytes_sent, before.totals.bytes_sent, seconds),
        cpu: state.master ? this.cpu.rate(at, state.master.cpu_us / 1e6) : null,
      };
    }
    const doubts = new Map();
    const believe = (key, word) => {
      doubts.set(key, word);
      return before === null || (settled && this.doubts.get(key) === word);
    };
    const told = new Set();
    for (const facts of state.workers.filter(({pid}) => pid)) {
      const key = `${facts.slot}:${facts.pid}`;
      told.add(key);
      const known = this.processes.get(key);
      if (!known && !believe(key, facts.state)) continue;
      const process = this.#measure(facts, at, state.loop_lag_limits_us);
      if (!known || (process.alive && process.state !== facts.state && believe(key, facts.state))) {
        process.state = facts.state;
      }
    }
    for (const process of this.processes.values()) {
      const missing =
          process.alive && process.epoch === this.epoch && !told.has(process.key) && !(process.born_ms > at);
      if (missing && believe(process.key, 'gone')) process.end(at, this.now, '');
    }
    const {state: word, generation} = state.server;
    const differs = word !== this.server.state || generation !== this.server.generation;
    if (differs && believe('server', `${word} ${generation}`)) this.server = {state: word, generation};
    this.doubts = settled ? doubts : new Map();
    this.#seeOffOldMaster();
    this.#forget();
  }

  // Records of what had happened before anybody looked: they change nothing that is shown.
  remember(records) {
    for (const record of records) {
      const isKnown = this.processes.has(`${record.slot}:${record.pid}`);
      record.process = this.#processOf(record);
      if (record.process && !isKnown && record.pid) record.process.end(record.wall_ms, null, '');
      if (record.process && record.kind === 'spawn') record.process.born_ms = record.wall_ms;
      if (record.process && record.kind === 'exit') record.process.end(record.wall_ms, null, record.text);
      if (isFarewell(record) && this.helpers[kPredecessor]) this.helpers[kPredecessor].has_left = true;
      record.step = step(record, record.process);
      this.#keep(record);
    }
    this.#forget();
  }

  // A record is about to be seen: whom it is about gets a place. Whether that is a new one.
  expect(record) {
    const known = this.processes.size;
    record.process = this.#processOf(record);
    record.step = step(record, record.process);
    const comes = record.kind === 'spawn' && record.peer in this.helpers;
    if (comes) this.helpers[record.peer] = {working: true, coming: true, pid: record.pid, seen_ms: this.now};
    return comes || this.processes.size > known;
  }

  // A record that was expected has arrived: what it changes changes now.
  land(record) {
    this.#apply(record, record.process);
    this.#keep(record);
    this.doubts.clear();
    this.#forget();
  }

  // The master that answers from now on is the one that was the new master; what was known stays known. The old one
  // and its workers are leaving, unheard: their trace is not the new one's.
  succeed() {
    this.helpers[kPredecessor] = {working: true, pid: this.state?.master?.pid ?? null, seen_ms: this.now};
    this.helpers[kSuccessor] = null;
    this.epoch += 1;
    for (const process of this.processes.values()) {
      if (process.alive) process.state = 'draining';
    }
    this.state = null;
    this.server = {state: '', generation: 0};
    this.cpu = new Meter();
    this.doubts.clear();
  }

  // The hive before these records, the story of a reload: with those of its processes that lived then.
  before(records) {
    const past = new Hive();
    Object.assign(past, {state: this.state, spans: this.spans, epoch: this.epoch, ghost_ms: Infinity});
    const born = new Set(records.filter(({kind}) => kind === 'spawn').map(({process}) => process?.key));
    let generation = 0;
    for (const {process} of records) {
      if (!process || born.has(process.key) || past.processes.has(process.key)) continue;
      const copy = new Process(process.slot, process.pid, process.generation, process.epoch);
      Object.assign(copy, {seat: process.seat, born_ms: process.born_ms, state: 'ready'});
      past.processes.set(copy.key, copy);
      generation = Math.max(generation, process.generation);
    }
    past.server = {state: 'serving', generation};
    return past;
  }

  #keep(record) {
    this.records.push(record);
    if (this.records.length > kMaxRecords) this.records.splice(0, this.records.length - kMaxRecords);
  }

  find(seq) {
    const first = this.records[0]?.seq ?? 0;
    const guess = this.records[seq - first];
    return guess?.seq === seq ? guess : this.records.find((record) => record.seq === seq);
  }

  // Those that live and those that were seen to end a moment ago; generations newest first, seats in order.
  shown() {
    return [...this.processes.values()]
        .filter((process) => process.alive || (process.left_ms !== null && this.now - process.left_ms < this.ghost_ms))
        .sort(
            (a, b) => b.epoch - a.epoch || b.generation - a.generation || (a.seat ?? a.slot) - (b.seat ?? b.slot) ||
                (a.born_ms ?? 0) - (b.born_ms ?? 0));
  }

  // Processes with anything to draw in the last minutes.
  measured() {
    return [...this.processes.values()]
        .filter((process) => process.series.length > 0)
        .sort((a, b) => (a.seat ?? 0) - (b.seat ?? 0) || a.generation - b.generation);
  }

  // The compiler, the new or the old master, while it lives and a moment longer, else null.
  helper(name) {
    const helper = this.helpers[name];
    return helper?.working || this.now - helper?.seen_ms < this.ghost_ms ? helper : null;
  }

  #process(slot, pid, generation) {
    const key = `${slot}:${pid}`;
    if (!this.processes.has(key)) this.processes.set(key, new Process(slot, pid, generation, this.epoch));
    return this.processes.get(key);
  }

  // Who lives in a slot, for records that name no process.
  #inSlot(slot) {
    let found = null;
    for (const process of this.processes.values()) {
      if (process.slot === slot && (process.alive || !found?.alive)) found = process;
    }
    return found;
  }

  #measure(facts, at, limits) {
    const process = this.#process(facts.slot, facts.pid, facts.generation);
    const before = process.facts;
    const seconds = before ? (at - process.facts_ms) / 1000 : 0;
    const cpu = process.cpu.rate(at, facts.cpu_us / 1e6);
    process.facts = facts;
    process.facts_ms = at;
    process.seat = facts.seat;
    process.generation = facts.generation;
    process.born_ms ??= facts.started_wall_ms;
    if (seconds > 0) {
      process.rates = {
        requests: perSecond(facts.requests, before.requests, seconds),
        cpu,
        lag: longestTurn(facts.loop_lag, before.loop_lag, limits),
      };
      process.series.push({at, connections: facts.connections.active, ...process.rates});
    }
    return process;
  }

  // The worker that a record is about, or null.
  #processOf(record) {
    if (record.slot === null) return null;
    const process = record.pid ? this.#process(record.slot, record.pid, record.generation) : this.#inSlot(record.slot);
    if (process === null) return null;
    process.generation = record.generation ?? process.generation;
    process.seat = record.seat ?? process.seat;
    return process;
  }

  // Lets a record change what is known.
  #apply(record, process) {
    if (record.kind === 'server') this.server.state = record.text;
    if (record.kind === 'generation' && record.text === 'current') this.server.generation = record.generation;
    if (isFarewell(record) && this.helpers[kPredecessor]) this.helpers[kPredecessor].has_left = true;
    if (this.helpers[record.peer]) this.#applyToHelper(record, this.helpers[record.peer]);
    if (process === null) return;
    if (record.kind === 'spawn') {
      process.born_ms = record.wall_ms;
      if (process.alive) process.state = 'starting';
    } else if (record.kind === 'exit') {
      process.end(record.wall_ms, this.now, record.text);
      process.reaped = true;
    } else if (record.kind === 'state') {
      if (record.text === 'gone' || record.text === 'empty')
        process.end(record.wall_ms, this.now, '');
      else if (process.alive)
        process.state = record.text;
    } else if (record.kind === 'heartbeat') {
      process.late = record.text.startsWith('missed');
    }
  }

  #applyToHelper(record, helper) {
    helper.coming = false;
    helper.pid = record.pid ?? helper.pid;
    helper.seen_ms = this.now;
    if (record.kind === 'exit') helper.working = false;
  }

  // It is seen to drain for a while, however quick it was, and not for ever if nobody tells of its end.
  #seeOffOldMaster() {
    const old = this.helpers[kPredecessor];
    if (!old?.working || this.now - old.seen_ms < (old.has_left ? kDrainShownMs : kFarewellMs)) return;
    Object.assign(old, {working: false, seen_ms: this.now});
    for (const process of this.processes.values()) {
      if (process.alive && process.epoch < this.epoch) process.end(this.now, this.now, 'left with the old master');
    }
  }

  // Drops what no view can show any more.
  #forget() {
    const oldest = this.now - kMinutesMs;
    for (const process of this.processes.values()) {
      while (process.series.length > 0 && process.series[0].at < oldest) process.series.shift();
      if (!process.alive && process.gone_ms < oldest) this.processes.delete(process.key);
    }
  }
}
