// Fails when the script that a first visit loads is more than 200 kB after gzip. Counted are the
// entry, everything it imports, and the largest screen; charts load on their own.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET = 200_000;
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));
const size = (file) => gzipSync(readFileSync(new URL(file, dist))).length;

function reach(key, found = new Set()) {
  if (found.has(key)) return found;
  found.add(key);
  for (const next of manifest[key].imports ?? []) reach(next, found);
  return found;
}

const entry = Object.keys(manifest).find((key) => manifest[key].isEntry);
const first = reach(entry);
const sum = (keys) => [...keys].reduce((total, key) => total + size(manifest[key].file), 0);
const screens = Object.keys(manifest)
  .filter((key) => manifest[key].isDynamicEntry && key.includes('routes/'))
  .map((key) => ({ key, bytes: sum([...reach(key)].filter((one) => !first.has(one))) }))
  .sort((a, b) => b.bytes - a.bytes);
const lazy = Object.keys(manifest).filter((key) => manifest[key].isDynamicEntry && !key.includes('routes/'));

const shell = sum(first);
const css = [...new Set(Object.values(manifest).flatMap((chunk) => chunk.css ?? []))];
console.log(`shell              ${shell} B gzip`);
for (const screen of screens) console.log(`  + ${screen.key.padEnd(36)} ${screen.bytes} B`);
for (const key of lazy) console.log(`  later ${key.padEnd(32)} ${size(manifest[key].file)} B`);
console.log(`style              ${css.reduce((total, file) => total + size(file), 0)} B gzip`);
const total = shell + (screens[0]?.bytes ?? 0);
console.log(`first load at most ${total} B of ${BUDGET} B`);
if (total > BUDGET) {
  console.error('The first load is over the budget.');
  process.exit(1);
}
