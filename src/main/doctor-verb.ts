import type { Command } from 'commander'
import { inspectRequirements } from '#capsule/requirements.ts'
import { addDoctorVerb } from '#cli/doctor.ts'

/** The verb that looks at the machine. */
export function addDoctor(program: Command): void {
  addDoctorVerb(program, process, inspectRequirements)
}
