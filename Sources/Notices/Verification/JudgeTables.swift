internal import Foundation

/// The words and letters that `MessageJudge` goes by, as JSON for a second implementation: the script of the trust pages.
package enum JudgeTables {
  private struct Body: Encodable {
    struct Kind: Encodable {
      let kind: String
      let phrases: [String]
    }

    let secrets: [Kind]
    let subjects: [Kind]
    let asking: [String]
    let negations: [String]
    let conditions: [String]
    let hurrying: [String]
    let inDomains: [String]
    let shorteners: [String]
    let runningFiles: [String]
    let pageFiles: [String]
    let pageTypes: [String]
    let colours: [String: UInt32]
    let hiding: [String]
    /// Hexadecimal code points, ascending, and what each is folded to.
    let skeleton: String
  }

  /// Keys sorted: the same bytes each time. Takes a second, once.
  package static let json: String = {
    func kinds(_ source: [(LureSign.Kind, [String])]) -> [Body.Kind] { source.map { Body.Kind(kind: $0.0.rawValue, phrases: $0.1) } }
    let skeleton = Skeleton.table().sorted { $0.key < $1.key }.map { "\(String($0.key, radix: 16)) \($0.value)" }.joined(separator: ",")
    let body = Body(
      secrets: kinds(LurePhrases.secrets), subjects: kinds(LurePhrases.subjects), asking: LurePhrases.asking.sorted(),
      negations: LurePhrases.negations.sorted(), conditions: LurePhrases.conditions.sorted(), hurrying: LurePhrases.hurrying.sorted(),
      inDomains: LureWords.inDomains.sorted(), shorteners: LureLinks.shorteners.sorted(), runningFiles: LureFiles.running.sorted(),
      pageFiles: LureFiles.pages.sorted(), pageTypes: LureFiles.pageTypes.sorted(), colours: HTMLColor.names, hiding: HTMLRules.hiding,
      skeleton: skeleton)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(body)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }()
}
