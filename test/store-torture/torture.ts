/** How many objects the writers fight over. */
export const NAMES = 40

/** More than one life of a writer makes, so that every write of it can be read afterwards. */
export const HISTORY = { events: 4_000, bytes: 64 * 1024 * 1024 }

export function keyOf(name: number) {
  return { group: 'torture', plural: 'things', namespace: 'default', name: String(name) }
}

/** What an object of this number must hold: from nothing to several pages of the database. */
export function bodyOf(number: number): string {
  return `${number};`.repeat(number % 97 === 0 ? 4_000 : number % 50)
}
