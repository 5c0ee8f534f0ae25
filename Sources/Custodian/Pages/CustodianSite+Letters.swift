internal import Events
internal import Foundation
internal import Hummingbird
internal import Ledger
internal import Notices
internal import Vault
internal import Web

/// Writing the letters to the people of a statement: what is filled in, what it looks like, and what is wrong with it.
extension CustodianSite {
  private typealias Place = LetterTemplate.CommonPlace

  /// What is the same in every language.
  private static let shared: [Place] = [.company, .contact]
  private static let own: [Place] = [.whatHappened, .notInvolved, .whenWeKnew, .whatWeDid, .rotateKeys, .nextUpdate]

  private static func label(_ place: Place) -> (String, String) {
    switch place {
    case .caseNumber: ("Case", "")
    case .company: ("Company", "As your customers know it.")
    case .contact: ("Whom to ask", "An address or a telephone number that people find elsewhere too. No link.")
    case .whatHappened: ("What happened, and when", "In plain words, for somebody who knows nothing of it.")
    case .notInvolved: ("What was not involved", "Only what is proven.")
    case .whenWeKnew: ("Since when you know, and why not earlier", "Say the delay and its reason.")
    case .whatWeDid: ("What you did", "What is contained, and since when.")
    case .rotateKeys: ("Whether keys should be replaced", "Say plainly whether you recommend it, and why. It is the third item of a list.")
    case .nextUpdate: ("When there is more to say", "A date.")
    }
  }

  func lettersPage(_ request: Request, _ digest: [UInt8]) async throws -> Response {
    let visitor = try required(request)
    let (stored, kinds) = try lettersOf(digest)
    var draft = LetterDraft(values: [:])
    // What is known already, as a first draft of it.
    let incident = try? await approvals.connection.scopedIncidents().first {
      $0.project == stored.scope.project.rawValue && $0.incident == stored.scope.incident
    }
    for language in Set(kinds.keys.map(\.language)) {
      var values: [Place: String] = [.company: mail?.fromName ?? ""]
      if language == .en, let incident { values[.whatHappened] = incident.sentence }
      draft.values[language] = values
    }
    return .html(frame("Notices", try form(stored, kinds, draft, visitor, isShown: false), visitor: visitor))
  }

  private func lettersOf(_ digest: [UInt8]) throws -> (StoredStatement, [LetterKind: Int]) {
    guard let stored = try approvals.store.statement(digest) else { throw ApprovalError.noSuchRequest }
    guard stored.state == .witnessed else {
      throw ApprovalError.badInput("This statement is not in the ledger yet: nobody is told before it is.")
    }
    return (stored, try approvals.store.recipients(of: digest))
  }

  func takeLetters(_ request: Request, _ digest: [UInt8]) async throws -> Response {
    let (visitor, fields) = try await form(request)
    let (stored, kinds) = try lettersOf(digest)
    let draft = Self.draft(fields, kinds)
    guard fields.text("act") == "write" else {
      return .html(
        frame("Notices", try form(stored, kinds, draft, visitor, isShown: true, purpose: fields.text("purpose")), visitor: visitor))
    }
    let written = try approvals.writeLetters(
      draft, of: digest, mode: mail == nil ? .files : .smtp, purpose: fields.text("purpose"), by: visitor.approver)
    return .seeOther(Address("/requests/\(written.digest.hexadecimal)"))
  }

  private static func draft(_ fields: FormFields, _ kinds: [LetterKind: Int]) -> LetterDraft {
    var draft = LetterDraft(values: [:])
    func lines(_ text: String) -> String { text.replacing("\r\n", with: "\n") }
    for language in Set(kinds.keys.map(\.language)) {
      var values: [Place: String] = [:]
      for place in shared { values[place] = fields.text(place.rawValue) }
      for place in own { values[place] = lines(fields.text("\(place.rawValue).\(language.rawValue)")) }
      draft.values[language] = values
    }
    for kind in kinds.keys {
      let (subject, body) = (fields.text("subject.\(kind.text)"), lines(fields.text("body.\(kind.text)")))
      if !subject.isEmpty, !body.isEmpty { draft.templates[kind] = LetterTemplate(kind, subject: subject, body: body) }
    }
    return draft
  }

