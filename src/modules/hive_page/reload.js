// Finds the records that tell the last reload, as `colmeia ctl trace --last-reload` does: what began its generation,
// and all that this led to, down to the exit of the last worker of the generation before.

import {kSuccessor} from './actors.js';
import {ancestors, effects} from './causes.js';

// The upgrade by which the master of now came or is coming, unless it has reloaded since; null when there was none.
function upgradeOf(hive, begun) {
  const spawn = hive.records.findLast(({kind, peer}) => kind === 'spawn' && peer === kSuccessor);
  if (!spawn || (begun && begun.seq > spawn.seq && begun.generation > 1)) return null;
  const first = ancestors(hive, spawn)[0];
  const records = [first, ...effects(hive, first)];
  const decided =
      records.some(({kind, peer, message}) => peer === kSuccessor && (kind === 'exit' || message === 'Ready'));
  return {records, generation: null, isStart: false, over: decided && !leaves(hive, records)};
}

const leaves = (hive, records) => records.some(
    ({kind, text, process}) => kind === 'state' && text === 'draining' && process && !process.isOver(hive.now));

// {records, generation, isStart, over}, without a generation for an upgrade; no records when the trace holds none. The
// start of the server is one, too.
export function lastReload(hive) {
  const begun = hive.records.findLast((record) => record.kind === 'generation' && record.text === 'begun');
  const upgrade = upgradeOf(hive, begun);
  if (upgrade) return upgrade;
  if (!begun) return startOf(hive);
  const first = ancestors(hive, begun)[0];
  const records = [first, ...effects(hive, first)];
  const decided = records.some(
      ({kind, generation, text}) => kind === 'generation' && generation === begun.generation && text !== 'begun');
  const over = decided && !leaves(hive, records);
  return {records, generation: begun.generation, isStart: begun.generation === 1, over};
}

// The first generation is begun by nobody: all until it serves.
function startOf(hive) {
  if (hive.records[0]?.seq !== 1) return {records: [], generation: null, isStart: true, over: true};
  const serving = hive.records.findIndex((record) => record.kind === 'server' && record.text === 'serving');
  return {
    records: hive.records.slice(0, serving < 0 ? undefined : serving + 1),
    generation: 1,
    isStart: true,
    over: serving >= 0
  };
}
