/**
 * Postern beside HAProxy, nginx and Envoy: `node bench/main.ts [--quick] [--only-rivals]`, in a world (script/bench).
 * Prints the tables and, when nothing was left out, writes them into docs/benchmarks.md.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { aimsTable } from './aims.ts'
import type { Contender } from './contender.ts'
import { measureEndToEnd } from './end-to-end.ts'
import { ENVOY, ISTIOS_ENVOY } from './envoy.ts'
import type { Scale } from './loads.ts'
import { POSTERN } from './postern-contender.ts'
import { HAPROXY, NGINX } from './rivals.ts'
import { type Row, summarize, table } from './series.ts'
import { measureSideBySide } from './side-by-side.ts'

const FULL: Scale = { runs: 5, seconds: 4, bulkBytes: 2e9, starts: 10, idleConnections: 2100 }
const QUICK: Scale = { runs: 1, seconds: 1, bulkBytes: 2e8, starts: 2, idleConnections: 300 }
const PAGE = join(import.meta.dirname, '..', 'docs', 'benchmarks.md')
const MARKS = ['<!-- results -->', '<!-- end of results -->'] as const

const known = ['--quick', '--only-rivals']
const unknown = process.argv.slice(2).find((flag) => !known.includes(flag))
if (unknown !== undefined) {
  console.error(`usage: script/bench [--quick] [--only-rivals] (not "${unknown}")`)
  process.exit(2)
}
const quick = process.argv.includes('--quick')
const onlyRivals = process.argv.includes('--only-rivals')
const scale = quick ? QUICK : FULL
const rivals: readonly Contender[] = [HAPROXY, NGINX, ENVOY, ISTIOS_ENVOY]
const contenders = onlyRivals ? rivals : [POSTERN, ...rivals]

function machine(): string {
  const day = new Date().toISOString().slice(0, 10)
  const model = cpus()[0]?.model ?? 'unknown processor'
  return `${day}, ${cpus().length} cores of ${model}, Linux ${release()}, Node ${process.version}, ${versions().join(', ')}.`
}

function versions(): string[] {
  const ask = (program: string, flag: string, pattern: RegExp): string[] => {
    try {
      return [
        ...(pattern.exec(execFileSync('sh', ['-c', `${program} ${flag} 2>&1`], { encoding: 'utf8' }))?.slice(0, 1) ??
          []),
      ]
    } catch {
      return []
    }
  }
  return [...ask('haproxy', '-v', /HAProxy version [\d.]+/), ...ask('nginx', '-v', /nginx\/[\d.]+/)]
}

function endToEndTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => `| ${row.figure}, ${row.unit} | ${summarize(row.values.get('Postern') ?? [])} |`)
  return ['| | Postern |', '| --- | ---: |', ...lines].join('\n')
}

const directory = mkdtempSync(join(tmpdir(), 'postern-bench-'))
process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
const side = await measureSideBySide(contenders, scale, directory, (line) => console.error(line))
const sections = [
  machine(),
  table(
    side,
    contenders.map((one) => one.name),
    'Postern',
  ),
]
if (!onlyRivals) {
  const endToEnd = await measureEndToEnd(scale, directory)
  sections.push(endToEndTable(endToEnd), aimsTable([...side, ...endToEnd]))
}
const results = sections.join('\n\n')
console.log(results)
if (!quick && !onlyRivals) {
  const [before = '', rest = ''] = readFileSync(PAGE, 'utf8').split(MARKS[0])
  const after = rest.split(MARKS[1])[1] ?? ''
  writeFileSync(PAGE, `${before}${MARKS[0]}\n\n${results}\n\n${MARKS[1]}${after}`)
  console.error('written into docs/benchmarks.md')
}
process.exit()
