/// Why the gate did what it did to a value. A closed set: the words are safe as metric labels and are listed in docs/GATE.md.
package enum Reason: UInt8, Sendable, Hashable, CaseIterable {
  case kept
  // Decided by the property's name.
  case unfitName, secretName, payloadName, groupKey, identifyingName, identifierName, addressName, coordinates, queryName
  // Decided by the value.
  case ownIdentifier, ownIdentifierInside
  case payloadText, tooDeep, unreadable
  case email, phone, address
  case emailInside, phoneInside, addressInside
  case link, linkCredentials
  case card
  case openAI, anthropic, aws, gitHub, gitLab, npm, huggingFace, slack, stripe, google, sendGrid, databricks, vaultToken, grafana
  case shopify, serviceAccount, otherProvider, jwt, privateKey, authorization, assignedSecret, bankAccount, highEntropy
  // What the gate adds or could not do.
  case place, addressForgotten, sealerAbsent, sealerStopped, sealingFailed, noIdentifier, tooManyIdentifiers
  case eventName
  // Said by the tracking plan.
  case planUnknownEvent, planUnknownProperty, planType, planDropped, planRefused, planCoarsened, planPseudonymized, planSealed, planUnfit
  case planUnverified, planHeldEvent, userAgentForgotten, planKept

  package var word: String {
    switch self {
    case .kept: "kept"
    case .unfitName: "unfit_name"
    case .secretName: "secret_name"
    case .payloadName: "payload_name"
    case .groupKey: "group_key"
    case .identifyingName: "identifying_name"
    case .identifierName: "identifier_name"
    case .addressName: "address_name"
    case .coordinates: "coordinates"
    case .queryName: "query_name"
    case .ownIdentifier: "own_identifier"
    case .ownIdentifierInside: "own_identifier_inside"
    case .payloadText: "payload_text"
    case .tooDeep: "too_deep"
    case .unreadable: "unreadable"
    case .email: "email"
    case .phone: "phone"
    case .address: "ip_address"
    case .emailInside: "email_inside"
    case .phoneInside: "phone_inside"
    case .addressInside: "ip_address_inside"
    case .link: "link"
    case .linkCredentials: "link_credentials"
    case .card: "card"
    case .openAI: "openai"
    case .anthropic: "anthropic"
    case .aws: "aws"
    case .gitHub: "github"
    case .gitLab: "gitlab"
    case .npm: "npm"
    case .huggingFace: "hugging_face"
    case .slack: "slack"
    case .stripe: "stripe"
    case .google: "google"
    case .sendGrid: "sendgrid"
    case .databricks: "databricks"
    case .vaultToken: "vault"
    case .grafana: "grafana"
    case .shopify: "shopify"
    case .serviceAccount: "service_account"
    case .otherProvider: "provider_key"
    case .jwt: "jwt"
    case .privateKey: "private_key"
    case .authorization: "authorization"
    case .assignedSecret: "assigned_secret"
    case .bankAccount: "iban"
    case .highEntropy: "high_entropy"
    case .place: "place"
    case .addressForgotten: "address_forgotten"
    case .sealerAbsent: "sealer_absent"
    case .sealerStopped: "sealer_stopped"
    case .sealingFailed: "sealing_failed"
    case .noIdentifier: "no_identifier"
    case .tooManyIdentifiers: "too_many_identifiers"
    case .eventName: "event_name"
    case .planUnknownEvent: "plan_unknown_event"
    case .planUnknownProperty: "plan_unknown_property"
    case .planType: "plan_type"
    case .planDropped: "plan_drop"
    case .planRefused: "plan_refuse"
    case .planCoarsened: "plan_coarsen"
    case .planPseudonymized: "plan_pseudonymize"
    case .planSealed: "plan_seal"
    case .planUnfit: "plan_unfit"
    case .planUnverified: "plan_unverified"
    case .planHeldEvent: "plan_held_event"
    case .userAgentForgotten: "user_agent_forgotten"
    case .planKept: "plan_keep"
    }
  }

  /// The step that gives this reason.
  package var step: GateStep {
    switch self {
    case .kept: .keep
    case .unfitName: .unfitNames
    case .secretName: .secretNames
    case .payloadName: .payloadNames
    case .groupKey, .noIdentifier, .tooManyIdentifiers: .groupKeys
    case .identifyingName: .identifyingNames
    case .identifierName: .identifierNames
    case .addressName, .coordinates, .queryName: .placeNames
    case .ownIdentifier, .ownIdentifierInside: .ownIdentifiers
    case .payloadText, .tooDeep, .unreadable: .payloadTexts
    case .email, .phone, .address: .identities
    case .emailInside, .phoneInside, .addressInside: .identitiesInside
    case .link, .linkCredentials: .links
    case .place, .addressForgotten: .places
    case .sealerAbsent, .sealerStopped, .sealingFailed: .sealing
    case .eventName: .eventNames
    case .planUnknownEvent, .planUnknownProperty, .planType, .planDropped, .planRefused, .planCoarsened, .planPseudonymized, .planSealed,
      .planUnfit, .planUnverified, .planHeldEvent, .userAgentForgotten, .planKept:
      .plan
    case .card, .openAI, .anthropic, .aws, .gitHub, .gitLab, .npm, .huggingFace, .slack, .stripe, .google, .sendGrid, .databricks,
      .vaultToken, .grafana, .shopify, .serviceAccount, .otherProvider, .jwt, .privateKey, .authorization, .assignedSecret,
      .bankAccount, .highEntropy:
      .secrets
    }
  }
}
