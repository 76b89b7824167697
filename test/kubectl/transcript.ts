import { spawn } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** One command line and what it printed. */
export interface Step {
  readonly cmd: string
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Where a transcript is played: nothing else is set in the environment of its command lines. */
export interface Stage {
  /** The kubectl that the command lines mean. */
  readonly kubectl: string
  /** Holds a copy of the transcript's files, kubectl's caches, and whatever the command lines write. */
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
}

const STEP_MS = 60_000

/** The command lines of a transcript: one a line, `#` begins a comment. */
export function readSteps(transcript: string): readonly string[] {
  const lines = readFileSync(join(transcript, 'steps.txt'), 'utf8').split('\n')
  return lines.filter((line) => line.trim() !== '' && !line.startsWith('#'))
}

export function readExpected(transcript: string): readonly Step[] {
  return JSON.parse(readFileSync(join(transcript, 'expected.json'), 'utf8')) as readonly Step[]
}

export function writeExpected(transcript: string, steps: readonly Step[]): void {
  writeFileSync(join(transcript, 'expected.json'), `${JSON.stringify(steps, undefined, 2)}\n`)
}

/** Runs every command line of a transcript, in order, beside a copy of its files. */
export async function play(transcript: string, stage: Stage): Promise<readonly Step[]> {
  const files = join(stage.directory, 'files')
  cpSync(join(transcript, 'files'), files, { recursive: true })
  const played: Step[] = []
  for (const cmd of readSteps(transcript)) played.push(await run(cmd, files, stage))
  return played
}

function run(cmd: string, cwd: string, { kubectl, directory, env }: Stage): Promise<Step> {
  const path = `${dirname(kubectl)}:/usr/local/bin:/usr/bin:/bin`
  const child = spawn('bash', ['-c', cmd], {
    cwd,
    env: { ...env, PATH: path, HOME: directory, LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: STEP_MS,
  })
  const printed = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed.stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ cmd, code: code ?? -1, stdout: normalise(printed.stdout), stderr: normalise(printed.stderr) }),
    )
  })
}

/** What differs from run to run by nature (ages, uids, resource versions, times, managed fields, addresses) is made the same. */
export function normalise(text: string): string {
  return text
    .replace(/^(\s*)managedFields:\n(?:\1- .*\n|\1 {2}.*\n)*/gm, '')
    .replace(/(resourceVersion|uid|creationTimestamp|Resource Version|UID|Creation Timestamp):\s+\S+/g, '$1: X')
    .replace(/(?<=\s)\d+(?:ms|s|m|h)(?:\d+s)?(?=\s|$)/g, 'AGE')
    .replace(/\b\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/240\.240\.\d+\.\d+|2001:2::[0-9a-f:]+/g, 'VIP')
    .replace(/^\* <nil>: .*some validation rules were not checked.*\n/gm, '')
    .replace(/https:\/\/[\w.:-]+/g, 'SERVER')
    .replace(/(?:^\* .*\n)+/gm, (lines) =>
      lines
        .split(/(?<=\n)/)
        .sort()
        .join(''),
    )
    .replace(/[ \t]+$/gm, '')
    .replace(/ {2,}/g, '  ')
}
