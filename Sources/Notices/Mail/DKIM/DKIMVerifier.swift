internal import Crypto

/// What one signature of a message is worth.
package struct DKIMCheck: Sendable, Hashable {
  package enum Outcome: Sendable, Hashable {
    case pass
    case fail(DKIMFailure)
    /// DNS did not answer: nothing is known.
    case silent
  }
  /// How the signing domain stands to the one that From names.
  package enum Alignment: String, Sendable, Hashable {
    case same
    /// From is of a domain below the signing one, or the other way round.
    case fromBelow, fromAbove
    case other
  }
  package enum Weakness: String, Sendable, Hashable, CaseIterable {
    /// Only a part of the body is signed; what follows may be anybody's.
    case partOfBody
    /// The domain says that it tries DKIM out.
    case testing
    case shortKey
    case subjectNotSigned
    /// A second From, Subject or To could be put above the signed one without breaking the signature.
    case notOversigned
  }

  /// Empty where the field could not be read.
  package let domain: String
  package let selector: String
  package let outcome: Outcome
  package let alignment: Alignment
  package let weaknesses: Set<Weakness>
}

/// What the signatures of a message say together.
package enum DKIMResult: Sendable, Hashable {
  case pass(domain: String)
  case fail(DKIMFailure)
  /// No signature.
  case none
  /// A signature whose key DNS did not tell.
  case silent
}

/// Verifies DKIM signatures (RFC 6376, section 6; RFC 8301; RFC 8463).
package struct DKIMVerifier: Sendable {
  private let records: any DNSTextRecords
  /// Seconds since 1970.
  private let now: Int
  /// Signatures that are looked at: each may cost a question to DNS.
  private static let most = 10
  /// Clocks differ.
  private static let leeway = 300

  package init(records: any DNSTextRecords, now: Int) {
    self.records = records
    self.now = now
  }

  /// In the order of the fields, at most ten.
  package func check(_ message: MailMessage) async -> [DKIMCheck] {
    var checks: [DKIMCheck] = []
    var answers: [String: DNSTextAnswer] = [:]
    var bodies: [DKIMCanonical.Form: [UInt8]] = [:]
    var hashes: [String: [UInt8]] = [:]
    for field in message.headers.all("dkim-signature").prefix(Self.most) {
      let signature: DKIMSignature
      do { signature = try DKIMSignature(field) } catch {
        checks.append(DKIMCheck(domain: "", selector: "", outcome: .fail(error), alignment: .other, weaknesses: []))
        continue
      }
      var weaknesses: Set<DKIMCheck.Weakness> = []
      var outcome = DKIMCheck.Outcome.pass
      do throws(DKIMFailure) {
        try precheck(signature, message)
        let key = "\(signature.body.rawValue) \(signature.bodyLength ?? -1)"
        let body = bodies[signature.body] ?? DKIMCanonical.body(message.root.body, signature.body)
        bodies[signature.body] = body
        let hash = hashes[key] ?? Array(SHA256.hash(data: body.prefix(signature.bodyLength ?? body.count)))
        hashes[key] = hash
        // Even where it covers everything: more could have been added, and was not.
        if signature.bodyLength != nil { weaknesses.insert(.partOfBody) }
        guard hash == signature.bodyHash else { throw DKIMFailure.bodyAltered }
        let answer: DNSTextAnswer
        if let known = answers[signature.keyName] { answer = known } else { answer = await records.records(of: signature.keyName) }
        answers[signature.keyName] = answer
        switch answer {
        case .silent: outcome = .silent
        case .none: throw DKIMFailure.noKey
        case .found(let found): weaknesses.formUnion(try Self.verify(signature, message.headers, found))
        }
      } catch { outcome = .fail(error) }
      weaknesses.formUnion(Self.gaps(signature, message.headers))
      checks.append(
        DKIMCheck(
          domain: signature.domain, selector: signature.selector, outcome: outcome, alignment: Self.alignment(signature, message),
          weaknesses: weaknesses))
    }
    return checks
  }

  /// One word for all: a signature that holds and is of the From's domain counts before others that hold.
  package static func result(of checks: [DKIMCheck]) -> DKIMResult {
    let passed = checks.filter { $0.outcome == .pass }
    if let best = passed.first(where: { $0.alignment == .same }) ?? passed.first(where: { $0.alignment != .other }) ?? passed.first {
      return .pass(domain: best.domain)
    }
    if checks.contains(where: { $0.outcome == .silent }) { return .silent }
    for check in checks { if case .fail(let failure) = check.outcome { return .fail(failure) } }
    return .none
  }

  private func precheck(_ signature: DKIMSignature, _ message: MailMessage) throws(DKIMFailure) {
    if let end = signature.expiresAt, end < now || end < signature.signedAt ?? 0 { throw .expired }
    if let start = signature.signedAt, start > now + Self.leeway { throw .signedInTheFuture }
    if message.headers.all("from").count > 1 { throw .fromRepeated }
  }

  /// - Returns: what is weak about the key.
  private static func verify(
    _ signature: DKIMSignature, _ headers: MailHeaders, _ records: [[UInt8]]
  ) throws(DKIMFailure) -> Set<DKIMCheck.Weakness> {
    let signed = DKIMCanonical.headers(headers, signed: signature.fields, form: signature.header, own: signature.field)
    let digest = SHA256.hash(data: signed)
    var failure = DKIMFailure.noKey
    // A name should have one record; where it has several, one that holds is enough.
    for record in records.prefix(5) {
      do throws(DKIMFailure) {
        let key = try DKIMKey(record, for: signature.algorithm)
        if key.isStrict, signature.identityDomain != signature.domain { throw DKIMFailure.identityOutsideDomain }
        guard key.isValid(signature.signature, for: digest) else { throw DKIMFailure.headersAltered }
        return Set((key.isTesting ? [.testing] : []) + (key.isShort ? [.shortKey] : []))
      } catch { failure = error }
    }
    throw failure
  }

  private static func gaps(_ signature: DKIMSignature, _ headers: MailHeaders) -> Set<DKIMCheck.Weakness> {
    var found: Set<DKIMCheck.Weakness> = []
    func count(_ name: String) -> Int { signature.fields.count { $0 == name } }
    if count("subject") == 0, headers.first("subject") != nil { found.insert(.subjectNotSigned) }
    if ["from", "subject", "to"].contains(where: { count($0) <= headers.all($0).count }) { found.insert(.notOversigned) }
    return found
  }

  private static func alignment(_ signature: DKIMSignature, _ message: MailMessage) -> DKIMCheck.Alignment {
    let from = message.from
    guard from.count == 1, !from[0].domain.isEmpty else { return .other }
    let domain = from[0].domain
    if domain == signature.domain { return .same }
    if domain.hasSuffix(".\(signature.domain)") { return .fromBelow }
    return signature.domain.hasSuffix(".\(domain)") ? .fromAbove : .other
  }
}
