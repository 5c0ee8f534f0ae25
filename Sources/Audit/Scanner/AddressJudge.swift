/// Judges `scheme://user:password@host` (RFC 3986, section 3.2.1).
enum AddressJudge {
  /// - Parameter colon: the one before `//`.
  static func password(_ bytes: Bytes, colon: Int) -> Candidate? {
    guard bytes.byte(colon - 1).isWordByte else { return nil }
    let start = colon + 3
    var end = start
    var first = -1
    var at = -1
    while end < bytes.count, end - start < 400 {
      let byte = bytes[end]
      if byte.isBlank || byte.isLineEnd || byte.isQuote || byte == .of("<") || byte == .of(">") || byte == .of("\\") || byte == .of("|") {
        break
      }
      if byte == .of("/") || byte == .of("?") || byte == .of("#") {
        if at >= 0 { break }
        // A slash in a password that nobody escaped: only where an `@` follows in the same word, and a colon stood before.
        if first < 0 { break }
        var look = end
        while look < bytes.count, look - end < 60,
          bytes[look].isCoded || bytes[look] == .of("!") || bytes[look] == .of("?") || bytes[look] == .of("#")
        { look += 1 }
        guard bytes.byte(look) == .of("@"), !bytes.piece(first + 1..<end).allSatisfy(\.isDecimal) else { break }
      }
      if byte == .of(":"), first < 0, at < 0 { first = end }
      if byte == .of("@") { at = end }
      end += 1
    }
    guard at > start else { return nil }
    let host = bytes.piece(at + 1..<end)
    guard host.count >= 1, host[0].isWordByte || host[0] == .of("[") || host[0] == .of("$") || host[0] == .of("{") else { return nil }
    guard first >= 0 else {
      // `https://TOKEN@host`.
      let token = bytes.piece(start..<at)
      guard token.count >= 20, Randomness(token).isDrawn, !Placeholder.isPlaceholder(token) else { return nil }
      return Candidate(range: start..<at, kind: .urlPassword, confidence: .likely)
    }
    let value = bytes.piece(first + 1..<at)
    let user = bytes.piece(start..<first)
    guard value.count >= 4, !Placeholder.isPlaceholderPassword(value), !value.contains(where: { $0 >= 0x80 || $0 == .of(",") }) else {
      return nil
    }
    guard !user.elementsEqual(value), !value.holds("password", in: 0..<value.count), !value.holds("secret", in: 0..<value.count) else {
      return nil
    }
    let random = Randomness(value)
    guard random.distinct >= 3, random.digits + random.capitals + random.small > 0, random.digits < value.count || value.count >= 8 else {
      return nil
    }
    let isNear = [
      "localhost", "127.0.0.1", "[::1]", "0.0.0.0", "host.docker.internal", "example.com", "example.org", "host", "hostname", "db.example",
    ]
    .contains { isSame(host, $0) }
    if isNear, !random.isDrawn { return nil }
    return Candidate(range: first + 1..<at, kind: .urlPassword, confidence: isNear || value.count < 6 ? .possible : .likely)
  }

  private static func isSame(_ host: Bytes, _ name: String) -> Bool {
    let plain = String(decoding: host, as: UTF8.self).lowercased()
    return plain == name || plain.hasPrefix(name + ":") || plain.hasSuffix("." + name)
  }
}

/// Judges values of `Authorization` (RFC 6750 and 7617).
enum AuthorizationJudge {
  static func judge(_ bytes: Bytes, at start: Int) -> Candidate? {
    let isBearer = bytes.holds("bearer ", at: start)
    guard isBearer || bytes.holds("basic ", at: start) else { return nil }
    var first = start + (isBearer ? 7 : 6)
    while bytes.byte(first) == 0x20 { first += 1 }
    var end = first
    while end < bytes.count, end - first < 2000, bytes[end].isCoded || bytes[end] == .of(".") || bytes[end] == .of("~") { end += 1 }
    let value = bytes.piece(first..<end)
    guard value.count >= 16, !Placeholder.isPlaceholder(value) else { return nil }
    if isBearer {
      guard Randomness(value).isDrawn else { return nil }
      return Candidate(range: first..<end, kind: .authorization, prefix: "Bearer ", confidence: .likely)
    }
    guard let plain = Base64.decoded(value), let colon = plain.firstIndex(of: .of(":")), plain.allSatisfy({ $0 >= 0x20 && $0 < 0x7F })
    else { return nil }
    let isSecret = plain[(colon + 1)...].withUnsafeBufferPointer { password in
      password.count >= 4 && !Placeholder.isPlaceholderPassword(password) && !password.holds("password", in: 0..<password.count)
    }
    return isSecret ? Candidate(range: first..<end, kind: .authorization, prefix: "Basic ", confidence: .likely) : nil
  }
}
