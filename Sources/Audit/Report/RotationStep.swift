/// One key on the checklist: which, where it is used, and what to do, in order.
package struct RotationStep: Sendable, Codable {
  package var urgency: Finding.Urgency
  package var fingerprint: String
  package var what: String
  package var places: [String]
  package var steps: [String]

  /// By urgency; what somebody only has to look at is not on it.
  static func all(of report: AuditReport) -> [RotationStep] {
    report.findings.filter { $0.urgency != .look }.map { finding in
      RotationStep(
        urgency: finding.urgency, fingerprint: finding.fingerprint, what: finding.title, places: finding.placeWords,
        steps: steps(for: finding))
    }
  }

  private static func steps(for finding: Finding) -> [String] {
    let owner = finding.provider.isEmpty ? "where it comes from" : "at \(finding.provider)"
    var steps: [String] = []
    switch finding.kind {
    case .password, .urlPassword: steps.append("Choose a new password for this account.")
    case .privateKey: steps.append("Make a new key pair, and put its public key or certificate where the old one is trusted.")
    case .webToken: steps.append("Let whoever issued the token issue another one; if it was signed by a leaked key, replace that key.")
    default: steps.append("Make a new key \(owner), with as few rights as its use needs.")
    }
    let names = finding.places.compactMap(\.name).unique
    let uses = finding.places.filter { !$0.traits.contains(.test) && !$0.traits.contains(.documentation) }.map(\.path).unique
    if finding.isFrontEnd {
      steps.append(
        "Move the call to a server of yours: whatever reaches a browser or an app is public. Give the new key to the server alone.")
    }
    if !uses.isEmpty || !names.isEmpty {
      let what = names.isEmpty ? "" : " as \(names.prefix(3).joined(separator: ", "))"
      steps.append(
        "Deploy the new one\(what) from a secret store or the environment, and take it out of \(uses.isEmpty ? "the tree" : uses.prefix(4).joined(separator: ", "))."
      )
    } else {
      steps.append("Find out whether something still uses it, and deploy the new one there.")
    }
    switch finding.kind {
    case .password, .urlPassword:
      steps.append("End what is still connected or signed in with the old one.")
      steps.append("Look at the account's last connections and sign-ins: addresses and times that are not yours.")
    case .privateKey:
      steps.append("Take the old key out of everything that trusts it, and revoke its certificates.")
      steps.append("Look at what was signed, opened or logged into with it.")
    default:
      steps.append("Revoke the old one \(owner), as soon as nothing uses it; at once if strangers may have it.")
      steps.append("Look at its last uses \(owner): addresses, times and amounts that are not yours.")
    }
    if finding.history != nil {
      steps.append(
        "Rewrite the history only after that (git filter-repo), and ask the host to drop cached copies: clones keep it, so that revoking is what counts."
      )
    }
    return steps
  }
}

extension Finding {
  package var title: String {
    let what =
      switch kind {
      case .providerKey: provider.isEmpty ? "A provider's key" : "\(provider) key"
      case .webToken: "JSON Web Token"
      case .privateKey: "Private key"
      case .password: "Password"
      case .urlPassword: "Password in an address"
      case .namedSecret: provider.isEmpty ? "Secret" : "\(provider) secret"
      case .authorization: "Authorization value"
      case .drawn: "Random text that may be a key"
      }
    return what + (masked == "…" ? "" : " \(masked)") + (remark.isEmpty ? "" : " (\(remark))")
  }

  var placeWords: [String] {
    var words = places.prefix(10).map { "\($0.path):\($0.line)" }
    if placeCount > 10 { words.append("and \(placeCount - 10) more") }
    if words.isEmpty, let history { words = history.paths.prefix(5).map { "\($0) (history)" } }
    return words
  }
}

extension Sequence where Element: Hashable {
  var unique: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
