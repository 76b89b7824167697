import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { exists, namesIn, textOf } from './repository.ts'

const PAGES = [
  ...namesIn('.').filter((path) => path.endsWith('.md')),
  ...namesIn('docs').map((name) => join('docs', name)),
]

test('every link from a page to a file of the repository, and to a heading in it, leads somewhere', () => {
  const broken: string[] = []
  for (const page of PAGES)
    for (const [, target = ''] of textOf(page).matchAll(/\]\((?![a-z]+:)([^)\s]+)\)/g)) {
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? page : join(dirname(page), path)
      if (!exists(file) || (anchor !== undefined && !anchorsOf(file).has(anchor))) broken.push(`${page}: ${target}`)
    }
  assert.deepEqual(broken, [])
})

/** Headings as GitHub names them, and anchors that are written out. */
function anchorsOf(file: string): ReadonlySet<string> {
  const text = textOf(file)
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
  return new Set([...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)])
}
