/// A JSON string literal that is safe in a terminal and in a script too: everything outside printable ASCII that could act is escaped.
enum JSONString {
  static func quoted(_ text: some StringProtocol) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "<", ">", "&": result += escape(scalar.value)
      default:
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned:
          if scalar.value > 0xffff {
            let offset = scalar.value - 0x10000
            result += escape(0xd800 + (offset >> 10)) + escape(0xdc00 + (offset & 0x3ff))
          } else {
            result += escape(scalar.value)
          }
        default: result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }

  private static func escape(_ value: UInt32) -> String {
    let digits = String(value, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }
}
