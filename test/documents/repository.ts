import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

// Paths count from the root of the repository.

/** The text of a file. */
export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** The names in a folder. */
export function namesIn(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder))
}

export function exists(path: string): boolean {
  return existsSync(join(ROOT, path))
}

/** What the product is made of: sources without tests and generated code, as paths from the root. */
export function sourceFiles(): readonly string[] {
  return readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.endsWith('.d.ts'))
    .map((path) => join('src', path))
}
