/// Refuses what reads like payload wherever it stands: long prose, blobs, `data:` links.
///
/// Prose is 200 bytes or more with a space or line break every nine bytes at most, or half of it outside of ASCII (scripts without
/// spaces). A user agent of 200 bytes has half as many spaces. Intake cuts values at 255 bytes, so that a prompt arrives as its beginning.
struct PayloadTexts: TextStep {
  static let shortestProse = 200
  static let bytesPerSpace = 9
  /// Nothing that a dimension needs is longer.
  static let longest = 2048
  private static let shortestDataLink = 40

  func judge(_ look: TextLook) -> TextVerdict {
    if look.bytes.count > Self.longest { return .refused(.payloadText) }
    if look.bytes.count >= Self.shortestDataLink, look.bytes.has("data:", at: 0), look.bytes.contains(.ascii(",")) {
      return .refused(.payloadText)
    }
    guard look.bytes.count >= Self.shortestProse else { return .passes }
    let isProse = look.scan.spaces * Self.bytesPerSpace >= look.bytes.count || look.scan.wide * 2 >= look.bytes.count
    return isProse ? .refused(.payloadText) : .passes
  }
}
