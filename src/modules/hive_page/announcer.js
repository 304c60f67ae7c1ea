// Says aloud, to those who listen to the page, what changes the hive: a death, a successor, a reload, a lost
// connection.

const kGapMs = 400;

// The sentence for a record, or null: most are not worth one.
function sentence(record) {
  const {kind, process, text} = record;
  if (kind === 'exit' && process && process.state !== 'draining')
    return `${process.name}, process ${process.pid}, ${text}.`;
  if (kind === 'state' && text === 'ready') return `${process?.name ?? 'A worker'}, process ${record.pid}, is ready.`;
  if (kind === 'heartbeat') return `${process?.name ?? 'A worker'}: heartbeat ${text}.`;
  if (kind === 'generation' && text === 'current') return `Generation ${record.generation} serves.`;
  if (kind === 'reply') return `The master answers: ${text}.`;
  if (kind === 'server' && text !== 'serving') return `The server is ${text}.`;
  return null;
}

export class Announcer {
  #element;
  #waiting = [];
  #timer = 0;

  constructor(element) {
    this.#element = element;
  }

  hear(records) {
    for (const record of records) {
      const text = sentence(record);
      if (text) this.say(text);
    }
  }

  // Sentences that come together are said together, the last few of them.
  say(text) {
    this.#waiting.push(text);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#element.textContent = this.#waiting.slice(-6).join(' ');
      this.#waiting = [];
    }, kGapMs);
  }
}
