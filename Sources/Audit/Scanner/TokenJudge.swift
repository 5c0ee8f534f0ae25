internal import Foundation

/// Judges JSON Web Tokens by what is in them (RFC 7519): an algorithm, claims, an end.
enum TokenJudge {
  static func judge(_ bytes: Bytes, _ range: Range<Int>) -> Candidate? {
    let parts = bytes.piece(range).split(separator: .of("."), omittingEmptySubsequences: false)
    guard parts.count == 3 || parts.count == 5, range.count <= 8192 else { return nil }
    guard let header = object(parts[0]), header["alg"] is String || header["enc"] is String else { return nil }
    guard parts.count == 3 else {
      return Candidate(range: range, kind: .webToken, prefix: "eyJ", confidence: .possible, remark: "encrypted")
    }
    let signature = Bytes(rebasing: parts[2])
    guard let claims = object(parts[1]), signature.count >= 20 else { return nil }
    // The debugger's example, and what copies it.
    if claims["sub"] as? String == "1234567890" || claims["name"] as? String == "John Doe" { return nil }
    // Public by design: what it may do is decided by row-level rules.
    if claims["role"] as? String == "anon" { return nil }
    guard Randomness(signature).isEven, !Placeholder.isPlaceholder(signature) else { return nil }
    var candidate = Candidate(range: range, kind: .webToken, prefix: "eyJ", confidence: .likely)
    // Without any registered claim (section 4.1) it is somebody's example.
    if Set(claims.keys).isDisjoint(with: ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "role"]) { candidate.confidence = .possible }
    if claims["role"] as? String == "service_role" {
      candidate.provider = "Supabase"
      candidate.confidence = .certain
    }
    if let end = claims["exp"] as? Double, end < Date().timeIntervalSince1970 {
      candidate.confidence = .possible
      candidate.remark = "expired"
    }
    return candidate
  }

  private static func object(_ part: Slice<Bytes>) -> [String: Any]? {
    var text = String(decoding: part, as: UTF8.self).replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
    text = String(text.prefix { $0 != "=" })
    text += String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    guard let data = Data(base64Encoded: text) else { return nil }
    return (try? JSONSerialization.jsonObject(with: data)) as? [String: Any]
  }
}
