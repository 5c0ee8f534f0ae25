/// The transfer encodings of RFC 2045, section 6. Readers that forgive: what is no encoding is left out or taken as it is.
package enum TransferEncoding {
  /// Base64; characters outside of the alphabet are left out. `isClean` is false where there were others than line ends and blanks.
  package static func base64(_ bytes: ArraySlice<UInt8>) -> (bytes: [UInt8], isClean: Bool) {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count / 4 * 3 + 3)
    var bits: UInt32 = 0
    var count = 0
    var isClean = true
    for byte in bytes {
      let value: UInt32
      switch byte {
      case 0x41...0x5A: value = UInt32(byte) - 0x41
      case 0x61...0x7A: value = UInt32(byte) - 0x61 + 26
      case 0x30...0x39: value = UInt32(byte) - 0x30 + 52
      case 0x2B: value = 62
      case 0x2F: value = 63
      case 0x3D:
        // Padding ends a group; another may follow where encoded pieces were put together.
        bits = 0
        count = 0
        continue
      default:
        if !byte.isBlank { isClean = false }
        continue
      }
      bits = bits << 6 | value
      count += 1
      if count > 1 { result.append(UInt8(truncatingIfNeeded: bits >> UInt32([0, 0, 4, 2, 0][count]))) }
      if count == 4 {
        bits = 0
        count = 0
      }
    }
    return (result, isClean)
  }

  /// Quoted-printable (section 6.7). `isClean` is false where an equals sign was none.
  package static func quotedPrintable(_ bytes: ArraySlice<UInt8>) -> (bytes: [UInt8], isClean: Bool) {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var isClean = true
    // Blanks at the end of a line are not part of it: how much of the result stays if one ends here.
    var kept = 0
    var index = bytes.startIndex
    let end = bytes.endIndex
    while index < end {
      let byte = bytes[index]
      index += 1
      switch byte {
      case 0x3D:
        if index + 1 < end, let high = bytes[index].hexadecimal, let low = bytes[index + 1].hexadecimal {
          result.append(high << 4 | low)
          index += 2
          kept = result.count
        } else {
          var probe = index
          while probe < end, probe - index < 80, bytes[probe] == 0x20 || bytes[probe] == 0x09 || bytes[probe] == 0x0D { probe += 1 }
          if probe >= end || bytes[probe] == 0x0A {
            index = min(probe + 1, end)
          } else {
            isClean = false
            result.append(byte)
          }
          kept = result.count
        }
      case 0x0D, 0x0A:
        result.removeLast(result.count - kept)
        result.append(byte)
        kept = result.count
      case 0x20, 0x09: result.append(byte)
      default:
        result.append(byte)
        kept = result.count
      }
    }
    result.removeLast(result.count - kept)
    return (result, isClean)
  }

  /// The Q encoding of RFC 2047, section 4.2.
  static func encodedWord(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var index = bytes.startIndex
    while index < bytes.endIndex {
      let byte = bytes[index]
      if byte == 0x3D, index + 2 < bytes.endIndex, let high = bytes[index + 1].hexadecimal, let low = bytes[index + 2].hexadecimal {
        result.append(high << 4 | low)
        index += 3
      } else {
        result.append(byte == 0x5F ? 0x20 : byte)
        index += 1
      }
    }
    return result
  }
}
