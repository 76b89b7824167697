import { writeSync } from 'node:fs'
import { openStore } from '#apiserver/store/open-store.ts'
import { bodyOf, HISTORY, keyOf, NAMES } from './torture.ts'

/**
 * Writes to the store of a directory until it is killed: groups of random size, mostly puts, some deletions. Each acknowledgement is a line
 * on standard output: revision, name, number ("-" for a deletion).
 */
const [directory = '', first = '0'] = process.argv.slice(2)
const store = openStore({ directory, history: HISTORY })
let number = Number(first)

for (;;) {
  const size = 1 + Math.floor(Math.random() * 80)
  await Promise.all(Array.from({ length: size }, () => write(Math.floor(Math.random() * NAMES), number++)))
}

async function write(name: number, own: number): Promise<void> {
  const isDeletion = own % 11 === 0
  const outcome = await (isDeletion
    ? store.delete(keyOf(name), undefined)
    : store.put(keyOf(name), { number: own, body: bodyOf(own) }, undefined))
  if (outcome.kind === 'written') writeSync(1, `${outcome.object.revision} ${name} ${isDeletion ? '-' : own}\n`)
}
