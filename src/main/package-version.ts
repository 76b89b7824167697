import { readFileSync } from 'node:fs'

/** Postern's own version, of the package.json above this file, whether it is a source or part of the bundle; "unknown" where there is none. */
export function packageVersion(): string {
  for (const above of ['..', '../..']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(`${above}/package.json`, import.meta.url), 'utf8'))
      if (name === 'postern') return String(version)
    } catch {
      // Not here: further up.
    }
  }
  return 'unknown'
}
