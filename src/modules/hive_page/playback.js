// Playback: lets what the trace tells happen on the stage, one thing after the other and slowly enough to be followed.
// A message takes its time from box to box, and what it changes changes when it lands.
//
// stage: expect(record) it is about to leave; fly(record, ms) it is under way for so long; land(record) it has arrived.
// What travels nowhere lands right after what came before it. When too much waits, nobody looks, or no motion is
// wanted, records land at once; the order is always that of the trace.

const kMostWaiting = 240;

export const kLivePace = {
  flight: 1000,
  pause: (waiting) =>
      (waiting > 90     ? 10 :
           waiting > 30 ? 45 :
                          90)
};
export const kReplayPace = {
  flight: 1500,
  pause: () => 420
};

export class Playback {
  #stage;
  #pace;
  #waiting = [];  // records that have not left, and functions
  #air = [];      // {record or function, at}: under way, in order
  #leave = 0;     // when the next may leave
  #timer = 0;
  #held = false;
  #calm = matchMedia('(prefers-reduced-motion: reduce)');

  constructor(stage, pace = kLivePace) {
    this.#stage = stage;
    this.#pace = pace;
    document.addEventListener('visibilitychange', () => this.#go());
  }

  // Nothing is under way or waits.
  get idle() {
    return this.#waiting.length === 0 && this.#air.length === 0;
  }

  add(records) {
    this.#waiting.push(...records);
    this.#go();
  }

  // Calls when all that was added before has landed.
  after(then) {
    this.add([then]);
  }

  // While held nothing leaves.
  hold(held) {
    this.#held = held;
    this.#go();
  }

  clear() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#waiting = [];
    this.#air = [];
  }

  #go() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (document.hidden || this.#calm.matches) {
      this.#landAll(Infinity);
    } else if (this.#waiting.length > kMostWaiting) {
      this.#landAll(this.#waiting.length - kMostWaiting);
    }
    const now = performance.now();
    while (this.#waiting.length > 0 && !this.#held && now >= this.#leave) this.#launch(now);
    while (this.#air.length > 0 && this.#air[0].at <= now) this.#land(this.#air.shift().what);
    const times = this.#air.slice(0, 1).map(({at}) => at);
    if (this.#waiting.length > 0 && !this.#held) times.push(this.#leave);
    if (times.length > 0 && this.#timer === 0) {
      this.#timer = setTimeout(() => this.#go(), Math.max(0, Math.min(...times) - now));
    }
  }

  #launch(now) {
    const what = this.#waiting.shift();
    const before = this.#air.at(-1)?.at ?? now;
    if (typeof what === 'function') {
      this.#air.push({what, at: before});
      return;
    }
    this.#stage.expect(what);
    const flies = what.step.from !== what.step.to;
    if (flies) {
      this.#stage.fly(what, this.#pace.flight);
      this.#leave = now + this.#pace.pause(this.#waiting.length);
    }
    this.#air.push({what, at: flies ? Math.max(before, now + this.#pace.flight) : before});
  }

  // What is in the air, and then so many of those that wait.
  #landAll(count) {
    if (this.#held) return;
    for (const {what} of this.#air.splice(0)) this.#land(what);
    for (const what of this.#waiting.splice(0, count)) {
      if (typeof what !== 'function') {
        this.#stage.expect(what);
        if (this.#calm.matches && what.step.from !== what.step.to) this.#stage.fly(what, this.#pace.flight);
      }
      this.#land(what);
    }
  }

  #land(what) {
    if (typeof what === 'function')
      what();
    else
      this.#stage.land(what);
  }
}
