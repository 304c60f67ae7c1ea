// The page's beginning: the stream feeds the model, and what changed is drawn at the next frame.

import {Accepts} from './accepts.js';
import {Announcer} from './announcer.js';
import {Charts} from './charts.js';
import {byId} from './dom.js';
import {Messages} from './messages.js';
import {Hive} from './model.js';
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

function draw() {
  frame = 0;
  if (hive.state === null) return;
  totals.draw(hive);
  tree.draw(hive);
  wires.lay();
  messages.draw(hive);
  charts.draw(hive);
  accepts.draw(hive);
  sequence.draw(hive);
}

// While paused everything that comes waits here, in order, and the oldest is dropped when it is too much; the stream
// goes on.
const kMostHeld = 3600;
const held = [];
let paused = false;
let link = 'opening';

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
  if (!paused)
    for (const change of held.splice(0)) change();
  showLink();
});

startTheme(byId('theme'));
new ResizeObserver(drawSoon).observe(byId('charts'));

new Stream({
  reset: () => whenShown(() => {
    hive.reset();
    messages.clear();
    sequence.clear();
    wires.clear();
  }),
  state: (state) => whenShown(() => {
    hive.load(state);
    drawSoon();
  }),
  trace: (records, live) => whenShown(() => {
    hive.add(records);
    drawSoon();
    if (!live) return;
    announcer.hear(records);
    requestAnimationFrame(() => wires.show(records.map((record) => record.step)));
  }),
  link: (word) => {
    if (link !== word && word === 'reconnecting') announcer.say('The connection to the server was lost.');
    if (link === 'reconnecting' && word === 'live') announcer.say('The connection is back.');
    link = word;
    showLink();
  },
});
