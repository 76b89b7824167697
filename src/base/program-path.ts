import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(import.meta.url)
const isSource = here.endsWith('.ts')
/** src/ when the sources run as they are, dist/ when they run as a bundle. */
export const programDirectory = isSource ? join(dirname(here), '..') : dirname(here)

/** Where the program of another process is, e.g. "main/control": TypeScript beside sources, JavaScript beside a bundle. */
export function programPath(name: string): string {
  return join(programDirectory, `${name}${isSource ? '.ts' : '.js'}`)
}
