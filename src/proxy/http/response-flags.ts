/** Envoy's short response flags in the order in which it prints several (spec 5.2). */
const ORDER = 'LH,UH,UT,LR,UR,UF,UC,UO,NR,DI,FI,RL,UAEX,RLSE,DC,URX,SI,IH,DPE,UMSDR,RFCF,NFCF,DT,UPE,NC,OM,DF,DO'.split(
  ',',
)

export function orderFlags(flags: string[]): void {
  if (flags.length > 1) flags.sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
}
