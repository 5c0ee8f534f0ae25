/// Why a signature does not hold.
package enum DKIMFailure: String, Error, Sendable, Hashable, CaseIterable {
  case malformed, unknownVersion, unknownAlgorithm
  /// Without From nothing is said about who wrote (RFC 6376, section 5.4); with two, programs show either.
  case fromNotSigned, fromRepeated
  case identityOutsideDomain
  case expired, signedInTheFuture
  case noKey, malformedKey, revokedKey, otherKindOfKey, keyNotForMail, weakKey
  case bodyAltered, headersAltered
}
