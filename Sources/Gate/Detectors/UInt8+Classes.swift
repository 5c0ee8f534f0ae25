/// ASCII classes. Bytes of multi-byte characters belong to none of them but `isWide`.
extension UInt8 {
  @inline(__always) var isDigit: Bool { self &- 0x30 < 10 }
  @inline(__always) var isUpper: Bool { self &- 0x41 < 26 }
  @inline(__always) var isLower: Bool { self &- 0x61 < 26 }
  @inline(__always) var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }
  @inline(__always) var isAlphanumeric: Bool { isDigit || isLetter }
  @inline(__always) var isHex: Bool { isDigit || (self | 0x20) &- 0x61 < 6 }
  @inline(__always) var isSpace: Bool { self == 0x20 || self &- 0x09 < 5 }
  @inline(__always) var isWide: Bool { self >= 0x80 }
  @inline(__always) var lowercased: UInt8 { isUpper ? self | 0x20 : self }

  @inline(__always) static func ascii(_ scalar: Unicode.Scalar) -> UInt8 { UInt8(truncatingIfNeeded: scalar.value) }
}
