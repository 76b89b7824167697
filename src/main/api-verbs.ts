import type { Command } from 'commander'
import type { Analysis } from '#cli/analysis-input.ts'
import { ANALYZE_EXIT, addAnalyzeVerb } from '#cli/analyze.ts'
import { addApplyVerb } from '#cli/apply.ts'
import { CONFIG_EXIT_FAILED } from '#cli/config-options.ts'
import { addCreateVerb } from '#cli/create.ts'
import { addDeleteVerb } from '#cli/delete.ts'
import { addGetVerb } from '#cli/get.ts'
import { addReplaceVerb } from '#cli/replace.ts'
import type { VerbIo } from '#cli/verb-io.ts'
import { addVersionVerb } from '#cli/version.ts'
import { ANALYZERS, analyze } from '#control/analyze/analyze.ts'
import { analysisSettings } from '#control/analyze/mesh-settings.ts'
import { connectApi, connectApiIfUp } from './connect-api.ts'

const ANALYSIS: Analysis = {
  analyze: (objects, { meshConfig, ...settings }) =>
    analyze(objects, { ...settings, ...analysisSettings(objects, meshConfig) }),
  analyzers: ANALYZERS,
}

/** The verbs that talk to an API server. */
export function addApiVerbs(program: Command, io: VerbIo = process): void {
  addCreateVerb(program, io, connectApi)
  addGetVerb(program, io, connectApi, () => new Date())
  addReplaceVerb(program, io, connectApi)
  addDeleteVerb(program, io, connectApi)
  addApplyVerb(program, io, ANALYSIS, connectApi)
  addAnalyzeVerb(program, io, ANALYSIS, connectApiIfUp)
  addVersionVerb(program, io, connectApiIfUp)
}

/** What wrong use of a verb ends with, where that is not Postern's own code: istioctl's. */
export const USAGE_EXITS: Readonly<Record<string, number>> = {
  create: CONFIG_EXIT_FAILED,
  get: CONFIG_EXIT_FAILED,
  replace: CONFIG_EXIT_FAILED,
  delete: CONFIG_EXIT_FAILED,
  analyze: ANALYZE_EXIT.usage,
}
