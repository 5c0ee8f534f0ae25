internal import Crypto
package import Foundation
internal import Ledger
package import Notices

/// What people pin to check this company's messages, as the custodian knows it: its own keys, and the ledger's as it was first seen here.
package enum CustodianTrust {
  /// - Throws: `CustodianError` before the first checkpoint was cosigned: then nobody knows the ledger's key here.
  package static func anchors(directory: URL, organization: String, domains: [String], brands: [String]) throws -> TrustAnchors {
    let secrets = try CustodianSecrets(directory: directory)
    guard let witnessed = try CustodianStore(secrets: secrets).witnessed() else {
      throw CustodianError.badOption("No checkpoint was cosigned yet: let sealane-custodian serve reach the server first.")
    }
    return try TrustAnchors(
      organization: organization, domains: domains, brands: brands, ledgerKeys: [witnessed.logKey],
      noticeKeys: [secrets.noticeSigner().key], policy: secrets.witnessPolicy(log: witnessed.logKey),
      questionKey: try AnswerSettings.read(in: directory).map { _ in [UInt8](try secrets.questionKey().publicKey.x963Representation) })
  }
}
