import type { Command } from 'commander'
import { addAllowVerb } from '#cli/allow.ts'
import { addConvertVerb } from '#cli/convert.ts'
import { addDefinitionsVerb } from '#cli/definitions.ts'
import { addValidateVerb } from '#cli/validate.ts'
import { accessLogRemarks } from './access-log-remarks.ts'

/** The verbs that only read and write documents. */
export function addDocumentVerbs(program: Command): void {
  addValidateVerb(program, process, accessLogRemarks)
  addConvertVerb(program, process)
  addAllowVerb(program, process)
  addDefinitionsVerb(program, process)
}
