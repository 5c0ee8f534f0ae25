import Crypto
import Events
import Glibc

/// What an attribute's value is, before anybody knows whether it is kept: texts are places in the request.
enum OTLPValue {
  case text(OTLPText)
  case texts([OTLPText])
  case number(Double)
  case flag(Bool)
  /// Of a kind that no kept attribute has.
  case other
}

/// A span or a log record on its way to an event: of the attributes only those that are kept.
struct ModelCall {
  enum Value {
    case text(String)
    case words([String])
    case number(Double)
    case flag(Bool)
  }

  /// Milliseconds since 1970, with fractions.
  var start = 0.0
  var end: Double?
  /// `OK` or `ERROR`; nil where the span does not say.
  var status: String?
  private(set) var traceID: [UInt8] = []
  private(set) var spanID: [UInt8] = []
  private(set) var values: [String: Value] = [:]
  private(set) var subject: String?
  private(set) var organizations: [(key: String, id: String)] = []

  /// Ids that are all zero are none (OpenTelemetry, Trace Context).
  mutating func identify(trace: [UInt8]) { traceID = trace.count == 16 && trace.contains { $0 != 0 } ? trace : [] }
  mutating func identify(span: [UInt8]) { spanID = span.count == 8 && span.contains { $0 != 0 } ? span : [] }

  /// Whether it is about a model at all: every convention of GenAI has one of the two.
  var isOfModel: Bool { values["gen_ai.operation.name"] != nil || values["gen_ai.provider.name"] != nil }

  /// Keeps an attribute or counts why not. The value becomes a string only once its name and type are found to be kept.
  mutating func add(_ name: OTLPText, _ value: OTLPValue, in bytes: UnsafeRawBufferPointer, keys: Set<String>, drops: inout OTLPDrops) {
    guard let text = name.string(in: bytes, limit: max(ModelAttribute.longestName, 64)) else { return drops.count("other") }
    if keys.contains(text) { return addOrganization(text, value, bytes, &drops) }
    guard let attribute = ModelAttribute.all[text] else { return drops.count("other") }
    if case .content = attribute.kind { return drops.count(text) }
    guard let kept = Self.kept(value, attribute.kind, bytes) else { return drops.count(text) }
    if case .subject = attribute.kind {
      if case .text(let id) = kept, subject == nil { subject = id }
      return
    }
    if case .model = attribute.kind, case .text(let model) = kept, !ModelAttribute.isKnownModel(model) {
      // The gate makes a pseudonym of what stands under an id's name.
      values[attribute.name + "_id"] = kept
      return
    }
    // The name of today wins over an older one.
    if values[attribute.name] == nil || attribute.name == text { values[attribute.name] = kept }
  }

  private mutating func addOrganization(_ key: String, _ value: OTLPValue, _ bytes: UnsafeRawBufferPointer, _ drops: inout OTLPDrops) {
    switch value {
    case .text(let text):
      guard let id = text.string(in: bytes, limit: 255), !id.isEmpty else { return drops.count(key) }
      organizations.append((key, id))
    case .number(let number) where number == number.rounded() && abs(number) < 1e15: organizations.append((key, String(Int64(number))))
    default: drops.count(key)
    }
  }

  private static func kept(_ value: OTLPValue, _ kind: ModelAttribute.Kind, _ bytes: UnsafeRawBufferPointer) -> Value? {
    switch (kind, value) {
    case (.number, .number(let number)): return number.isFinite ? .number(number) : nil
    case (.flag, .flag(let flag)): return .flag(flag)
    case (.word, .text(let text)):
      return text.string(in: bytes, limit: 64).flatMap { ModelAttribute.isWord($0) ? .text($0) : nil }
    case (.words, .texts(let texts)):
      var words: [String] = []
      for text in texts {
        guard let word = text.string(in: bytes, limit: 64), ModelAttribute.isWord(word) else { return nil }
        words.append(word)
      }
      return .words(words)
    case (.oneOf(let allowed), .text(let text)):
      return text.string(in: bytes, limit: 64).flatMap { allowed.contains($0.lowercased()) ? .text($0.lowercased()) : nil }
    case (.model, .text(let text)), (.identifier, .text(let text)), (.subject, .text(let text)):
      return text.string(in: bytes, limit: 255).flatMap { $0.isEmpty ? nil : .text($0) }
    default: return nil
    }
  }

  /// The event that it becomes.
  func eventName(of record: String?) -> String {
    if record == "gen_ai.evaluation.result" { return "Model Evaluation" }
    guard case .text(let operation)? = values["gen_ai.operation.name"] else { return "Model Call" }
    switch operation {
    case "execute_tool": return "Tool Call"
    case "invoke_agent", "create_agent", "invoke_workflow": return "Agent Call"
    default: return "Model Call"
    }
  }

  /// The same span sent again is the same event, and so is the log record about it. Nil without ids.
  var insertID: String? {
    guard !traceID.isEmpty, !spanID.isEmpty else { return nil }
    let digest = SHA256.hash(data: traceID + spanID)
    return digest.prefix(16).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }

  var properties: [Property] {
    var properties = values.sorted { $0.key < $1.key }.map { name, value in
      switch value {
      case .text(let text): Property(name, .string(text))
      case .words(let words): Property(name, .list(words.map { .string($0) }))
      case .number(let number): Property(name, .number(number))
      case .flag(let flag): Property(name, .boolean(flag))
      }
    }
    if let end, end >= start { properties.append(Property("latency_ms", .number(((end - start) * 1000).rounded() / 1000))) }
    if let status { properties.append(Property("otel.status_code", .string(status))) }
    for (key, id) in organizations { properties.append(Property(key, .string(id))) }
    return properties
  }
}

extension ModelCall: Silent {
  var description: String { "<model call>" }
}

/// Attributes that were not kept, by name where that is a known one: never with a value.
struct OTLPDrops: Sendable {
  private(set) var counts: [String: Int] = [:]
  mutating func count(_ name: String) { counts[name, default: 0] += 1 }
}
