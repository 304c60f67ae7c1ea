// Who does what to whom in one trace record (its members: src/trace/README.md): turns a record into a step from one box
// of the page to another, or at one box, with the word that is written on it.

// The boxes that are no worker's. A worker's is named by its key, `slot:pid`.
export const kOperator = 'operator';
export const kMaster = 'master';
export const kCompiler = 'compiler';
export const kSuccessor = 'new master';
export const kPredecessor = 'old master';

export const isWorker = (key) => key.includes(':');

const signalName = (text) => /SIG\w+/.exec(text)?.[0] ?? text;

// The word for a kind of record, and its group: message, order, life (births and deaths) or state.
const kWords = {
  // A new master is born with all listening sockets.
  spawn: (record) => [record.peer === kSuccessor ? 'spawn + listeners' : 'spawn', 'life'],
  exit: () => ['exit', 'life'],
  send: (record) => [record.message, 'message'],
  receive: (record) => [record.message, 'message'],
  closed: () => ['end of channel', 'life'],
  signal: (record) => [signalName(record.text), 'order'],
  kill: (record) => [signalName(record.text), 'order'],
  command: (record) => [record.text.split(' ')[0] || 'command', 'order'],
  reply: () => ['reply', 'order'],
  state: (record) => [record.text === 'empty' ? 'slot free' : record.text, 'state'],
  generation: (record) => [`generation ${record.generation}`, 'state'],
  heartbeat: (record) => [`heartbeat ${record.text}`, 'life'],
};

// `process` is the worker that the record is about, or null.
export function step(record, process) {
  const other = process?.key ?? record.peer;
  const [label, group] = kWords[record.kind]?.(record) ?? [record.kind, 'state'];
  const from = record.to === null ? other : record.to === kMaster ? other : kMaster;
  const to = record.to === null ? other : record.to === kMaster ? kMaster : other;
  return {from, to, label, group};
}

export const isMessage = ({step: {from, to}}) => from !== to;

// What a record says beyond its word. A message's text begins with its name, which the word has told already; what
// travelled beside it comes last.
export function detail({text, message, descriptors, step: {label}}) {
  const beside = descriptors?.length ? ` + ${descriptors.join(', ')}` : '';
  if (message && text.startsWith(message)) return (text.slice(message.length) + beside).trim();
  return text === label || text === 'empty' ? '' : text;
}

// An end that nobody wished for.
export const isBadEnd = (text) => /killed|code [1-9]/.test(text);