  private func form(
    _ stored: StoredStatement, _ kinds: [LetterKind: Int], _ draft: LetterDraft, _ visitor: Visitor, isShown: Bool, purpose: String = ""
  ) throws -> HTML {
    let languages = Set(kinds.keys.map(\.language)).sorted { $0.rawValue < $1.rawValue }
    let letters = draft.letters(kinds.keys, caseNumber: stored.statement?.caseNumber ?? "")
    let faults = letters.flatMap { LetterCheck.faults(of: $0) }
    let shared = Self.shared.map { Self.field($0, $0.rawValue, draft.values[languages.first ?? .en]?[$0] ?? "", isLong: false) }
    let own = languages.map { language -> HTML in
      let fields = Self.own.map { place in
        Self.field(place, "\(place.rawValue).\(language.rawValue)", draft.values[language]?[place] ?? "", isLong: place != .nextUpdate)
      }
      return "<fieldset><legend>In \(language.name)</legend>\(fields)</fieldset>"
    }
    let templates = kinds.keys.sorted().map { kind -> HTML in
      let template = draft.templates[kind] ?? LetterTemplate.standard[kind] ?? LetterTemplate(kind, subject: "", body: "")
      return """
        <h3>\(Wording.audience(kind.audience)), \(kind.language.name)</h3>\
        <label class="field"><span>Subject</span><input type="text" name="subject.\(value: kind.text)" value="\(value: template.subject)" maxlength="\(value: String(LetterCheck.longestSubject))"></label>\
        <label class="field"><span>Text</span><textarea name="body.\(value: kind.text)" rows="16">\(template.body)</textarea></label>
        """
    }
    let preview: HTML? = isShown ? self.preview(letters, kinds, faults) : nil
    let write: HTML? =
      isShown && faults.isEmpty
      ? """
      <label class="field"><span>What for</span><input type="text" name="purpose" value="\(value: purpose)" minlength="10" maxlength="\(value: String(CustodianRequest.longestPurpose))">\
      <small>The others decide by this sentence, and by the letters above.</small></label><button class="primary" name="act" value="write">Write the request</button>
      """ as HTML : nil
    return """
      <h1>Letters about case \(stored.statement?.caseNumber ?? "")</h1><p>\(stored.scope.title)</p>\
      <div class="notice"><p>\(mail == nil ? "No relay is set: letters are written to files, and nobody gets any. See <code>sealane-custodian mail</code>." as HTML : "They leave by the relay <code>\(mail?.host ?? "")</code>, from <code>\(mail?.from ?? "")</code>." as HTML)</p></div>\
      <section class="panel">\(countTable(kinds))\(try cautions(stored))</section>\
      <form method="post" action="/notices/\(stored.request.hexadecimal)/letters" id="draft">\(visitor.formToken)\
      <section class="panel"><h2>What they say</h2>\(shared)\(own)<details><summary>The templates</summary><p class="note">Words in double braces are filled in: \
      those above once, <code>{{fields}}</code>, <code>{{people}}</code>, <code>{{organization}}</code> and <code>{{check_code}}</code> for each recipient.</p>\(templates)</details>\
      <button name="act" value="preview">Show the letters</button></section>\(preview)\(write.map { "<section class=\"panel\">\($0)</section>" as HTML })</form>
      """
  }

  private static func field(_ place: Place, _ name: String, _ value: String, isLong: Bool) -> HTML {
    let (label, help) = label(place)
    let input: HTML =
      isLong
      ? "<textarea name=\"\(value: name)\" rows=\"3\">\(value)</textarea>"
      : "<input type=\"text\" name=\"\(value: name)\" value=\"\(value: value)\" maxlength=\"300\">"
    return "<label class=\"field\"><span>\(label)</span>\(input)<small>\(help)</small></label>"
  }

  // MARK: What they look like

  private func preview(_ letters: [LetterTemplate], _ kinds: [LetterKind: Int], _ faults: [LetterCheck.Fault]) -> HTML {
    let list: HTML =
      faults.isEmpty
      ? "<div class=\"notice\"><p>Nothing is missing, and nothing stands in them that a lure would have. Read them as somebody who gets one.</p></div>"
      : "<div class=\"notice danger\" id=\"faults\"><ul>\(faults.map { "<li>\($0.description)</li>" as HTML })</ul></div>"
    return
      "<section class=\"panel\" id=\"preview\"><h2>As they are read</h2>\(list)\(letters.map { Self.shown($0, kinds[$0.kind]) })</section>"
  }

  /// One letter with its recipients' own places marked; nobody's data stand in it.
  static func shown(_ letter: LetterTemplate, _ count: Int?) -> HTML {
    let recipients: HTML? = count.map { ", \(NumberFormat.count($0, "recipient"))" }
    return """
      <article class="letter"><h3>\(Wording.audience(letter.kind.audience)), \(letter.kind.language.name)\(recipients)</h3>\
      <p><strong>\(marked(letter.subject))</strong></p><pre class="letter">\(marked(letter.body))</pre></article>
      """
  }

  private static func marked(_ text: String) -> HTML {
    var parts: [HTML] = []
    var rest = text[...]
    while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
      parts.append("\(String(rest[..<open.lowerBound]))<mark>\(meaning(String(rest[open.upperBound..<close.lowerBound])))</mark>")
      rest = rest[close.upperBound...]
    }
    parts.append("\(String(rest))")
    return parts.joined()
  }

  private static func meaning(_ name: String) -> String {
    switch LetterTemplate.OwnPlace(rawValue: name) {
    case .fields: "which of this person’s data"
    case .checkCode: "a code of this message"
    case .people: "a line for each of the organization’s people: address, and which data"
    case .organization: "the organization"
    case nil: "{{\(name)}}"
    }
  }

  /// The texts that a request to notify is about, for whoever decides on it.
  func letters(_ stored: StoredRequest) throws -> HTML? {
    guard case .notify(let order) = stored.request.wish else { return nil }
    let letters = try approvals.store.letters(of: stored.request.digest, order)
    let statement = try approvals.store.statements().first { $0.digest == order.statement }
    let shown = letters.keys.sorted().compactMap { kind in letters[kind].map { Self.shown($0, order.recipients[kind]) } }
    return """
      <section class="panel" id="letters"><h2>The letters</h2>\(try statement.flatMap { try cautions($0) })\(shown)</section>
      """
  }
}
