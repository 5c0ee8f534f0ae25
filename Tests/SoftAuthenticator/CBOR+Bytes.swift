package import Passkeys

extension CBOR {
  /// Written as it stands: whoever wants the canonical form gives the keys in its order.
  package var encoded: [UInt8] {
    switch self {
    case .unsigned(let number): Self.head(0, number)
    case .negative(let number): Self.head(1, number)
    case .bytes(let bytes): Self.head(2, UInt64(bytes.count)) + bytes
    case .text(let text): Self.head(3, UInt64(text.utf8.count)) + Array(text.utf8)
    case .array(let elements): Self.head(4, UInt64(elements.count)) + elements.flatMap(\.encoded)
    case .map(let entries): Self.head(5, UInt64(entries.count)) + entries.flatMap { $0.key.encoded + $0.value.encoded }
    case .boolean(let value): [value ? 0xF5 : 0xF4]
    case .null: [0xF6]
    }
  }

  private static func head(_ kind: UInt8, _ number: UInt64) -> [UInt8] {
    let top = kind << 5
    func bytes(_ width: Int) -> [UInt8] { (0..<width).reversed().map { UInt8(truncatingIfNeeded: number >> UInt64($0 * 8)) } }
    switch number {
    case 0..<24: return [top | UInt8(number)]
    case 24..<256: return [top | 24] + bytes(1)
    case 256..<65_536: return [top | 25] + bytes(2)
    case 65_536..<4_294_967_296: return [top | 26] + bytes(4)
    default: return [top | 27] + bytes(8)
    }
  }
}
