/** Errors first, as messages are sorted. */
export type AnalysisLevel = 'Error' | 'Warning' | 'Info'

interface CodeRow {
  readonly name: string
  readonly level: AnalysisLevel
}

/** What analysis can find: Istio's codes where the meaning is Istio's (spec 8.2), EGR codes beyond. docs/analysis.md has a row for each. */
export const ANALYSIS_CODES = {
  IST0101: { name: 'ReferencedResourceNotFound', level: 'Error' },
  IST0102: { name: 'NamespaceNotInjected', level: 'Info' },
  IST0103: { name: 'PodMissingProxy', level: 'Warning' },
  IST0106: { name: 'SchemaValidationError', level: 'Error' },
  IST0107: { name: 'MisplacedAnnotation', level: 'Warning' },
  IST0108: { name: 'UnknownAnnotation', level: 'Warning' },
  IST0109: { name: 'ConflictingMeshGatewayVirtualServiceHosts', level: 'Error' },
  IST0110: { name: 'ConflictingSidecarWorkloadSelectors', level: 'Error' },
  IST0111: { name: 'MultipleSidecarsWithoutWorkloadSelectors', level: 'Error' },
  IST0112: { name: 'VirtualServiceDestinationPortSelectorRequired', level: 'Error' },
  IST0116: { name: 'DeploymentAssociatedToMultipleServices', level: 'Warning' },
  IST0118: { name: 'PortNameIsNotUnderNamingConvention', level: 'Info' },
  IST0123: { name: 'NamespaceMultipleInjectionLabels', level: 'Warning' },
  IST0125: { name: 'InvalidAnnotation', level: 'Warning' },
  IST0127: { name: 'NoMatchingWorkloadsFound', level: 'Warning' },
  IST0128: { name: 'NoServerCertificateVerificationDestinationLevel', level: 'Warning' },
  IST0129: { name: 'NoServerCertificateVerificationPortLevel', level: 'Warning' },
  IST0130: { name: 'VirtualServiceUnreachableRule', level: 'Warning' },
  IST0131: { name: 'VirtualServiceIneffectiveMatch', level: 'Info' },
  IST0132: { name: 'VirtualServiceHostNotFoundInGateway', level: 'Warning' },
  IST0133: { name: 'SchemaWarning', level: 'Warning' },
  IST0134: { name: 'ServiceEntryAddressesRequired', level: 'Warning' },
  IST0135: { name: 'DeprecatedAnnotation', level: 'Info' },
  IST0137: { name: 'DeploymentConflictingPorts', level: 'Warning' },
  IST0138: { name: 'GatewayDuplicateCertificate', level: 'Warning' },
  IST0140: { name: 'IngressRouteRulesNotAffected', level: 'Warning' },
  IST0145: { name: 'ConflictingGateways', level: 'Error' },
  IST0149: { name: 'JwtClaimBasedRoutingWithoutRequestAuthN', level: 'Error' },
  IST0150: { name: 'ExternalNameServiceTypeInvalidPortName', level: 'Warning' },
  IST0161: { name: 'InvalidGatewayCredential', level: 'Error' },
  IST0162: { name: 'GatewayPortNotDefinedOnService', level: 'Warning' },
  IST0173: { name: 'DestinationRuleSubsetNotSelectPods', level: 'Error' },
  IST0174: { name: 'UnknownDestinationRuleHost', level: 'Warning' },
  IST0177: { name: 'ConflictingServiceEntryProtocols', level: 'Warning' },
  EGR0001: { name: 'TcpServiceEntriesShareEveryAddress', level: 'Error' },
  EGR0002: { name: 'ServerFirstPortConflict', level: 'Error' },
  EGR0003: { name: 'SameAddressAndPort', level: 'Error' },
  EGR0004: { name: 'EgressRuleConflict', level: 'Error' },
  EGR0005: { name: 'EgressRuleConvertedWithLoss', level: 'Warning' },
  EGR0006: { name: 'FaultWithoutPercentage', level: 'Warning' },
  EGR0007: { name: 'VirtualServiceHostUnknown', level: 'Warning' },
  EGR0008: { name: 'PolicyInRootNamespaceIgnored', level: 'Warning' },
  EGR0009: { name: 'CredentialWithoutWorkloadSelector', level: 'Warning' },
  EGR0010: { name: 'OutboundTrafficPolicyWithoutMode', level: 'Warning' },
  EGR0011: { name: 'DuplicateObject', level: 'Error' },
  EGR0012: { name: 'HostInSeveralNamespaces', level: 'Warning' },
  EGR0013: { name: 'ReservedPort', level: 'Error' },
  EGR0014: { name: 'PortsOfHostAtDifferentAddresses', level: 'Warning' },
} as const satisfies Readonly<Record<string, CodeRow>>

export type AnalysisCode = keyof typeof ANALYSIS_CODES
