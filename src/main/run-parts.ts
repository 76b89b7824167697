import { constants } from 'node:os'
import type { Exit } from '#capsule/capsule.ts'
import type { RunOptions } from '#cli/run.ts'
import { renderSummary } from '#cli/summary.ts'
import type { ControlLink } from './control-link.ts'
import { DenialRecords, deniedDestination } from './denial-records.ts'
import { notice } from './notice.ts'
import { ownCommand } from './program-environment.ts'
import { Sidecar } from './sidecar.ts'

/** What `--fail-on-denied` ends with when a destination was denied. */
const EXIT_DENIED = 3

/** What runs beside the program, sealed or cooperative. */
export interface RunParts {
  readonly sidecar: Sidecar
  readonly records: DenialRecords
}

export function buildParts(options: RunOptions): RunParts {
  const records = new DenialRecords(options.denialLog, ownCommand(process.env), notice)
  const sidecar = new Sidecar({
    workload: { name: options.name, namespace: options.namespace },
    onDenied: (denial) => records.write(denial),
    onNotice: notice,
  })
  return { sidecar, records }
}

/** Once the control plane serves: the sidecar follows it. */
export function subscribe({ sidecar }: RunParts, control: ControlLink): void {
  sidecar.subscribe(control.socketPath, control.node)
}

export async function closeParts({ sidecar, records }: RunParts): Promise<void> {
  await sidecar.close()
  await records.close()
}

/** Tells what was denied and answers the exit code of the run. */
export async function conclude(
  options: RunOptions,
  { sidecar }: RunParts,
  exitCode: number,
  mode: 'enforced' | 'cooperative',
): Promise<number> {
  await sidecar.drain()
  const command = ownCommand(process.env)
  const denied = sidecar.denials().entries.map((entry) => deniedDestination(entry, command))
  const summary = { workload: options.name, mode, exitCode, configVersion: sidecar.configVersion, denied }
  process.stderr.write(renderSummary(summary, options.summary))
  return options.failOnDenied && denied.length > 0 ? EXIT_DENIED : exitCode
}

/** 128 + N for signal N, as shells have it. */
export function exitCodeOf(exit: Exit): number {
  return exit.kind === 'code' ? exit.code : 128 + constants.signals[exit.signal]
}
