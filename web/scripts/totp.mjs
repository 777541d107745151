// The six digits of a second factor's secret (RFC 6238), so that tests need no telephone.
import { createHmac } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP_MS = 30_000;

export function totp(secret, at = Date.now()) {
  const bits = [...secret].map((one) => ALPHABET.indexOf(one).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((one) => Number.parseInt(one, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / STEP_MS)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const from = mac[19] & 15;
  return String((mac.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** A code that was not used yet: each step's code is good once. */
const used = new Map();
export async function freshCode(secret) {
  for (;;) {
    const now = Math.floor(Date.now() / STEP_MS);
    // The desk takes the step before, the present and the next one; the one before only while there
    // is time to type it.
    const earliest = Date.now() % STEP_MS < STEP_MS / 2 ? now - 1 : now;
    const next = Math.max(earliest, (used.get(secret) ?? 0) + 1);
    if (next <= now + 1) {
      used.set(secret, next);
      return totp(secret, next * STEP_MS);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
