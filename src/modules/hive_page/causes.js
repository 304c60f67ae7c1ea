// What led to a record, and what it led to, by the number of its cause.

// The records from the first cause to this one.
export function ancestors(hive, record) {
  const chain = [record];
  while (record.cause && chain.length < 64) {
    record = hive.find(record.cause);
    if (!record) break;
    chain.unshift(record);
  }
  return chain;
}

// All that followed from a record, in order, itself excluded.
export function effects(hive, record) {
  const reached = new Set([record.seq]);
  return hive.records.filter((later) => {
    if (!later.cause || !reached.has(later.cause)) return false;
    reached.add(later.seq);
    return true;
  });
}
