// Replay: shows the last reload once more, slowly, on the stage of the processes and in its chart. The hive of now goes
// on meanwhile, and is back at the end or when the button is pressed again.

import {kReplayPace, Playback} from './playback.js';
import {lastReload} from './reload.js';

export class Replay {
  #button;
  #view;
  #playback;
  model = null;  // the hive as it was, while it is shown

  // view: fly(record, ms), point(record or null), drawNow(), drawSoon(), clear() what is in the air.
  constructor(button, view) {
    this.#button = button;
    this.#view = view;
    this.#playback = new Playback(
        {
          expect: (record) => {
            if (this.model.expect(record)) view.drawNow();
            view.point(record);
          },
          fly: (record, ms) => view.fly(record, ms),
          land: (record) => {
            this.model.land(record);
            view.drawSoon();
          },
        },
        kReplayPace);
  }

  // What there is to replay decides whether the button can be pressed.
  offer({records, isStart, over}) {
    this.#button.disabled = this.model === null && (records.length === 0 || isStart || !over);
  }

  toggle(hive) {
    if (this.model !== null) return this.stop();
    const {records} = lastReload(hive);
    if (records.length === 0) return;
    this.model = hive.before(records);
    this.#show();
    this.#playback.add(records.map((record) => ({...record})));
    this.#playback.after(() => setTimeout(() => this.stop(), kReplayPace.flight));
  }

  stop() {
    this.#playback.clear();
    this.model = null;
    this.#view.point(null);
    this.#show();
  }

  #show() {
    this.#button.setAttribute('aria-pressed', String(this.model !== null));
    this.#button.textContent = this.model === null ? 'Replay slowly' : 'Stop the replay';
    this.#view.clear();
    this.#view.drawNow();
  }
}
