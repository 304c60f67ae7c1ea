// What the page knows of the hive: processes, records and the last minutes, from the server's state (each second) and
// its trace (as things happen). Draws nothing.

import {kCompiler, kSuccessor, step} from './actors.js';

const kMaxRecords = 4096;          // as many as the server's ring holds
const kMinutesMs = 5 * 60 * 1000;  // how far back charts look
const kGhostMs = 8000;             // how long a process that ended stays in sight
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

class Process {
  constructor(slot, pid, generation) {
    Object.assign(this, {key: `${slot}:${pid}`, slot, pid, generation, seat: null, state: 'starting', reason: ''});
    this.late = false;    // its heartbeat is missed
    this.gone_ms = null;  // when it ended
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
    return this.reaped || (!this.alive && now - this.gone_ms > kLateMs);
  }

  end(at, reason) {
    this.state = 'gone';
    this.late = false;
    this.gone_ms ??= at;
    if (reason) this.reason = reason;
  }
}

export class Hive {
  constructor() {
    this.reset();
  }

  reset() {
    this.state = null;  // the latest from the server
    this.rates = {requests: null, cpu: null, bytes: null};
    this.cpu = new Meter();                                  // of the master
    this.processes = new Map();                              // key -> Process
    this.helpers = {[kCompiler]: null, [kSuccessor]: null};  // {pid, working, seen_ms} of the latest of each
    this.records = [];                                       // by number, each with `process` and `step`
    this.spans = 0;                                          // the server's clock minus ours
  }

  // The server's time of day in milliseconds.
  get now() {
    return Date.now() + this.spans;
  }

  load(state) {
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
    const told = new Set();
    for (const facts of state.workers) {
      if (facts.pid) told.add(this.#measure(facts, at, state.loop_lag_limits_us).key);
    }
    for (const process of this.processes.values()) {
      if (process.alive && !told.has(process.key) && !(process.born_ms > at)) process.end(at, '');
    }
    this.#forget();
  }

  add(records) {
    for (const record of records) {
      record.process = this.#apply(record);
      record.step = step(record, record.process);
      this.records.push(record);
    }
    if (this.records.length > kMaxRecords) this.records.splice(0, this.records.length - kMaxRecords);
    this.#forget();
  }

  find(seq) {
    const first = this.records[0]?.seq ?? 0;
    const guess = this.records[seq - first];
    return guess?.seq === seq ? guess : this.records.find((record) => record.seq === seq);
  }

  // Those that live and those that were seen to end a moment ago; generations newest first, seats in order.
  shown() {
    return [...this.processes.values()]
        .filter((process) => process.alive || this.now - process.gone_ms < kGhostMs)
        .sort(
            (a, b) => b.generation - a.generation || (a.seat ?? a.slot) - (b.seat ?? b.slot) ||
                (a.born_ms ?? 0) - (b.born_ms ?? 0));
  }

  // Processes with anything to draw in the last minutes.
  measured() {
    return [...this.processes.values()]
        .filter((process) => process.series.length > 0)
        .sort((a, b) => (a.seat ?? 0) - (b.seat ?? 0) || a.generation - b.generation);
  }

  // The compiler or the new master, while it lives and a moment longer, else null.
  helper(name) {
    const helper = this.helpers[name];
    return helper?.working || this.now - helper?.seen_ms < kGhostMs ? helper : null;
  }

  #process(slot, pid, generation) {
    const key = `${slot}:${pid}`;
    if (!this.processes.has(key)) this.processes.set(key, new Process(slot, pid, generation));
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
    if (process.alive) process.state = facts.state;
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

  // Lets a record change what is known of its process, and returns that process or null.
  #apply(record) {
    if (record.peer in this.helpers) this.#applyToHelper(record);
    if (record.slot === null) return null;
    const process = record.pid ? this.#process(record.slot, record.pid, record.generation) : this.#inSlot(record.slot);
    if (process === null) return null;
    process.generation = record.generation ?? process.generation;
    process.seat = record.seat ?? process.seat;
    if (record.kind === 'spawn') {
      process.born_ms = record.wall_ms;
    } else if (record.kind === 'exit') {
      process.end(record.wall_ms, record.text);
      process.reaped = true;
    } else if (record.kind === 'state') {
      if (record.text === 'gone' || record.text === 'empty')
        process.end(record.wall_ms, '');
      else if (process.alive)
        process.state = record.text;
    } else if (record.kind === 'heartbeat') {
      process.late = record.text.startsWith('missed');
    }
    return process;
  }

  #applyToHelper(record) {
    if (record.kind === 'spawn') this.helpers[record.peer] = {working: true};
    const helper = this.helpers[record.peer];
    if (helper === null) return;
    helper.pid = record.pid ?? helper.pid;
    helper.seen_ms = record.wall_ms;
    if (record.kind === 'exit') helper.working = false;
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
