// The page's beginning: the stream feeds the playback, what lands there the model, and what changed is drawn at the
// next frame.

import {Accepts} from './accepts.js';
import {Announcer} from './announcer.js';
import {Charts} from './charts.js';
import {byId} from './dom.js';
import {Messages} from './messages.js';
import {Hive} from './model.js';
import {Playback} from './playback.js';
import {lastReload} from './reload.js';
import {Replay} from './replay.js';
import {Sequence} from './sequence.js';
import {Stream} from './stream.js';
import {startTheme} from './theme.js';
import {Totals} from './totals.js';
import {Tree} from './tree.js';
import {Wires} from './wires.js';

const kLinkWords = {
  opening: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  paused: 'Paused'
};

const hive = new Hive();
const messages = new Messages({list: byId('log'), chain: byId('chain'), filter: byId('filter')});
const tree = new Tree(byId('stage'), (key) => messages.follow(key));
const wires = new Wires(byId('stage'), tree);
const totals = new Totals(byId('totals'), byId('server'));
const charts = new Charts(byId('charts'));
const accepts = new Accepts(byId('accepts'), byId('spread'));
const sequence = new Sequence(byId('sequence'), byId('sequence-facts'));
const announcer = new Announcer(byId('announcer'));

let frame = 0;
function drawSoon() {
  if (frame === 0) frame = requestAnimationFrame(draw);
}

// The boxes alone, before something leaves for one of them.
function drawStage() {
  if (hive.state === null) return;
  tree.draw(replay.model ?? hive);
  wires.lay();
}

function draw() {
  frame = 0;
  if (hive.state === null) return;
  totals.draw(hive);
  drawStage();
  messages.draw(hive);
  charts.draw(hive);
  accepts.draw(hive);
  const reload = lastReload(hive);
  sequence.draw(reload);
  replay.offer(reload);
}

const playback = new Playback({
  expect: (record) => {
    if (hive.expect(record)) drawStage();
  },
  fly: (record, ms) => {
    if (replay.model === null) wires.fly(record.step, ms);
  },
  land: (record) => {
    hive.land(record);
    announcer.hear([record]);
    drawSoon();
  },
});

const replay = new Replay(byId('replay'), {
  fly: (record, ms) => wires.fly(record.step, ms),
  point: (record) => sequence.point(record),
  drawNow: drawStage,
  clear: () => wires.clear(),
  drawSoon,
});
byId('replay').addEventListener('click', () => replay.toggle(hive));

// While paused everything that comes waits here, in order, and the oldest is dropped when it is too much; the stream
// goes on.
const kMostHeld = 3600;
const held = [];
let paused = false;
let link = 'opening';
let handing = false;  // the new master's answers wait for what the old one has said

function showLink() {
  const shown = paused && link === 'live' ? 'paused' : link;
  byId('link').dataset.link = shown;
  byId('link').textContent = kLinkWords[shown];
}

function whenShown(change) {
  if (!paused) {
    change();
  } else if (held.push(change) > kMostHeld) {
    held.shift();
  }
}

byId('pause').addEventListener('click', () => {
  paused = !paused;
  byId('pause').setAttribute('aria-pressed', String(paused));
  byId('pause').textContent = paused ? 'Go on' : 'Pause';
  playback.hold(paused);
  if (!paused)
    for (const change of held.splice(0)) change();
  showLink();
});

startTheme(byId('theme'));
new ResizeObserver(drawSoon).observe(byId('charts'));

new Stream({
  reset: () => whenShown(() => {
    handing = false;
    playback.clear();
    replay.stop();
    hive.reset();
    messages.clear();
    sequence.clear();
    wires.clear();
  }),
  succeed: () => whenShown(() => {
    handing = true;
    playback.after(() => {
      handing = false;
      replay.stop();
      hive.succeed();
      announcer.say('The new master has taken over.');
    });
  }),
  state: (state) => whenShown(() => {
    const load = () => {
      hive.load(state, playback.idle || handing);
      drawSoon();
    };
    // A new master's word counts when the old one's last ones have landed.
    if (handing)
      playback.after(load);
    else
      load();
  }),
  history: (records) => whenShown(() => playback.after(() => {
    hive.remember(records);
    drawSoon();
  })),
  trace: (records) => whenShown(() => playback.add(records)),
  link: (word) => {
    if (link !== word && word === 'reconnecting') announcer.say('The connection to the server was lost.');
    if (link === 'reconnecting' && word === 'live') announcer.say('The connection is back.');
    link = word;
    hive.lost = word === 'reconnecting';
    drawSoon();
    showLink();
  },
});
