// Rounds of: a buffer of bytes, deflated, inflated and compared; records to JSON and back; a store of older buffers,
// of which each round replaces some. Done by the main thread and by worker threads at the same time; each prints how many
// rounds gave back what went in, and a hash of all that it made.
'use strict';
const { createHash } = require('crypto');
const { deflateSync, inflateSync } = require('zlib');
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');

function work(seed, rounds) {
  let state = seed;
  const number = (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 8) % below;
  };
  const hash = createHash('sha256');
  const store = new Array(200).fill(null);
  let same = 0;
  for (let round = 0; round < rounds; ++round) {
    const data = Buffer.allocUnsafeSlow(2000 + number(60000));
    for (let i = 0; i < data.length; ++i) data[i] = (i * 7 + (state >>> 16)) & (round % 3 ? 0x3f : 0xff);
    const packed = deflateSync(data, { level: 1 });
    const unpacked = inflateSync(packed);

    const records = [];
    for (let i = 0; i < 150; ++i) records.push({ id: i, name: 'n' + number(1e6), tags: [number(9), number(99)], at: round });
    const text = JSON.stringify(records);
    const again = JSON.stringify(JSON.parse(Buffer.from(text).toString('utf8')));

    if (unpacked.equals(data) && again === text) ++same;
    hash.update(packed).update(text);
    for (let i = 0; i < 8; ++i) store[number(store.length)] = Buffer.alloc(500 + number(20000), round & 0xff);
  }
  for (const kept of store) if (kept) hash.update(kept);
  return `${same} ${hash.digest('hex')}`;
}

if (isMainThread) {
  const [rounds, count] = process.argv.slice(2).map(Number);
  const answers = new Array(count + 1);
  for (let i = 1; i <= count; ++i) {
    const worker = new Worker(__filename, { workerData: { seed: 77 + i, rounds } });
    worker.on('message', (answer) => (answers[i] = answer));
    worker.on('error', (error) => { throw error; });
  }
  answers[0] = work(77, rounds);
  process.on('exit', () => answers.forEach((answer, i) => console.log(`thread${i} ${answer}`)));
} else {
  parentPort.postMessage(work(workerData.seed, workerData.rounds));
}
